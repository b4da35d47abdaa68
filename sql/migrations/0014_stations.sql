-- migrate:up
-- Patients book at stations themselves. So an appointment says where to go, a site says when it takes people who come
-- for one, and it sees no more of them than it needs: who comes today, and for the other days when its room is taken.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

-- When the caller asks, by the application's clock.
CREATE FUNCTION caller_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('telemed.now', true), '')::timestamptz, now()) $$;

-- The local day at a site.
CREATE FUNCTION site_day(of_site uuid) RETURNS tstzrange LANGUAGE sql STABLE
    AS $$ SELECT tstzrange(local::timestamp AT TIME ZONE zone, (local + 1)::timestamp AT TIME ZONE zone)
        FROM site CROSS JOIN LATERAL (SELECT (caller_now() AT TIME ZONE zone)::date) AS today (local) WHERE site.id = of_site $$;

-- The wall of a station (P-05): what takes place there today, whoever booked it, and what its own people have booked
-- today for another day. Around midnight also what is still going on or waits already: a room is open from an hour
-- before until four hours after (telemed.consultation.tickets).
DROP POLICY appointment_assistant ON appointment;
CREATE POLICY appointment_assistant ON appointment FOR ALL USING (
    caller_role() = 'assistant'
    AND (id = caller_appointment() OR station_site = caller_site() AND (
        during && (SELECT site_day(caller_site()) + tstzrange(caller_now() - interval '4 h', caller_now() + interval '1 h'))
        OR created <@ (SELECT site_day(caller_site()))
           AND EXISTS (SELECT FROM person WHERE person.id = booked_by AND person.site = caller_site()))));

-- When somebody at the site is there for people who have booked from elsewhere, on its wall clock. No row: always.
CREATE TABLE site_hours (
    site uuid NOT NULL REFERENCES site,
    weekday smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),      -- ISO 8601
    since time NOT NULL,
    until time NOT NULL CHECK (since < until),
    PRIMARY KEY (site, weekday, since)
);
COMMENT ON TABLE site_hours IS 'When a pharmacy or hub takes people who booked from elsewhere. Retention: kept.';

CREATE TABLE site_opening (
    site uuid NOT NULL REFERENCES site,
    during tstzrange NOT NULL,
    EXCLUDE USING gist (site WITH =, during WITH &&)
);
COMMENT ON TABLE site_opening IS 'Its hours without closures and holidays, as instants of the next year. Retention: until rebuilt.';

ALTER TABLE site_hours ENABLE ROW LEVEL SECURITY;
CREATE POLICY site_hours_read ON site_hours FOR SELECT USING (true);
CREATE POLICY site_hours_own ON site_hours FOR ALL USING (
    caller_role() = 'system' OR (caller_role() IN ('practitioner', 'staff', 'assistant') AND site = caller_site()));
ALTER TABLE site_opening ENABLE ROW LEVEL SECURITY;
CREATE POLICY site_opening_read ON site_opening FOR SELECT USING (true);
CREATE POLICY site_opening_own ON site_opening FOR ALL USING (
    caller_role() = 'system' OR (caller_role() IN ('practitioner', 'staff', 'assistant') AND site = caller_site()));
CREATE POLICY closure_station ON closure FOR ALL USING (caller_role() = 'assistant' AND site = caller_site());

-- When a station's site is open within a range. With the owner's rights, because who searches must not see closures.
CREATE FUNCTION station_open(of_station uuid, within tstzrange) RETURNS tstzmultirange
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT CASE
            WHEN EXISTS (SELECT FROM site_hours WHERE site = station.site)
                OR EXISTS (SELECT FROM closure WHERE site = station.site AND practitioner IS NULL)
            THEN (SELECT coalesce(range_agg(o.during), '{}') FROM site_opening o
                  WHERE o.site = station.site AND o.during && within)
            ELSE '{(,)}'::tstzmultirange END
        FROM station WHERE station.id = of_station $$;

-- As before; from elsewhere a station can be booked while somebody is there, by its own people at any time.
CREATE OR REPLACE FUNCTION slot(for_service uuid, start timestamptz, in_mode text, at_station uuid, is_near boolean, at timestamptz)
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
          AND (station.id IS NULL OR caller_role() = 'assistant'
               OR station_open(station.id, tstzrange(start, start + s.duration)) @> tstzrange(start, start + s.duration))
          AND start >= at + s.notice AND start < at + s.horizon
          AND EXISTS (SELECT FROM opening o
              WHERE o.practitioner = p.id AND o.during @> tstzrange(start, start + s.duration)
                AND mod(extract(epoch FROM start - lower(o.during)), extract(epoch FROM s.grid)) = 0
                AND (is_near OR opens_to_all(practice, s, start_number(o.during, start, s.grid), start) <= at)) $$;

-- As before, with the station's hours.
CREATE OR REPLACE FUNCTION free_starts(for_services uuid[], are_near boolean[], for_station uuid, for_assistant uuid, for_patient bytea,
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
            CROSS JOIN LATERAL (    -- OFFSET: asked once an opening, not for each candidate
                SELECT CASE WHEN for_station IS NULL OR caller_role() = 'assistant' THEN '{(,)}'::tstzmultirange
                            ELSE station_open(for_station, o.during) END AS times OFFSET 0) AS there
            CROSS JOIN LATERAL generate_series(
                lower(o.during) + s.grid * greatest(0, ceil(
                    extract(epoch FROM reach.since - lower(o.during)) / extract(epoch FROM s.grid))::double precision),
                upper(o.during) - s.duration, s.grid) AS candidate (start)
            WHERE o.practitioner = s.practitioner AND lower(o.during) < reach.until AND upper(o.during) > reach.since
              AND candidate.start < reach.until
              AND NOT busy.times && tstzrange(candidate.start - s.buffer_before, candidate.start + s.duration + s.buffer_after)
              AND NOT others_busy.times && tstzrange(candidate.start, candidate.start + s.duration)
              AND (for_station IS NULL OR there.times @> tstzrange(candidate.start, candidate.start + s.duration))
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

-- When the rooms of the caller's site are taken, without a name; with the owner's rights, because the wall hides it.
CREATE FUNCTION station_busy(since timestamptz, until timestamptz)
    RETURNS TABLE (station uuid, practice uuid, start timestamptz, "end" timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT a.station, a.site, lower(a.during), upper(a.during) FROM appointment a
        WHERE caller_role() = 'assistant' AND a.station_site = caller_site()
          AND lower(a.during) >= since AND lower(a.during) < until AND a.status IN ('booked', 'arrived')
        ORDER BY lower(a.during), a.station $$;

DROP FUNCTION shown(appointment);
-- As before; with where the patient goes (null: by video, from wherever they are), and to a station without how the
-- patient can be reached, unless it is writing that down itself.
CREATE FUNCTION shown(a appointment) RETURNS TABLE (
        id uuid, status text, mode text, start timestamptz, "end" timestamptz, expires timestamptz, extended boolean,
        service uuid, service_name_de text, service_name_en text,
        practitioner uuid, practitioner_title text, practitioner_name text, specialty text,
        site uuid, site_name text, site_town text, site_phone text, zone text,
        station uuid, station_name text, station_site uuid, assistant uuid,
        place_name text, place_street text, place_postal_code text, place_town text, place_phone text,
        patient_name text, birth_date date, email text, phone text, language text, carer_name text, booked_by uuid,
        near boolean, follow_up_of uuid, override_reason text, kept_outside boolean, changeable_until timestamptz,
        cancelled_by text, consent_version text, consented timestamptz, admitted timestamptz,
        epoch integer, created timestamptz, changed timestamptz)
    LANGUAGE sql STABLE
    AS $$ SELECT a.id, a.status, a.mode, lower(a.during), upper(a.during), a.expires, a.extended,
            s.id, s.name_de, s.name_en, p.id, p.title, p.name, p.specialty,
            site.id, site.name, site.town, site.phone, site.zone,
            a.station, station.name, a.station_site, a.assistant,
            place.name, place.street, place.postal_code, place.town, place.phone,
            a.patient_name, a.birth_date,
            CASE WHEN caller_role() <> 'assistant' OR a.id = caller_appointment() THEN a.email END,
            CASE WHEN caller_role() <> 'assistant' OR a.id = caller_appointment() THEN a.phone END,
            a.language, a.carer_name, a.booked_by,
            a.near, a.follow_up_of, a.override_reason, a.kept_outside, lower(a.during) - s.cancel_until,
            a.cancelled_by, a.consent_version, a.consented, a.admitted, a.epoch, a.created, a.changed
        FROM service s
        JOIN practitioner p ON p.id = a.practitioner
        JOIN site ON site.id = a.site
        LEFT JOIN station ON station.id = a.station
        LEFT JOIN site AS place ON place.id = CASE a.mode WHEN 'assisted' THEN a.station_site WHEN 'in_person' THEN a.site END
        WHERE s.id = a.service $$;

DROP FUNCTION shown(waitlist_entry);
-- As before; with where the patient would go.
CREATE FUNCTION shown(e waitlist_entry) RETURNS TABLE (
        id uuid, status text, mode text, service uuid, service_name_de text, service_name_en text, duration interval,
        practitioner uuid, practitioner_title text, practitioner_name text,
        site uuid, site_name text, site_town text, site_phone text, zone text, station uuid, station_name text,
        place_name text, place_street text, place_postal_code text, place_town text, place_phone text,
        patient_name text, birth_date date, email text, phone text, language text, carer_name text, near boolean,
        weekdays smallint[], since_time time, until_time time, from_date date, until_date date, short_notice interval,
        appointment uuid, offer uuid, offer_status text, offer_start timestamptz, offer_end timestamptz,
        offer_expires timestamptz, offer_channel text, hold uuid, created timestamptz, changed timestamptz)
    LANGUAGE sql STABLE
    AS $$ SELECT e.id, e.status, e.mode, s.id, s.name_de, s.name_en, s.duration, p.id, p.title, p.name,
            site.id, site.name, site.town, site.phone, site.zone, e.station, station.name,
            place.name, place.street, place.postal_code, place.town, place.phone,
            e.patient_name, e.birth_date, e.email, e.phone, e.language, e.carer_name, e.near,
            e.weekdays, e.since_time, e.until_time, e.from_date, e.until_date, e.short_notice,
            e.appointment, o.id, o.status, o.start, o.start + s.duration, o.expires, o.channel, o.appointment, e.created, e.changed
        FROM service s
        JOIN practitioner p ON p.id = e.practitioner
        JOIN site ON site.id = e.site
        LEFT JOIN station ON station.id = e.station
        LEFT JOIN site AS place ON place.id = CASE e.mode WHEN 'assisted' THEN station.site WHEN 'in_person' THEN e.site END
        LEFT JOIN LATERAL (SELECT * FROM offer WHERE offer.entry = e.id ORDER BY offer.status = 'open' DESC, created DESC, id DESC
                           LIMIT 1) AS o ON true
        WHERE s.id = e.service $$;

REVOKE EXECUTE ON FUNCTION station_busy, station_open FROM PUBLIC;
GRANT EXECUTE ON FUNCTION station_busy, station_open TO telemed_app;
GRANT SELECT, INSERT, DELETE ON site_hours, site_opening TO telemed_app;

-- migrate:down
SELECT 'forward only';
