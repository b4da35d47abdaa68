-- What `telemed import` writes and looks up, as the system. Everything has an id made from the id in the file, so that
-- importing again changes what is there instead of adding to it.

-- name: one_at_a_time
-- Two imports come one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('import', 0));

-- name: places
-- For each postal code and place name (by number) the place that is meant; no row for those not found.
SELECT wanted.n::integer AS n, found.id, found.name, found.state, found.lat, found.lon
FROM unnest(:codes::text[], :keys::text[]) WITH ORDINALITY AS wanted (code, key, n)
CROSS JOIN LATERAL (SELECT avg(lat) AS lat, avg(lon) AS lon FROM postal_code WHERE postal_code.code = wanted.code) AS area
CROSS JOIN LATERAL (
    SELECT place.* FROM place
    WHERE (place.search = wanted.key OR place.search LIKE wanted.key || ' %')
      AND place.lat BETWEEN area.lat - 0.4 AND area.lat + 0.4 AND place.lon BETWEEN area.lon - 0.6 AND area.lon + 0.6
    ORDER BY place.search <> wanted.key, power(place.lat - area.lat, 2) + power(0.6 * (place.lon - area.lon), 2), place.id
    LIMIT 1) AS found;

-- name: towns_of
-- The places that a postal code serves, for whoever wrote another one.
SELECT name FROM postal_code WHERE code = :code ORDER BY name LIMIT 5;

-- name: put_site
-- A site, new or as the file has it now.
INSERT INTO site (id, kind, name, street, postal_code, town, place, state, lat, lon, phone, zone)
VALUES (:id, :kind, :name, :street, :postal_code, :town, :place, :state, :lat, :lon, :phone, :zone)
ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, street = excluded.street,
    postal_code = excluded.postal_code, town = excluded.town, place = excluded.place, state = excluded.state,
    lat = excluded.lat, lon = excluded.lon, phone = excluded.phone, zone = excluded.zone;

-- name: sites
-- Those of the sites that are there.
SELECT id, kind, zone FROM site WHERE id = ANY (:ids::uuid[]);

-- name: put_practitioner
-- A doctor, new or as the file has them now.
INSERT INTO practitioner (id, site, title, name, specialty, languages)
VALUES (:id, :site, :title, :name, :specialty, :languages)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, name = excluded.name, specialty = excluded.specialty,
    languages = excluded.languages;

-- name: practitioners
-- Those of the doctors that are there.
SELECT p.id, p.site, site.zone FROM practitioner p JOIN site ON site.id = p.site WHERE p.id = ANY (:ids::uuid[]);

-- name: put_service
-- What can be booked, new or as the file has it now.
INSERT INTO service (id, practitioner, name_de, name_en, duration, buffer_before, buffer_after, notice, horizon, grid,
                     modes, patients, languages, daily_cap, first_assessment, cancel_until)
VALUES (:id, :practitioner, :name_de, :name_en, :duration, :buffer_before, :buffer_after, :notice, :horizon, :grid,
        :modes, :patients, :languages, :daily_cap, :first_assessment, :cancel_until)
ON CONFLICT (id) DO UPDATE SET name_de = excluded.name_de, name_en = excluded.name_en, duration = excluded.duration,
    buffer_before = excluded.buffer_before, buffer_after = excluded.buffer_after, notice = excluded.notice,
    horizon = excluded.horizon, grid = excluded.grid, modes = excluded.modes, patients = excluded.patients,
    languages = excluded.languages, daily_cap = excluded.daily_cap, first_assessment = excluded.first_assessment,
    cancel_until = excluded.cancel_until;

-- name: services
-- Those of the services that are there.
SELECT s.id, s.practitioner, p.site, site.zone, s.duration, s.modes
FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site ON site.id = p.site WHERE s.id = ANY (:ids::uuid[]);

-- name: put_rule
-- Opening hours, new or as the file has them now. Without a first day: from the day of the first import on.
INSERT INTO rule (id, practitioner, recurrence, start_time, end_time, zone, from_date, until_date, on_holidays)
VALUES (:id, :practitioner, :recurrence, :start_time, :end_time, :zone, :from_date, :until_date, :on_holidays)
ON CONFLICT (id) DO UPDATE SET recurrence = excluded.recurrence, start_time = excluded.start_time,
    end_time = excluded.end_time, zone = excluded.zone, until_date = excluded.until_date,
    from_date = CASE WHEN :has_first_day::boolean THEN excluded.from_date ELSE rule.from_date END,
    on_holidays = excluded.on_holidays;

-- name: free_expired_holds
-- Frees the holds that have expired; alone in its transaction (rule 4 of migration 0004_scheduling).
WITH stale AS (SELECT id FROM appointment WHERE status = 'held' AND expires <= :now FOR UPDATE SKIP LOCKED)
UPDATE appointment SET status = 'expired', changed = :now FROM stale WHERE appointment.id = stale.id;

-- name: appointments
-- Those of the appointments that an earlier import has brought.
SELECT id FROM appointment WHERE id = ANY (:ids::uuid[]);

-- name: take_appointments
-- Takes the times of existing appointments; those that somebody else has are missing in what comes back. They reserve
-- exactly their time: whoever made them has planned their own pauses. Nobody is told of them.
WITH made AS (
    INSERT INTO appointment (id, practitioner, service, site, mode, status, during, reserved, code_digest, patient_name,
                             birth_date, patient_key, email, phone, language, created, changed)
    SELECT new.id, new.practitioner, new.service, new.site, new.mode,
           CASE WHEN new.until <= :now::timestamptz THEN 'fulfilled' ELSE 'booked' END,
           tstzrange(new.since, new.until), tstzrange(new.since, new.until), new.code_digest, new.patient_name,
           new.birth_date, new.patient_key, new.email, new.phone, new.language, :now, :now
    FROM unnest(:ids::uuid[], :practitioners::uuid[], :services::uuid[], :sites::uuid[], :modes::text[],
                :starts::timestamptz[], :ends::timestamptz[], :code_digests::bytea[], :names::text[], :births::date[],
                :patient_keys::bytea[], :emails::text[], :phones::text[], :languages::text[])
        AS new (id, practitioner, service, site, mode, since, until, code_digest, patient_name, birth_date, patient_key,
                email, phone, language)
    ON CONFLICT DO NOTHING
    RETURNING id, site),
audited AS (
    INSERT INTO audit (at, role, site, verb, appointment) SELECT :now, caller_role(), site, 'appointment.import', id FROM made)
SELECT id FROM made;

-- name: in_the_way
-- For each time that was not won (by number), whether the patient is somewhere else then; if not, the doctor is.
SELECT EXISTS (SELECT FROM appointment a
               WHERE a.patient_key = wanted.patient_key AND a.during && tstzrange(wanted.since, wanted.until)
                 AND a.status IN ('held', 'booked', 'arrived', 'fulfilled')) AS patient
FROM unnest(:patient_keys::bytea[], :starts::timestamptz[], :ends::timestamptz[]) WITH ORDINALITY
    AS wanted (patient_key, since, until, n)
ORDER BY n;

-- name: whose
-- Whose the services and opening hours are that are there already: they stay with their doctor.
SELECT id, practitioner FROM service WHERE id = ANY (:ids::uuid[])
UNION ALL SELECT id, practitioner FROM rule WHERE id = ANY (:ids::uuid[]);
