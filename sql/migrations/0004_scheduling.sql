-- migrate:up
-- Rules become openings, openings minus reservations are slots, and the four exclusion constraints are the promise
-- "no double booking, ever".
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE rule (
    id uuid PRIMARY KEY,
    practitioner uuid NOT NULL REFERENCES practitioner,
    weekdays smallint[] NOT NULL CHECK (weekdays <@ '{1,2,3,4,5,6,7}' AND cardinality(weekdays) > 0),  -- ISO 8601
    start_time time NOT NULL,               -- local wall clock
    end_time time NOT NULL,                 -- not after start_time: ends on the next day; equal: 24 hours
    zone text NOT NULL,                     -- IANA
    every_weeks smallint NOT NULL DEFAULT 1 CHECK (every_weeks BETWEEN 1 AND 52),
    from_date date NOT NULL,
    until_date date,                        -- inclusive
    on_holidays boolean NOT NULL DEFAULT false,     -- also on the public holidays of the site's state
    CHECK (until_date IS NULL OR until_date >= from_date)
);
CREATE INDEX rule_practitioner ON rule (practitioner);
COMMENT ON TABLE rule IS 'A recurring opening in local time with its IANA zone. Retention: kept.';

CREATE TABLE closure (
    id uuid PRIMARY KEY,
    practitioner uuid NOT NULL REFERENCES practitioner,
    during tstzrange NOT NULL CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)),
    note text NOT NULL DEFAULT ''
);
CREATE INDEX closure_practitioner ON closure (practitioner);
COMMENT ON TABLE closure IS 'Time off. Retention: kept.';

CREATE TABLE opening (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practitioner uuid NOT NULL REFERENCES practitioner,
    during tstzrange NOT NULL CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)),
    EXCLUDE USING gist (practitioner WITH =, during WITH &&)
);
CREATE INDEX opening_in_order ON opening (practitioner, lower(during));     -- the search reads them day by day
COMMENT ON TABLE opening IS 'A concrete bookable time, made from rules and closures. Retention: a day after its end.';

CREATE TABLE appointment (
    id uuid PRIMARY KEY,
    practitioner uuid NOT NULL REFERENCES practitioner,
    service uuid NOT NULL REFERENCES service,
    site uuid NOT NULL REFERENCES site,             -- the practice
    station uuid REFERENCES station,
    station_site uuid REFERENCES site,              -- the pharmacy or hub of the station
    assistant uuid REFERENCES person,               -- sits beside the patient, if already known
    mode text NOT NULL CHECK (mode IN ('video', 'assisted', 'in_person')),
    status text NOT NULL CHECK (status IN
        ('held', 'booked', 'arrived', 'fulfilled', 'cancelled', 'noshow', 'expired')),
    during tstzrange NOT NULL,                      -- what the patient is told
    reserved tstzrange NOT NULL,                    -- with the service's buffers; empty: beside others (override_reason)
    expires timestamptz,                            -- end of a hold; -infinity: a claim (see below)
    extended boolean NOT NULL DEFAULT false,
    code_digest bytea UNIQUE,                       -- HMAC of the appointment code
    epoch integer NOT NULL DEFAULT 1,               -- raised by cancel, move, end, withdrawal: older tickets are void
    patient_name text,
    birth_date date,
    patient_key bytea,                              -- HMAC of name and birth date: the same person twice at one time
    email text,
    phone text,                                     -- E.164
    language text NOT NULL DEFAULT 'de' CHECK (language IN ('de', 'en')),
    booked_by uuid REFERENCES person,               -- who booked for the patient, if somebody with a login did
    idempotency_key text UNIQUE,                    -- of the request that made the present state: hold, then book
    idempotency_digest bytea,                       -- of that request's caller and body
    override_reason text,                           -- why staff put it beside another one on purpose
    cancelled_by text CHECK (cancelled_by IN ('patient', 'practice', 'site')),
    consent_version text,
    consented timestamptz,
    admitted timestamptz,                           -- survives a restart of the server: the call goes on
    created timestamptz NOT NULL DEFAULT now(),
    changed timestamptz NOT NULL DEFAULT now(),
    CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)),
    CHECK (reserved @> during OR expires = '-infinity' OR (isempty(reserved) AND override_reason IS NOT NULL)),
    CHECK (status <> 'held' OR expires IS NOT NULL),
    CHECK (status NOT IN ('booked', 'arrived', 'fulfilled', 'noshow')
           OR num_nulls(patient_name, birth_date, patient_key, code_digest) = 0),
    CHECK ((station IS NULL) = (station_site IS NULL)),
    CHECK ((mode = 'assisted') = (station IS NOT NULL)),
    CHECK ((consent_version IS NULL) = (consented IS NULL)),
    CHECK ((idempotency_key IS NULL) = (idempotency_digest IS NULL)),
    CONSTRAINT practitioner_taken EXCLUDE USING gist (practitioner WITH =, reserved WITH &&)
        WHERE (status IN ('held', 'booked', 'arrived', 'fulfilled')),
    CONSTRAINT station_taken EXCLUDE USING gist (station WITH =, during WITH &&)
        WHERE (status IN ('held', 'booked', 'arrived', 'fulfilled')),
    CONSTRAINT assistant_taken EXCLUDE USING gist (assistant WITH =, during WITH &&)
        WHERE (status IN ('held', 'booked', 'arrived', 'fulfilled')),
    CONSTRAINT patient_taken EXCLUDE USING gist (patient_key WITH =, during WITH &&)
        WHERE (status IN ('held', 'booked', 'arrived', 'fulfilled'))
);
CREATE INDEX appointment_site_day ON appointment (site, lower(during));
CREATE INDEX appointment_station_site_day ON appointment (station_site, lower(during)) WHERE station_site IS NOT NULL;
CREATE INDEX appointment_expires ON appointment (expires) WHERE status = 'held';
COMMENT ON TABLE appointment IS 'A hold or a booked time, with the little that is known of the patient (B-02). '
    'Retention: names and contact 90 days after its end.';

CREATE TABLE attendance (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    appointment uuid NOT NULL REFERENCES appointment ON DELETE CASCADE,
    seat text NOT NULL CHECK (seat IN ('patient', 'practitioner', 'assistant')),
    joined timestamptz NOT NULL DEFAULT now(),
    "left" timestamptz
);
CREATE INDEX attendance_appointment ON attendance (appointment);
COMMENT ON TABLE attendance IS 'Who sat where and when: connection metadata. Retention: at most 90 days (V-04).';

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    role text NOT NULL,
    person uuid,
    site uuid,
    verb text NOT NULL,
    appointment uuid,
    detail text NOT NULL DEFAULT ''
);
CREATE INDEX audit_site ON audit (site, at);
COMMENT ON TABLE audit IS 'Who did what; no names, only ids. Append only. Retention: 3 years.';

-- How a time is won. Four rules keep two writers from ever waiting for each other in a circle:
-- 1. New time is taken by INSERT … ON CONFLICT DO NOTHING only. It waits for a rival before it has written anything,
--    and gives its row up again when it meets a rival half-way. A plain INSERT or UPDATE writes first and then waits:
--    two of them for one time wait for each other.
-- 2. A plain UPDATE of an active row takes no new time: what its new version covers was covered by its old version or
--    by a claim of the same transaction. So nobody else can have a version in the way, and it never waits for one.
-- 3. In a transaction that takes time, the taking is the first write, and there is only one.
-- 4. Expired holds are freed in a transaction of their own: freeing is writing, and would break rule 3.

-- What a wish would reserve, if its start is a slot: inside an opening, on its grid, within notice and horizon, in a mode
-- the service offers, at a station in use exactly if assisted. No row: it is not a slot. Whether it is free is not asked.
CREATE FUNCTION slot(for_service uuid, start timestamptz, in_mode text, at_station uuid, at timestamptz)
    RETURNS TABLE (service uuid, practitioner uuid, site uuid, station uuid, station_site uuid, during tstzrange, reserved tstzrange)
    LANGUAGE sql STABLE
    AS $$ SELECT s.id, p.id, p.site, station.id, station.site, tstzrange(start, start + s.duration),
            tstzrange(start - s.buffer_before, start + s.duration + s.buffer_after)
        FROM service s
        JOIN practitioner p ON p.id = s.practitioner
        JOIN site ON site.id = p.site
        LEFT JOIN station ON station.id = at_station AND station.active
        WHERE s.id = for_service AND s.active AND p.active AND site.active
          AND in_mode = ANY (s.modes) AND (in_mode = 'assisted') = (station.id IS NOT NULL)
          AND start >= at + s.notice AND start < at + s.horizon
          AND EXISTS (SELECT FROM opening o
              WHERE o.practitioner = p.id AND o.during @> tstzrange(start, start + s.duration)
                AND mod(extract(epoch FROM start - lower(o.during)), extract(epoch FROM s.grid)) = 0) $$;

-- The free starts of each service in [earliest, latest), at most `each`, in order. With the owner's rights, because
-- a patient who searches must not see any appointment; instants are all that comes back. What is reserved is gathered
-- per opening and openings come in order, so that a search for the first free start stops at the first that has one.
CREATE FUNCTION free_starts(for_services uuid[], for_station uuid, for_assistant uuid, for_patient bytea,
                            earliest timestamptz, latest timestamptz, at timestamptz, each integer)
    RETURNS TABLE (service uuid, start timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT s.id, free.start
        FROM unnest(for_services) AS wanted (id)
        JOIN service s ON s.id = wanted.id AND s.active
        JOIN practitioner p ON p.id = s.practitioner AND p.active
        JOIN site ON site.id = p.site AND site.active
        CROSS JOIN LATERAL (SELECT greatest(earliest, at + s.notice) AS since, least(latest, at + s.horizon) AS until) AS reach
        CROSS JOIN LATERAL (
            SELECT candidate.start
            FROM opening o
            CROSS JOIN LATERAL (
                SELECT coalesce(range_agg(a.reserved), '{}') AS times FROM appointment a
                WHERE a.practitioner = o.practitioner
                  AND a.reserved && tstzrange(lower(o.during) - s.buffer_before, upper(o.during) + s.buffer_after)
                  AND a.status IN ('held', 'booked', 'arrived', 'fulfilled') AND (a.status <> 'held' OR a.expires > at)
            ) AS busy
            CROSS JOIN LATERAL (
                SELECT coalesce(range_agg(a.during), '{}') AS times FROM appointment a
                WHERE (a.station = for_station OR a.assistant = for_assistant OR a.patient_key = for_patient)
                  AND a.during && o.during
                  AND a.status IN ('held', 'booked', 'arrived', 'fulfilled') AND (a.status <> 'held' OR a.expires > at)
            ) AS others_busy
            CROSS JOIN LATERAL generate_series(
                lower(o.during) + s.grid * greatest(0, ceil(
                    extract(epoch FROM reach.since - lower(o.during)) / extract(epoch FROM s.grid))::double precision),
                upper(o.during) - s.duration, s.grid) AS candidate (start)
            WHERE o.practitioner = s.practitioner AND lower(o.during) < reach.until AND upper(o.during) > reach.since
              AND candidate.start < reach.until
              AND NOT busy.times && tstzrange(candidate.start - s.buffer_before, candidate.start + s.duration + s.buffer_after)
              AND NOT others_busy.times && tstzrange(candidate.start, candidate.start + s.duration)
            ORDER BY lower(o.during), candidate.start
            LIMIT each
        ) AS free $$;

-- Who stands in the way of a time that was not won: which resource, and whether it is only a hold that has expired.
CREATE FUNCTION blockers(for_practitioner uuid, its_reserved tstzrange, for_station uuid, for_assistant uuid,
                         for_patient bytea, its_during tstzrange, except_appointment uuid, at timestamptz)
    RETURNS TABLE (resource text, stale boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT found.resource, found.status = 'held' AND found.expires <= at
        FROM (SELECT 'practitioner' AS resource, id, status, expires FROM appointment
              WHERE practitioner = for_practitioner AND reserved && its_reserved
                AND status IN ('held', 'booked', 'arrived', 'fulfilled')
              UNION ALL
              SELECT 'station', id, status, expires FROM appointment
              WHERE station = for_station AND during && its_during AND status IN ('held', 'booked', 'arrived', 'fulfilled')
              UNION ALL
              SELECT 'assistant', id, status, expires FROM appointment
              WHERE assistant = for_assistant AND during && its_during AND status IN ('held', 'booked', 'arrived', 'fulfilled')
              UNION ALL
              SELECT 'patient', id, status, expires FROM appointment
              WHERE patient_key = for_patient AND during && its_during AND status IN ('held', 'booked', 'arrived', 'fulfilled')
             ) AS found
        WHERE found.id IS DISTINCT FROM except_appointment $$;

-- Expired holds never block: whoever wants their time frees them first, in a transaction of its own (rule 4).
-- SKIP LOCKED: a rival is already freeing that one, or its holder is booking it this very moment.
CREATE FUNCTION free_expired_holds(for_practitioner uuid, for_station uuid, within tstzrange, at timestamptz) RETURNS integer
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ WITH stale AS (
            SELECT id FROM appointment
            WHERE status = 'held' AND expires <= at
              AND (practitioner = for_practitioner AND reserved && within OR station = for_station AND during && within)
            FOR UPDATE SKIP LOCKED),
          freed AS (UPDATE appointment SET status = 'expired', changed = at FROM stale
                    WHERE appointment.id = stale.id RETURNING 1)
          SELECT count(*)::integer FROM freed $$;

-- Wins the time that an existing appointment is about to take, for the rest of this transaction: false if it is not
-- free. Where new_during is the old one, only the patient is new to it (a hold is being booked). The row is gone at
-- once, but rivals go on waiting for this transaction, because to them a row inserted by a transaction under way is
-- there, deleted or not (HeapTupleSatisfiesDirty). Were that ever to change, the UPDATE that follows would meet the
-- rival as an exclusion violation: still never a double booking.
CREATE FUNCTION claim(of_appointment appointment, new_reserved tstzrange, new_during tstzrange, new_patient bytea,
                      key text, digest bytea) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ DECLARE
        claimed uuid;
        moves boolean := new_during <> of_appointment.during;
    BEGIN
        INSERT INTO appointment (id, practitioner, service, site, station, station_site, assistant, mode, status, expires,
                                 reserved, during, patient_key, idempotency_key, idempotency_digest)
        VALUES (gen_random_uuid(), of_appointment.practitioner, of_appointment.service, of_appointment.site,
                CASE WHEN moves THEN of_appointment.station END, CASE WHEN moves THEN of_appointment.station_site END,
                CASE WHEN moves THEN of_appointment.assistant END, CASE WHEN moves THEN of_appointment.mode ELSE 'video' END,
                'held', '-infinity', new_reserved, new_during, new_patient, key, digest)
        ON CONFLICT DO NOTHING RETURNING id INTO claimed;
        DELETE FROM appointment WHERE id = claimed;
        RETURN claimed IS NOT NULL;
    END $$;

-- An appointment's two ranges if it started then, the same length. Lengths within a day, never `shift by days`, which
-- would follow the session's zone across a clock change.
CREATE FUNCTION moved_to(a appointment, start timestamptz, OUT during tstzrange, OUT reserved tstzrange)
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT tstzrange(start, start + (upper(a.during) - lower(a.during))),
        CASE WHEN isempty(a.reserved) THEN a.reserved ELSE tstzrange(
            start - (lower(a.during) - lower(a.reserved)), start + (upper(a.reserved) - lower(a.during))) END $$;

-- The appointment behind a code, and the one a request has already made. Keys to one row each, so they may be asked
-- by anybody who has the code or the key.
CREATE FUNCTION appointment_by_code(digest bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT id FROM appointment WHERE code_digest = digest $$;
CREATE FUNCTION appointment_by_key(key text, OUT id uuid, OUT digest bytea) RETURNS SETOF record
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT a.id, a.idempotency_digest FROM appointment a WHERE a.idempotency_key = key $$;

-- An appointment as it is shown to those who may see it: with the doctor's name (B-01), without digests.
CREATE FUNCTION shown(a appointment) RETURNS TABLE (
        id uuid, status text, mode text, start timestamptz, "end" timestamptz, expires timestamptz, extended boolean,
        service uuid, service_name_de text, service_name_en text,
        practitioner uuid, practitioner_title text, practitioner_name text, specialty text,
        site uuid, site_name text, site_town text, site_phone text, zone text,
        station uuid, station_name text, station_site uuid, assistant uuid,
        patient_name text, birth_date date, email text, phone text, language text, booked_by uuid,
        cancelled_by text, consent_version text, consented timestamptz, admitted timestamptz,
        epoch integer, created timestamptz, changed timestamptz)
    LANGUAGE sql STABLE
    AS $$ SELECT a.id, a.status, a.mode, lower(a.during), upper(a.during), a.expires, a.extended,
            s.id, s.name_de, s.name_en, p.id, p.title, p.name, p.specialty,
            site.id, site.name, site.town, site.phone, site.zone,
            a.station, station.name, a.station_site, a.assistant,
            a.patient_name, a.birth_date, a.email, a.phone, a.language, a.booked_by,
            a.cancelled_by, a.consent_version, a.consented, a.admitted, a.epoch, a.created, a.changed
        FROM service s
        JOIN practitioner p ON p.id = a.practitioner
        JOIN site ON site.id = a.site
        LEFT JOIN station ON station.id = a.station
        WHERE s.id = a.service $$;

-- Walls. A practice sees its own appointments, a pharmacy what takes place or was booked at its site, a guest the one
-- whose code (or hold) they hold.
ALTER TABLE appointment ENABLE ROW LEVEL SECURITY;
CREATE POLICY appointment_guest ON appointment FOR ALL USING (
    caller_role() IN ('guest', 'anonymous') AND id = caller_appointment());
CREATE POLICY appointment_practice ON appointment FOR ALL USING (
    caller_role() IN ('practitioner', 'staff') AND site = caller_site());
CREATE POLICY appointment_assistant ON appointment FOR ALL USING (
    caller_role() = 'assistant'
    AND (station_site = caller_site() OR id = caller_appointment()));
CREATE POLICY appointment_system ON appointment FOR ALL USING (caller_role() = 'system');

ALTER TABLE attendance ENABLE ROW LEVEL SECURITY;
CREATE POLICY attendance_of_appointment ON attendance FOR ALL USING (
    EXISTS (SELECT FROM appointment WHERE appointment.id = attendance.appointment));

ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_write ON audit FOR INSERT WITH CHECK (caller_role() IS NOT NULL);
CREATE POLICY audit_read ON audit FOR SELECT USING (
    caller_role() = 'system' OR (caller_role() IN ('practitioner', 'staff') AND site = caller_site()));

ALTER TABLE closure ENABLE ROW LEVEL SECURITY;
CREATE POLICY closure_own ON closure FOR ALL USING (
    caller_role() = 'system' OR (caller_role() IN ('practitioner', 'staff') AND EXISTS (
        SELECT FROM practitioner WHERE practitioner.id = closure.practitioner AND practitioner.site = caller_site())));

REVOKE EXECUTE ON FUNCTION free_starts, blockers, free_expired_holds, claim, appointment_by_code, appointment_by_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION free_starts, blockers, free_expired_holds, claim, appointment_by_code, appointment_by_key TO telemed_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON rule, closure, opening TO telemed_app;
GRANT SELECT, INSERT, UPDATE ON appointment, attendance TO telemed_app;
GRANT SELECT, INSERT ON audit TO telemed_app;

-- migrate:down
SELECT 'forward only';
