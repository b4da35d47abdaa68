-- migrate:up
-- What is kept has an end: appointments that name nobody any more, who may delete, and seals that make the trail of who
-- did what tell if it was changed. Which table ends when stands in telemed/audit/retention.py.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

-- An appointment is not deleted, because figures without persons are made of it. It forgets instead, and the check says
-- what: after it nobody can be found in it, not even by somebody who knows their name and the installation's secret.
ALTER TABLE appointment
    ADD COLUMN forgotten timestamptz,
    DROP CONSTRAINT appointment_check2,
    ADD CONSTRAINT appointment_names CHECK (
        forgotten IS NOT NULL OR status NOT IN ('booked', 'arrived', 'fulfilled', 'noshow')
        OR num_nulls(patient_name, birth_date, patient_key, code_digest) = 0),
    ADD CONSTRAINT appointment_forgotten CHECK (forgotten IS NULL OR (
        num_nonnulls(patient_name, birth_date, patient_key, code_digest, email, phone, carer_name, booked_by, assistant,
                     consent_version, consented, admitted, follow_up_of, idempotency_key, idempotency_digest) = 0
        AND coalesce(override_reason, '') = ''));
CREATE INDEX appointment_to_forget ON appointment (upper(during)) WHERE forgotten IS NULL;
CREATE INDEX appointment_unnamed ON appointment (changed) WHERE patient_name IS NULL AND forgotten IS NULL;

-- Nobody but the worker deletes, whatever else a policy allows them.
CREATE POLICY appointment_purge ON appointment AS RESTRICTIVE FOR DELETE USING (caller_role() = 'system');
CREATE POLICY attendance_purge ON attendance AS RESTRICTIVE FOR DELETE USING (caller_role() = 'system');
CREATE POLICY seating_purge ON seating AS RESTRICTIVE FOR DELETE USING (caller_role() = 'system');
GRANT DELETE ON appointment, attendance, seating TO telemed_app;

-- The seals of the trail. Each says how many rows there were up to an id, in two kinds that end at different times, with a
-- digest of each kind and one of it all with the seal before. The digests are keyed by the installation's secret
-- (telemed/audit/trail.py), so whoever has the database alone cannot make a seal that fits.
CREATE TABLE seal (
    number bigint PRIMARY KEY CHECK (number > 0),
    first bigint NOT NULL,
    last bigint NOT NULL CHECK (last >= first),     -- of the audit rows' ids; the next seal begins after it
    at timestamptz NOT NULL,
    kept integer NOT NULL,                          -- rows that are kept long,
    kept_since timestamptz,                         -- the day of the earliest (UTC),
    kept_digest bytea NOT NULL,
    brief integer NOT NULL,                         -- and connection metadata
    brief_since timestamptz,
    brief_digest bytea NOT NULL,
    digest bytea NOT NULL
);
COMMENT ON TABLE seal IS 'What the trail was: numbers and digests, no ids of persons. Append only. Retention: kept.';
GRANT SELECT, INSERT ON seal TO telemed_app;

-- Of the trail, what says when somebody was let in and when it ended is connection metadata (V-04).
CREATE FUNCTION of_connection(verb text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT verb LIKE 'seat.%' OR verb LIKE 'consultation.%' $$;
CREATE INDEX audit_brief ON audit (id) WHERE of_connection(verb);

-- Takes old rows off the trail, the one way there is. What is not sealed stays, and so does, whatever settings or a stolen
-- login say, a week of connections and a year of everything else. Those are found by their seals, because nothing else
-- says how far back a moment lies without reading three years.
CREATE FUNCTION forget_audit(are_brief boolean, before timestamptz, many bigint) RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ DECLARE
        until timestamptz := least(before, now() - CASE WHEN are_brief THEN interval '7 days' ELSE interval '1 year' END);
        gone integer;
    BEGIN
        IF are_brief THEN
            DELETE FROM audit WHERE id IN (
                SELECT id FROM audit
                WHERE of_connection(verb) AND at < until AND id <= (SELECT max(last) FROM seal)
                ORDER BY id LIMIT many FOR UPDATE SKIP LOCKED);
        ELSE
            DELETE FROM audit WHERE id IN (
                SELECT id FROM audit
                WHERE NOT of_connection(verb) AND id <= (SELECT max(last) FROM seal WHERE seal.at < until)
                ORDER BY id LIMIT many FOR UPDATE SKIP LOCKED);
        END IF;
        GET DIAGNOSTICS gone = ROW_COUNT;
        RETURN gone;
    END $$;
REVOKE EXECUTE ON FUNCTION forget_audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_audit TO telemed_app;

-- How often the practice has put the address right: a message to another address is another one, for the servers that
-- would take it for a repeat by its id.
ALTER TABLE notice ADD COLUMN corrected smallint NOT NULL DEFAULT 0;

COMMENT ON TABLE appointment IS 'A hold or a booked time, with the little that is known of the patient (B-02). '
    'Retention: a hold two days; names and contact 90 days after its end; then kept, naming nobody.';
COMMENT ON TABLE audit IS 'Who did what; no names, only ids. Append only. Retention: 3 years; who was let in when, 90 days (V-04).';
COMMENT ON TABLE assessment IS 'Whether a practice knows a patient or has assessed them on the telephone; the result only, '
    'never what was said (B-02). Retention: name and number until the result, at most 30 days; the result two years.';
COMMENT ON TABLE busy IS 'When a practitioner''s own calendar says they are busy: times, never titles or names. '
    'Retention: two days after its end, or until the calendar says otherwise.';
COMMENT ON TABLE closure IS 'Time off. Retention: 90 days after its end; of every year, kept.';
COMMENT ON TABLE pgqueuer IS 'Jobs that wait or run; a payload is an id, never a name. Retention: until done; given up, 30 days.';
COMMENT ON TABLE refresh_token IS 'A login that can be renewed. Retention: two days after it expires.';
COMMENT ON TABLE signing_key IS 'Names of the Ed25519 keys behind the JWKS. Retention: two days after retirement.';
COMMENT ON TABLE waitlist_entry IS 'Who waits for an earlier time, and which times would suit; names a person, no reason (B-02). '
    'Retention: ends after a year at the latest; 30 days after it ends.';
COMMENT ON TABLE worker IS 'Running workers and when each was seen last. Retention: two days.';

-- migrate:down
SELECT 'forward only';
