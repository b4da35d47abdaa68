-- migrate:up
-- Services as practices need them: for whom, in which languages, how many a day; people who live near the practice
-- first (B-08); new patients after the practice's own first assessment (B-09).
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE service
    ADD COLUMN patients text NOT NULL DEFAULT 'all' CHECK (patients IN ('new', 'known', 'all')),
    ADD COLUMN languages text[],                    -- BCP 47; null: the practitioner's
    ADD COLUMN daily_cap smallint CHECK (daily_cap BETWEEN 1 AND 200),
    ADD COLUMN first_assessment boolean NOT NULL DEFAULT false,     -- by the practice, before a new patient's first video
    ADD COLUMN cancel_until interval NOT NULL DEFAULT '0' CHECK (cancel_until BETWEEN '0' AND '7 days');

ALTER TABLE site
    ADD COLUMN near_minutes smallint CHECK (near_minutes BETWEEN 5 AND 240),    -- travel; null: nobody comes first
    ADD COLUMN near_share smallint NOT NULL DEFAULT 0 CHECK (near_share BETWEEN 0 AND 100),   -- percent of the starts
    ADD COLUMN near_until interval NOT NULL DEFAULT '2 days' CHECK (near_until BETWEEN '0' AND '30 days'),
    ADD COLUMN head_start interval NOT NULL DEFAULT '0' CHECK (head_start BETWEEN '0' AND '30 days');

ALTER TABLE appointment
    ADD COLUMN carer_name text,                     -- who booked for the patient, if somebody without a login did
    ADD COLUMN near boolean NOT NULL DEFAULT true,  -- taken as somebody near the practice, or by the practice itself
    ADD COLUMN follow_up_of uuid REFERENCES appointment ON DELETE SET NULL,
    ADD COLUMN kept_outside boolean NOT NULL DEFAULT false,     -- the practice keeps it although its hours have changed
    ADD COLUMN cap_day date,                        -- with a daily cap: the local day,
    ADD COLUMN cap_place smallint,                  -- and which of its places; two writers cannot have the same
    ADD CHECK (num_nulls(cap_day, cap_place) IN (0, 2));
CREATE UNIQUE INDEX day_full ON appointment (service, cap_day, cap_place)
    WHERE status IN ('held', 'booked', 'arrived', 'fulfilled');
CREATE INDEX appointment_follow_up ON appointment (follow_up_of) WHERE follow_up_of IS NOT NULL;

CREATE TABLE assessment (
    id uuid PRIMARY KEY,
    site uuid NOT NULL REFERENCES site,
    service uuid NOT NULL REFERENCES service,       -- what it was asked for
    patient_key bytea NOT NULL,                     -- as in appointment
    patient_name text,                              -- whom to call, until the result is there
    birth_date date,
    phone text,
    language text NOT NULL DEFAULT 'de' CHECK (language IN ('de', 'en')),
    result text CHECK (result IN ('known', 'video', 'in_person')),
    asked timestamptz NOT NULL,
    decided timestamptz,
    decided_by uuid REFERENCES person,
    UNIQUE (site, patient_key),
    CHECK ((result IS NULL) = (decided IS NULL)),
    -- A name is there exactly while its question is younger than the result; the earlier result stays meanwhile.
    CHECK (CASE WHEN decided IS NULL OR asked > decided THEN num_nulls(patient_name, birth_date, phone) = 0
           ELSE num_nonnulls(patient_name, birth_date, phone) = 0 END)
);
CREATE INDEX assessment_open ON assessment (site, asked) WHERE patient_name IS NOT NULL;
COMMENT ON TABLE assessment IS 'Whether a practice knows a patient or has assessed them on the telephone; the result only, '
    'never what was said (B-02). Retention: name and number until the result, at most 30 days; the result two years.';
ALTER TABLE assessment ENABLE ROW LEVEL SECURITY;
CREATE POLICY assessment_practice ON assessment FOR ALL USING (
    caller_role() = 'system' OR (caller_role() IN ('practitioner', 'staff') AND site = caller_site()));
GRANT SELECT, INSERT, UPDATE, DELETE ON assessment TO telemed_app;

-- A patient asks to be called. They may not see what the practice knows of them, so they learn only whether the service
-- asks for it at all; asked again, the newer number counts. An earlier result is never touched from outside.
CREATE FUNCTION ask_assessment(new_id uuid, for_service uuid, patient bytea, name text, born date, number text,
                               in_language text, at timestamptz) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ WITH wanted AS (
            SELECT s.id AS service, p.site FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site ON site.id = p.site
            WHERE s.id = for_service AND s.active AND p.active AND site.active
              AND (s.first_assessment OR s.patients = 'known')),
          noted AS (
            INSERT INTO assessment (id, site, service, patient_key, patient_name, birth_date, phone, language, asked)
            SELECT new_id, site, service, patient, name, born, number, in_language, at FROM wanted
            ON CONFLICT (site, patient_key) DO UPDATE SET service = excluded.service, patient_name = excluded.patient_name,
                birth_date = excluded.birth_date, phone = excluded.phone, language = excluded.language,
                asked = CASE WHEN assessment.patient_name IS NOT NULL THEN assessment.asked
                             ELSE greatest(excluded.asked, assessment.decided + interval '1 microsecond') END
            RETURNING site),
          audited AS (
            INSERT INTO audit (at, role, person, site, verb)
            SELECT at, caller_role(), caller_person(), site, 'assessment.ask' FROM noted)
          SELECT EXISTS (SELECT FROM wanted) $$;

-- Whether the n-th start of an opening is kept for people who live near: evenly spread, the last of each run, so that below
-- 100 percent the first is for everybody.
CREATE FUNCTION kept_for_near(n bigint, share smallint) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (n + 1) * share / 100 > n * share / 100 $$;

-- When a start that is kept, or not released for everybody yet, opens to people who live farther away. -infinity: it is.
CREATE FUNCTION opens_to_all(of_site site, s service, n bigint, start timestamptz) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN of_site.near_minutes IS NULL THEN '-infinity' ELSE greatest(
            start - greatest(s.horizon - of_site.head_start, interval '1 day'),
            CASE WHEN kept_for_near(n, of_site.near_share) THEN start - of_site.near_until ELSE '-infinity' END) END $$;

-- Which start of its opening an instant is, counted on the service's grid.
CREATE FUNCTION start_number(opening tstzrange, start timestamptz, grid interval) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (extract(epoch FROM start - lower(opening)) / extract(epoch FROM grid))::bigint $$;

-- The place among the day's appointments of a capped service that a new one would take; no row: the day is full.
-- `stale`: holds that have expired must be freed first. A service without a cap: one row of nulls. `moving` keeps what it
-- has on that day, so it can move within a day that is full. Writers for one doctor come one by one: the lock is taken
-- before anything is written and nothing is waited for that a holder of it could want, so nobody waits in a circle.
-- What a practice puts beside another appointment on purpose (reserved: empty) is not counted.
CREATE FUNCTION day_place(for_service uuid, start timestamptz, moving uuid, at timestamptz)
    RETURNS TABLE (cap_day date, cap_place smallint, stale boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ DECLARE
        cap smallint;
        whose uuid;
        local date;
        day tstzrange;
    BEGIN
        SELECT s.daily_cap, s.practitioner, (start AT TIME ZONE site.zone)::date,
               tstzrange((start AT TIME ZONE site.zone)::date::timestamp AT TIME ZONE site.zone,
                         ((start AT TIME ZONE site.zone)::date + 1)::timestamp AT TIME ZONE site.zone)
        INTO cap, whose, local, day
        FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site ON site.id = p.site WHERE s.id = for_service;
        IF NOT FOUND THEN RETURN; END IF;
        IF cap IS NULL THEN RETURN QUERY SELECT NULL::date, NULL::smallint, false; RETURN; END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('day ' || whose, 0));
        RETURN QUERY
            WITH there AS (
                SELECT a.id, a.cap_day, a.cap_place, a.status = 'held' AND a.expires <= at AS over FROM appointment a
                WHERE a.practitioner = whose AND a.reserved && day AND lower(a.during) <@ day AND a.service = for_service
                  AND a.status IN ('held', 'booked', 'arrived', 'fulfilled')),
            counted AS (SELECT count(*) AS all_of_them, count(*) FILTER (WHERE over) AS over FROM there)
            SELECT there.cap_day, there.cap_place, false FROM there WHERE there.id = moving
            UNION ALL
            SELECT local, (SELECT min(n)::smallint FROM generate_series(1, 200) AS n
                           WHERE NOT EXISTS (SELECT FROM there WHERE there.cap_place = n)), counted.all_of_them >= cap
            FROM counted
            WHERE counted.all_of_them - counted.over < cap AND NOT EXISTS (SELECT FROM there WHERE there.id = moving);
    END $$;

-- Why a service cannot be booked for this patient; null: it can. Known is whom the practice has seen or says it knows.
CREATE FUNCTION admission(for_service uuid, in_mode text, patient bytea, at timestamptz) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT CASE
            WHEN s.patients = 'all' AND NOT s.first_assessment THEN NULL
            WHEN s.patients = 'new' AND them.known THEN 'for_new_patients'
            WHEN s.patients = 'known' AND NOT them.known THEN 'for_known_patients'
            WHEN s.first_assessment AND in_mode <> 'in_person' AND NOT them.known AND NOT them.assessed
                THEN 'assessment_first' END
        FROM service s JOIN practitioner p ON p.id = s.practitioner
        CROSS JOIN LATERAL (SELECT
            EXISTS (SELECT FROM assessment WHERE site = p.site AND patient_key = patient AND result = 'known')
            OR EXISTS (SELECT FROM appointment WHERE site = p.site AND patient_key = patient AND status = 'fulfilled') AS known,
            EXISTS (SELECT FROM assessment WHERE site = p.site AND patient_key = patient AND result = 'video'
                    AND decided > at - interval '1 year') AS assessed) AS them
        WHERE s.id = for_service $$;

DROP FUNCTION slot(uuid, timestamptz, text, uuid, timestamptz);
-- What a wish would reserve, if its start is a slot: inside an opening, on its grid, within notice and horizon, in a mode
-- the service offers, at a station in use exactly if assisted, and open to this patient by where they live. No row: it is
-- not a slot. Whether it is free is not asked.
CREATE FUNCTION slot(for_service uuid, start timestamptz, in_mode text, at_station uuid, is_near boolean, at timestamptz)
    RETURNS TABLE (service uuid, practitioner uuid, site uuid, station uuid, station_site uuid, during tstzrange, reserved tstzrange)
    LANGUAGE sql STABLE
    AS $$ SELECT s.id, p.id, p.site, station.id, station.site, tstzrange(start, start + s.duration),
            tstzrange(start - s.buffer_before, start + s.duration + s.buffer_after)
        FROM service s
        JOIN practitioner p ON p.id = s.practitioner
        JOIN site practice ON practice.id = p.site
        LEFT JOIN station ON station.id = at_station AND station.active
        WHERE s.id = for_service AND s.active AND p.active AND practice.active
          AND in_mode = ANY (s.modes) AND (in_mode = 'assisted') = (station.id IS NOT NULL)
          AND start >= at + s.notice AND start < at + s.horizon
          AND EXISTS (SELECT FROM opening o
              WHERE o.practitioner = p.id AND o.during @> tstzrange(start, start + s.duration)
                AND mod(extract(epoch FROM start - lower(o.during)), extract(epoch FROM s.grid)) = 0
                AND (is_near OR opens_to_all(practice, s, start_number(o.during, start, s.grid), start) <= at)) $$;

DROP FUNCTION free_starts(uuid[], uuid, uuid, bytea, timestamptz, timestamptz, timestamptz, integer);
-- The free starts of each service in [earliest, latest), at most `each`, in order. With the owner's rights, because
-- a patient who searches must not see any appointment; instants are all that comes back. What is reserved is gathered
-- per opening and openings come in order, so that a search for the first free start stops at the first that has one.
-- `are_near` says for each service whether the patient lives near its practice; `weekdays` (ISO 8601) and [since_time,
-- until_time) are on the practice's wall clock, null: any.
CREATE FUNCTION free_starts(for_services uuid[], are_near boolean[], for_station uuid, for_assistant uuid, for_patient bytea,
                            weekdays smallint[], since_time time, until_time time,
                            earliest timestamptz, latest timestamptz, at timestamptz, each integer)
    RETURNS TABLE (service uuid, start timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT s.id, free.start
        FROM unnest(for_services, are_near) AS wanted (id, is_near)
        JOIN service s ON s.id = wanted.id AND s.active
        JOIN practitioner p ON p.id = s.practitioner AND p.active
        JOIN site practice ON practice.id = p.site AND practice.active
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
            CROSS JOIN LATERAL (    -- of the opening's local days; an aggregate, so that it is asked once an opening
                SELECT coalesce(array_agg(local), '{}') AS days FROM (
                    SELECT (lower(a.during) AT TIME ZONE practice.zone)::date AS local FROM appointment a
                    WHERE s.daily_cap IS NOT NULL AND a.practitioner = s.practitioner AND a.service = s.id
                      AND a.reserved && tstzrange(lower(o.during) - interval '25 hours', upper(o.during) + interval '25 hours')
                      AND a.status IN ('held', 'booked', 'arrived', 'fulfilled') AND (a.status <> 'held' OR a.expires > at)
                    GROUP BY 1 HAVING count(*) >= s.daily_cap) AS day) AS fully_booked
            CROSS JOIN LATERAL generate_series(
                lower(o.during) + s.grid * greatest(0, ceil(
                    extract(epoch FROM reach.since - lower(o.during)) / extract(epoch FROM s.grid))::double precision),
                upper(o.during) - s.duration, s.grid) AS candidate (start)
            WHERE o.practitioner = s.practitioner AND lower(o.during) < reach.until AND upper(o.during) > reach.since
              AND candidate.start < reach.until
              AND NOT busy.times && tstzrange(candidate.start - s.buffer_before, candidate.start + s.duration + s.buffer_after)
              AND NOT others_busy.times && tstzrange(candidate.start, candidate.start + s.duration)
              AND (wanted.is_near OR practice.near_minutes IS NULL
                   OR opens_to_all(practice, s, start_number(o.during, candidate.start, s.grid), candidate.start) <= at)
              AND (weekdays IS NULL OR extract(isodow FROM candidate.start AT TIME ZONE practice.zone) = ANY (weekdays))
              AND (since_time IS NULL OR (candidate.start AT TIME ZONE practice.zone)::time >= since_time)
              AND (until_time IS NULL OR (candidate.start AT TIME ZONE practice.zone)::time < until_time)
              AND (s.daily_cap IS NULL
                   OR (candidate.start AT TIME ZONE practice.zone)::date <> ALL (fully_booked.days))
            ORDER BY lower(o.during), candidate.start
            LIMIT each
        ) AS free $$;

DROP FUNCTION free_expired_holds(uuid, uuid, tstzrange, timestamptz);
-- As before, and those that fill a day with a cap.
CREATE FUNCTION free_expired_holds(for_practitioner uuid, for_station uuid, within tstzrange, for_service uuid, on_day date,
                                   at timestamptz) RETURNS integer
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ WITH stale AS (
            SELECT id FROM appointment
            WHERE status = 'held' AND expires <= at
              AND (practitioner = for_practitioner AND reserved && within OR station = for_station AND during && within
                   OR on_day IS NOT NULL AND service = for_service AND (cap_day = on_day OR cap_day IS NULL))
            FOR UPDATE SKIP LOCKED),
          freed AS (UPDATE appointment SET status = 'expired', changed = at FROM stale
                    WHERE appointment.id = stale.id RETURNING 1)
          SELECT count(*)::integer FROM freed $$;

DROP FUNCTION claim(appointment, tstzrange, tstzrange, bytea, text, bytea);
-- As before; a move to another day of a capped service claims its place there too.
CREATE FUNCTION claim(of_appointment appointment, new_reserved tstzrange, new_during tstzrange, new_patient bytea,
                      new_day date, new_place smallint, key text, digest bytea) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ DECLARE
        claimed uuid;
        moves boolean := new_during <> of_appointment.during;
    BEGIN
        INSERT INTO appointment (id, practitioner, service, site, station, station_site, assistant, mode, status, expires,
                                 reserved, during, patient_key, cap_day, cap_place, idempotency_key, idempotency_digest)
        VALUES (gen_random_uuid(), of_appointment.practitioner, of_appointment.service, of_appointment.site,
                CASE WHEN moves THEN of_appointment.station END, CASE WHEN moves THEN of_appointment.station_site END,
                CASE WHEN moves THEN of_appointment.assistant END, CASE WHEN moves THEN of_appointment.mode ELSE 'video' END,
                'held', '-infinity', new_reserved, new_during, new_patient, new_day, new_place, key, digest)
        ON CONFLICT DO NOTHING RETURNING id INTO claimed;
        DELETE FROM appointment WHERE id = claimed;
        RETURN claimed IS NOT NULL;
    END $$;

DROP FUNCTION shown(appointment);
CREATE FUNCTION shown(a appointment) RETURNS TABLE (
        id uuid, status text, mode text, start timestamptz, "end" timestamptz, expires timestamptz, extended boolean,
        service uuid, service_name_de text, service_name_en text,
        practitioner uuid, practitioner_title text, practitioner_name text, specialty text,
        site uuid, site_name text, site_town text, site_phone text, zone text,
        station uuid, station_name text, station_site uuid, assistant uuid,
        patient_name text, birth_date date, email text, phone text, language text, carer_name text, booked_by uuid,
        near boolean, follow_up_of uuid, override_reason text, kept_outside boolean, changeable_until timestamptz,
        cancelled_by text, consent_version text, consented timestamptz, admitted timestamptz,
        epoch integer, created timestamptz, changed timestamptz)
    LANGUAGE sql STABLE
    AS $$ SELECT a.id, a.status, a.mode, lower(a.during), upper(a.during), a.expires, a.extended,
            s.id, s.name_de, s.name_en, p.id, p.title, p.name, p.specialty,
            site.id, site.name, site.town, site.phone, site.zone,
            a.station, station.name, a.station_site, a.assistant,
            a.patient_name, a.birth_date, a.email, a.phone, a.language, a.carer_name, a.booked_by,
            a.near, a.follow_up_of, a.override_reason, a.kept_outside, lower(a.during) - s.cancel_until,
            a.cancelled_by, a.consent_version, a.consented, a.admitted, a.epoch, a.created, a.changed
        FROM service s
        JOIN practitioner p ON p.id = a.practitioner
        JOIN site ON site.id = a.site
        LEFT JOIN station ON station.id = a.station
        WHERE s.id = a.service $$;

REVOKE EXECUTE ON FUNCTION free_starts, free_expired_holds, claim, day_place, admission, ask_assessment FROM PUBLIC;
GRANT EXECUTE ON FUNCTION free_starts, free_expired_holds, claim, day_place, admission, ask_assessment TO telemed_app;

-- migrate:down
SELECT 'forward only';
