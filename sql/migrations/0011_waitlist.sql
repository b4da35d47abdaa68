-- migrate:up
-- The waiting list: wishes for a time that is not free yet, and a freed time held for one wish after the other.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

-- A guest may have a place on the waiting list beside an appointment, or instead of one.
CREATE FUNCTION caller_entry() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.entry', true), '')::uuid $$;

-- waiting -> booked (an offer was accepted), withdrawn, over (too late, or three offers without a word)
CREATE TABLE waitlist_entry (
    id uuid PRIMARY KEY,
    service uuid NOT NULL REFERENCES service,
    practitioner uuid NOT NULL REFERENCES practitioner,
    site uuid NOT NULL REFERENCES site,             -- the practice
    mode text NOT NULL CHECK (mode IN ('video', 'assisted', 'in_person')),
    station uuid REFERENCES station,
    patient_name text NOT NULL,
    birth_date date NOT NULL,
    patient_key bytea NOT NULL,                     -- as in appointment
    email text,
    phone text,                                     -- E.164
    language text NOT NULL DEFAULT 'de' CHECK (language IN ('de', 'en')),
    carer_name text,
    near boolean NOT NULL,                          -- as in appointment
    weekdays smallint[] CHECK (weekdays <@ '{1,2,3,4,5,6,7}' AND cardinality(weekdays) > 0),  -- ISO 8601; null: any
    since_time time,                                -- on the practice's wall clock, null: any
    until_time time,
    from_date date,
    until_date date,                                -- inclusive
    short_notice interval NOT NULL CHECK (short_notice BETWEEN '15 minutes' AND '14 days'),
    appointment uuid REFERENCES appointment,        -- waiting: one that an offer would bring forward; booked: the one won
    status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'booked', 'withdrawn', 'over')),
    code_digest bytea NOT NULL UNIQUE,
    idempotency_key text UNIQUE,
    idempotency_digest bytea,
    added_by uuid REFERENCES person,
    created timestamptz NOT NULL,
    changed timestamptz NOT NULL,
    CHECK (num_nonnulls(email, phone) > 0),
    CHECK ((mode = 'assisted') = (station IS NOT NULL)),
    CHECK (since_time < until_time),
    CHECK (from_date <= until_date),
    CHECK ((idempotency_key IS NULL) = (idempotency_digest IS NULL))
);
CREATE INDEX waitlist_waiting ON waitlist_entry (practitioner, created) WHERE status = 'waiting';
CREATE INDEX waitlist_site ON waitlist_entry (site, created);
CREATE INDEX waitlist_appointment ON waitlist_entry (appointment) WHERE appointment IS NOT NULL;
COMMENT ON TABLE waitlist_entry IS 'Who waits for an earlier time, and which times would suit; names a person, no reason (B-02). '
    'Retention: 30 days after it ends.';

-- open -> accepted, declined, expired (no answer in time), lost (not to be had any more)
CREATE TABLE offer (
    id uuid PRIMARY KEY,
    entry uuid NOT NULL REFERENCES waitlist_entry ON DELETE CASCADE,
    practitioner uuid NOT NULL REFERENCES practitioner,
    site uuid NOT NULL REFERENCES site,
    appointment uuid NOT NULL UNIQUE REFERENCES appointment,        -- the hold that keeps the time meanwhile
    start timestamptz NOT NULL,
    expires timestamptz NOT NULL,                   -- the hold's own end is a little later, see `offer` in waitlist.sql
    channel text NOT NULL CHECK (channel IN ('email', 'sms', 'phone')),     -- phone: the practice has to call
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'accepted', 'declined', 'expired', 'lost')),
    created timestamptz NOT NULL,
    decided timestamptz,
    UNIQUE (entry, start),
    CHECK ((status = 'open') = (decided IS NULL))
);
CREATE UNIQUE INDEX offer_open ON offer (entry) WHERE status = 'open';
CREATE INDEX offer_practitioner ON offer (practitioner) WHERE status = 'open';
COMMENT ON TABLE offer IS 'A time held for one place on the waiting list. Retention: with its entry.';

-- An entry as it is shown to those who may see it, with its open offer or else the last one.
CREATE FUNCTION shown(e waitlist_entry) RETURNS TABLE (
        id uuid, status text, mode text, service uuid, service_name_de text, service_name_en text, duration interval,
        practitioner uuid, practitioner_title text, practitioner_name text,
        site uuid, site_name text, site_town text, site_phone text, zone text, station uuid, station_name text,
        patient_name text, birth_date date, email text, phone text, language text, carer_name text, near boolean,
        weekdays smallint[], since_time time, until_time time, from_date date, until_date date, short_notice interval,
        appointment uuid, offer uuid, offer_status text, offer_start timestamptz, offer_end timestamptz,
        offer_expires timestamptz, offer_channel text, hold uuid, created timestamptz, changed timestamptz)
    LANGUAGE sql STABLE
    AS $$ SELECT e.id, e.status, e.mode, s.id, s.name_de, s.name_en, s.duration, p.id, p.title, p.name,
            site.id, site.name, site.town, site.phone, site.zone, e.station, station.name,
            e.patient_name, e.birth_date, e.email, e.phone, e.language, e.carer_name, e.near,
            e.weekdays, e.since_time, e.until_time, e.from_date, e.until_date, e.short_notice,
            e.appointment, o.id, o.status, o.start, o.start + s.duration, o.expires, o.channel, o.appointment, e.created, e.changed
        FROM service s
        JOIN practitioner p ON p.id = e.practitioner
        JOIN site ON site.id = e.site
        LEFT JOIN station ON station.id = e.station
        LEFT JOIN LATERAL (SELECT * FROM offer WHERE offer.entry = e.id ORDER BY offer.status = 'open' DESC, created DESC, id DESC
                           LIMIT 1) AS o ON true
        WHERE s.id = e.service $$;

-- Whether somebody comes after those who live near: only where the practice puts them first (B-08).
CREATE FUNCTION comes_later(of_site site, e waitlist_entry) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT of_site.near_minutes IS NOT NULL AND (of_site.near_share > 0 OR of_site.head_start > '0') AND NOT e.near $$;

-- The free starts that an entry wishes for, `each` at most; before the appointment that is to be brought forward.
CREATE FUNCTION suiting(e waitlist_entry, of_site site, at timestamptz, each integer) RETURNS TABLE (start timestamptz)
    LANGUAGE sql STABLE
    AS $$ SELECT found.start FROM free_starts(
            ARRAY[e.service], ARRAY[e.near], e.station, NULL, e.patient_key, e.weekdays, e.since_time, e.until_time,
            greatest(at + e.short_notice, e.from_date::timestamp AT TIME ZONE of_site.zone),
            least((e.until_date + 1)::timestamp AT TIME ZONE of_site.zone,
                  (SELECT lower(a.during) FROM appointment a WHERE a.id = e.appointment), 'infinity'),
            at, each) AS found $$;

-- Something of a doctor's time, or of a station's, has become free: the worker looks who waits for it. With the owner's
-- rights, because whoever cancels must not learn whether somebody waits.
CREATE FUNCTION refill(of_practitioner uuid, of_station uuid DEFAULT NULL) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT enqueue('offer', them.practitioner::text, now(), 'offer ' || them.practitioner)
        FROM (SELECT DISTINCT practitioner FROM waitlist_entry
              WHERE status = 'waiting' AND (practitioner = of_practitioner OR station = of_station)) AS them $$;

-- The notice of an offer, sent like every other; where the practice has to call, its waiting list says so instead.
CREATE FUNCTION tell_offer(o offer) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ WITH written AS (
            INSERT INTO notice (appointment, entry, site, kind, cause, channel, language, start, due, created)
            SELECT o.appointment, o.entry, o.site, 'offer', 'offer ' || o.id, o.channel, e.language, o.start, o.created, o.created
            FROM waitlist_entry e WHERE e.id = o.entry AND o.channel <> 'phone'
            ON CONFLICT (cause, channel) DO NOTHING
            RETURNING id)
        SELECT enqueue('notice', id::text, now(), 'notice ' || id) FROM written $$;

-- Whether an offer could not be sent this way: the next one goes another way, or to somebody else.
CREATE FUNCTION undeliverable(e waitlist_entry, way text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT EXISTS (SELECT FROM notice n JOIN offer o ON o.appointment = n.appointment
                         WHERE o.entry = e.id AND n.channel = way AND n.status = 'dead') $$;

-- Which place on the waiting list a code opens; see appointment_by_code.
CREATE FUNCTION entry_by_code(digest bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT id FROM waitlist_entry WHERE code_digest = digest $$;
CREATE FUNCTION entry_by_key(key text, OUT id uuid, OUT digest bytea) RETURNS SETOF record
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT e.id, e.idempotency_digest FROM waitlist_entry e WHERE e.idempotency_key = key $$;

-- Walls. A practice sees its own list, a guest the place whose code they have, and with it what is held for it.
ALTER TABLE waitlist_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY waitlist_guest ON waitlist_entry FOR ALL USING (
    caller_role() IN ('guest', 'anonymous', 'assistant')
    AND (id = caller_entry() OR caller_role() = 'guest' AND appointment = caller_appointment()));
CREATE POLICY waitlist_practice ON waitlist_entry FOR ALL USING (
    caller_role() IN ('practitioner', 'staff') AND site = caller_site());
CREATE POLICY waitlist_system ON waitlist_entry FOR ALL USING (caller_role() = 'system');

ALTER TABLE offer ENABLE ROW LEVEL SECURITY;
CREATE POLICY offer_guest ON offer FOR ALL USING (
    caller_role() IN ('guest', 'anonymous', 'assistant') AND entry = caller_entry());
CREATE POLICY offer_practice ON offer FOR ALL USING (caller_role() IN ('practitioner', 'staff') AND site = caller_site());
CREATE POLICY offer_system ON offer FOR ALL USING (caller_role() = 'system');

CREATE POLICY appointment_of_entry ON appointment FOR ALL USING (
    caller_role() = 'guest' AND caller_entry() IS NOT NULL AND id IN (
        SELECT e.appointment FROM waitlist_entry e WHERE e.id = caller_entry()
        UNION ALL SELECT o.appointment FROM offer o WHERE o.entry = caller_entry() AND o.status IN ('open', 'accepted')));

REVOKE EXECUTE ON FUNCTION refill, tell_offer, entry_by_code, entry_by_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refill, tell_offer, entry_by_code, entry_by_key TO telemed_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON waitlist_entry, offer TO telemed_app;

-- migrate:down
SELECT 'forward only';
