-- migrate:up
-- Somebody walks into a pharmacy and wants a doctor now; a doctor is on call and takes them in the order in which they
-- came. Every step of the queue is taken under one lock, so that there is one order and nobody is given to two: it is held
-- for a few milliseconds, for a few steps a minute.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

-- With which pharmacies and halls a practice works. No row: with all.
CREATE TABLE partner (
    practice uuid NOT NULL REFERENCES site,
    site uuid NOT NULL REFERENCES site,
    PRIMARY KEY (practice, site)
);
COMMENT ON TABLE partner IS 'From which pharmacies and halls a practice takes walk-ins. Retention: kept.';
ALTER TABLE partner ENABLE ROW LEVEL SECURITY;
CREATE POLICY partner_read ON partner FOR SELECT USING (true);
CREATE POLICY partner_own ON partner FOR ALL USING (
    caller_role() = 'system' OR caller_role() IN ('practitioner', 'staff') AND practice = caller_site());
GRANT SELECT, INSERT, UPDATE, DELETE ON partner TO telemed_app;

CREATE TABLE on_call (
    practitioner uuid PRIMARY KEY REFERENCES practitioner,
    site uuid NOT NULL REFERENCES site,             -- the practice
    service uuid NOT NULL REFERENCES service,       -- what a walk-in becomes an appointment of
    since timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > since),
    seen timestamptz NOT NULL                       -- when the doctor's page last asked
);
COMMENT ON TABLE on_call IS 'Which doctors are there for walk-ins now. Retention: two days after the end.';
ALTER TABLE on_call ENABLE ROW LEVEL SECURITY;
CREATE POLICY on_call_own ON on_call FOR ALL USING (
    caller_role() = 'system' OR caller_role() = 'practitioner' AND site = caller_site()
        AND EXISTS (SELECT FROM practitioner p WHERE p.id = on_call.practitioner AND p.person = caller_person()));
GRANT SELECT, INSERT, UPDATE, DELETE ON on_call TO telemed_app;

CREATE TABLE walk_in (
    id uuid PRIMARY KEY,                            -- and of the appointment that it becomes,
    epoch integer NOT NULL DEFAULT 1,               -- with which epoch: accepted again, it has a room of its own
    station uuid NOT NULL REFERENCES station,
    site uuid NOT NULL REFERENCES site,             -- of the station
    specialty text NOT NULL,                        -- what kind of doctor; nothing about complaints (B-04)
    assisting boolean NOT NULL,                     -- somebody of the site sits beside them
    patient_name text,
    birth_date date,
    patient_key bytea,
    code_digest bytea,
    language text NOT NULL CHECK (language IN ('de', 'en')),
    came timestamptz NOT NULL,                      -- their place in the queue, whatever happens
    urgent boolean NOT NULL DEFAULT false,          -- said by a doctor, by nobody else (B-04)
    status text NOT NULL CHECK (status IN ('waiting', 'offered', 'accepted', 'declined', 'left')),
    practitioner uuid REFERENCES practitioner,      -- to whom it is offered, or who has accepted or declined
    handed_on uuid[] NOT NULL DEFAULT '{}',         -- doctors who asked another one to take it
    reason text CHECK (reason IN ('practice', 'emergency', 'specialty')),
    changed timestamptz NOT NULL,
    added_by uuid REFERENCES person,
    idempotency_key text UNIQUE,
    idempotency_digest bytea,
    CHECK (status NOT IN ('waiting', 'offered') OR num_nulls(patient_name, birth_date, patient_key, code_digest) = 0),
    CHECK ((practitioner IS NULL) = (status IN ('waiting', 'left'))),
    CHECK ((reason IS NULL) = (status <> 'declined'))
);
CREATE INDEX walk_in_queue ON walk_in (came) WHERE status IN ('waiting', 'offered');
CREATE UNIQUE INDEX walk_in_doctor ON walk_in (practitioner) WHERE status = 'offered';
CREATE UNIQUE INDEX walk_in_patient ON walk_in (patient_key) WHERE status IN ('waiting', 'offered');
COMMENT ON TABLE walk_in IS 'Who waits at a station for the next free doctor. Retention: all of it two days after the last change.';
ALTER TABLE walk_in ENABLE ROW LEVEL SECURITY;
-- A site sees its own of today, around midnight also who still waits; a doctor the one that is offered to them (P-05).
CREATE POLICY walk_in_site ON walk_in FOR ALL USING (
    caller_role() = 'system' OR caller_role() = 'assistant' AND site = caller_site()
        AND (came <@ (SELECT site_day(caller_site())) OR came > caller_now() - interval '4 h'));
CREATE POLICY walk_in_doctor ON walk_in FOR ALL USING (
    caller_role() = 'practitioner'
    AND EXISTS (SELECT FROM practitioner p WHERE p.id = walk_in.practitioner AND p.person = caller_person()));
GRANT SELECT, INSERT, UPDATE, DELETE ON walk_in TO telemed_app;

CREATE FUNCTION lock_walk_ins() RETURNS void LANGUAGE sql VOLATILE
    AS $$ SELECT pg_advisory_xact_lock(hashtextextended('walk-ins', 0)) $$;

CREATE FUNCTION works_with(of_practice uuid, with_site uuid) RETURNS boolean LANGUAGE sql STABLE
    AS $$ SELECT NOT EXISTS (SELECT FROM partner WHERE practice = of_practice)
        OR EXISTS (SELECT FROM partner WHERE practice = of_practice AND site = with_site) $$;

-- Whether a doctor's page has asked lately: it does every five seconds, and behind other windows once a minute.
CREATE FUNCTION is_there(o on_call, at timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE
    AS $$ SELECT o.until > at AND o.seen > at - interval '90 s' $$;

-- When a doctor or a room is taken from `at` on; five minutes are the least that a walk-in is called in for.
CREATE FUNCTION taken(of_practitioner uuid, of_station uuid, at timestamptz) RETURNS tstzmultirange
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT coalesce(range_agg(CASE
            WHEN still.there THEN tstzrange(lower(a.during), greatest(upper(a.during), at + interval '5 min'))
            WHEN a.practitioner = of_practitioner AND NOT isempty(a.reserved) THEN a.reserved ELSE a.during END), '{}')
        FROM appointment a
        CROSS JOIN LATERAL (    -- a call may take longer than it should
            SELECT a.status = 'arrived' AND EXISTS (SELECT FROM attendance WHERE appointment = a.id AND "left" IS NULL
                AND seat = CASE WHEN a.practitioner = of_practitioner THEN 'practitioner' ELSE 'patient' END) AS there) AS still
        WHERE (a.practitioner = of_practitioner OR a.station = of_station)
          AND a.status IN ('held', 'booked', 'arrived', 'fulfilled') AND (a.status <> 'held' OR a.expires > at)
          AND a.during && tstzrange(at - interval '4 h', at + interval '12 h')
          AND (upper(a.during) > at OR upper(a.reserved) > at OR still.there) $$;

-- Puts right what nobody says: a doctor who has vanished, or has not answered for two minutes, loses the walk-in back to
-- its place in the queue; also one they have accepted and never came to, unless the patient has come again meanwhile or
-- has been given another time since. Who still waits from another day has gone home. And what is over takes no more time.
CREATE FUNCTION tidy_walk_ins(at timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT lock_walk_ins();
    DELETE FROM on_call o USING walk_in w
        WHERE w.practitioner = o.practitioner AND w.status = 'offered' AND w.changed < at - interval '2 min';
    WITH never AS (
        DELETE FROM appointment a USING walk_in w
        WHERE a.id = w.id AND w.status = 'accepted' AND w.changed < at - interval '2 min' AND a.status IN ('booked', 'arrived')
          AND lower(a.during) = w.changed   -- as accepted, not moved
          AND NOT EXISTS (SELECT FROM attendance WHERE attendance.appointment = a.id AND seat = 'practitioner')
          AND NOT EXISTS (SELECT FROM on_call o WHERE o.practitioner = w.practitioner AND is_there(o, at))
        RETURNING a.id, a.epoch + 1 AS epoch),
    unlisted AS (
        UPDATE waitlist_entry e SET appointment = NULL, changed = at,
            status = CASE e.status WHEN 'waiting' THEN 'over' ELSE e.status END
        FROM never WHERE e.appointment = never.id),
    gone AS (
        SELECT id, epoch FROM never
        UNION ALL
        SELECT id, epoch FROM walk_in w WHERE status = 'offered' AND NOT EXISTS (
            SELECT FROM on_call o WHERE o.practitioner = w.practitioner AND is_there(o, at))),
    back AS (
        UPDATE walk_in w SET practitioner = NULL, changed = at, epoch = gone.epoch, status = CASE WHEN EXISTS (
                SELECT FROM walk_in again WHERE again.patient_key = w.patient_key AND again.id <> w.id
                    AND (again.came, again.id) > (w.came, w.id) AND again.status IN ('waiting', 'offered', 'accepted'))
            THEN 'left' ELSE 'waiting' END
        FROM gone WHERE w.id = gone.id RETURNING w.id, w.site)
    SELECT pg_notify('walk_in', site::text), pg_notify('appointment_changed', id::text) FROM back;
    UPDATE walk_in SET status = 'left', changed = at
        WHERE status = 'waiting' AND came < at - interval '4 h' AND NOT came <@ site_day(site);
    UPDATE appointment a SET during = tstzrange(lower(a.during), now_over), reserved = tstzrange(lower(a.during), now_over)
        FROM (SELECT w.id, greatest(a.changed, lower(a.during) + interval '1 s') AS now_over
              FROM walk_in w JOIN appointment a ON a.id = w.id
              WHERE w.status = 'accepted' AND a.status = 'fulfilled' AND upper(a.during) > at) AS over
        WHERE a.id = over.id AND now_over < upper(a.during)
    $$;

-- Offers a doctor who is there and free the first in the queue whom they may take and whose room is free: whoever a doctor
-- called urgent, then whoever came first.
CREATE FUNCTION offer_walk_in(to_practitioner uuid, at timestamptz) RETURNS TABLE (id uuid, site uuid)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ WITH next AS (
            SELECT w.id FROM on_call o JOIN practitioner p ON p.id = o.practitioner
            JOIN walk_in w ON w.status = 'waiting' AND w.specialty = p.specialty AND NOT p.id = ANY (w.handed_on)
                AND works_with(o.site, w.site)
            WHERE o.practitioner = to_practitioner AND is_there(o, at)
              AND NOT EXISTS (SELECT FROM walk_in other WHERE other.practitioner = p.id AND other.status = 'offered')
              AND NOT taken(p.id, NULL, at) && tstzrange(at, at + interval '5 min')
              AND NOT EXISTS (SELECT FROM walk_in other WHERE other.station = w.station AND other.status = 'offered')
              AND NOT taken(NULL, w.station, at) && tstzrange(at, at + interval '5 min')
            ORDER BY w.urgent DESC, w.came, w.id LIMIT 1)
        UPDATE walk_in SET status = 'offered', practitioner = to_practitioner, changed = at FROM next
        WHERE walk_in.id = next.id RETURNING walk_in.id, walk_in.site $$;

-- A doctor asks another one to take the walk-in, who keeps their place. No row: it is not theirs (any more).
CREATE FUNCTION hand_on(of_walk_in uuid, as_urgent boolean, at timestamptz) RETURNS TABLE (id uuid, site uuid)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ UPDATE walk_in w SET status = 'waiting', practitioner = NULL, handed_on = w.handed_on || w.practitioner,
            urgent = w.urgent OR as_urgent, changed = at
        FROM practitioner p WHERE w.id = of_walk_in AND w.status = 'offered' AND p.id = w.practitioner
          AND caller_role() = 'practitioner' AND p.person = caller_person() AND p.site = caller_site()
        RETURNING w.id, w.site $$;

-- Who comes to another site waits there: that they left the first one, nobody there may know. Not whom a doctor looks at.
CREATE FUNCTION leave_elsewhere(patient bytea, at timestamptz) RETURNS TABLE (id uuid, site uuid)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ UPDATE walk_in w SET status = 'left', changed = at
        WHERE w.patient_key = patient AND w.status = 'waiting' AND caller_role() = 'assistant' AND w.site <> caller_site()
        RETURNING w.id, w.site $$;

-- For how long a doctor, a room and a patient have time together from now on; empty: not at all.
CREATE FUNCTION walk_in_time(w walk_in, length interval, at timestamptz) RETURNS tstzrange
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT tstzrange(at, greatest(at, least(at + length, min(lower(CASE
            WHEN a.practitioner = w.practitioner AND NOT isempty(a.reserved) THEN a.reserved ELSE a.during END)))))
        FROM appointment a
        WHERE a.status IN ('held', 'booked', 'arrived', 'fulfilled') AND (a.status <> 'held' OR a.expires > at) AND (
            a.practitioner = w.practitioner AND a.reserved && tstzrange(at, at + length)
            OR (a.station = w.station OR a.patient_key = w.patient_key) AND a.during && tstzrange(at, at + length)) $$;

-- Whether a doctor is in a consultation: their page asks for nobody then, but they will be back.
CREATE FUNCTION in_a_room(of_practitioner uuid, at timestamptz) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT EXISTS (
        SELECT FROM appointment a JOIN attendance ON attendance.appointment = a.id
        WHERE a.practitioner = of_practitioner AND a.status IN ('booked', 'arrived')
          AND a.during && tstzrange(at - interval '4 h', at + interval '12 h') AND seat = 'practitioner' AND "left" IS NULL) $$;

-- For the forecast, without names: the doctors who are there (and for which sites; null: all), and who waits anywhere, in
-- the order in which they are offered; of each, when the doctor or the room is taken.
CREATE FUNCTION doctors_on_call(at timestamptz)
    RETURNS TABLE (id uuid, specialty text, sites uuid[], until timestamptz, length interval, answering boolean, taken tstzmultirange)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT p.id, p.specialty, (SELECT array_agg(site) FROM partner WHERE practice = o.site), o.until, s.duration,
            EXISTS (SELECT FROM walk_in WHERE walk_in.practitioner = p.id AND status = 'offered'), taken(p.id, NULL, at)
        FROM on_call o JOIN practitioner p ON p.id = o.practitioner JOIN service s ON s.id = o.service
        WHERE is_there(o, at) OR o.until > at AND in_a_room(p.id, at) ORDER BY o.since, p.id $$;
CREATE FUNCTION walk_ins_waiting(at timestamptz)
    RETURNS TABLE (id uuid, specialty text, site uuid, station uuid, handed_on uuid[], taken tstzmultirange)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT w.id, w.specialty, w.site, w.station, w.handed_on, taken(NULL, w.station, at)
        FROM walk_in w WHERE w.status = 'waiting' ORDER BY w.urgent DESC, w.came, w.id $$;

-- How many who assist at a site have learnt how; a doctor may know it, but not who.
CREATE FUNCTION trained(at_site uuid) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT count(*) FROM training t JOIN person ON person.id = t.person
        WHERE person.site = at_site AND person.active AND t.topic = 'telemedicine' $$;

REVOKE EXECUTE ON FUNCTION lock_walk_ins, taken, tidy_walk_ins, offer_walk_in, hand_on, leave_elsewhere, walk_in_time, in_a_room, doctors_on_call, walk_ins_waiting, trained FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lock_walk_ins, taken, tidy_walk_ins, offer_walk_in, hand_on, leave_elsewhere, walk_in_time, in_a_room, doctors_on_call, walk_ins_waiting, trained TO telemed_app;

-- migrate:down
SELECT 'forward only';
