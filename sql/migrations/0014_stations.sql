-- migrate:up
-- Patients book at stations themselves. So an appointment says where to go, and a station sees no more of it than it
-- needs: who comes today, and for the other days only when its room is taken.
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

-- When the rooms of the caller's site are taken, without a name; with the owner's rights, because the wall hides it.
CREATE FUNCTION station_busy(since timestamptz, until timestamptz)
    RETURNS TABLE (station uuid, start timestamptz, "end" timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT a.station, lower(a.during), upper(a.during) FROM appointment a
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

REVOKE EXECUTE ON FUNCTION station_busy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION station_busy TO telemed_app;

-- migrate:down
SELECT 'forward only';
