-- The demo region, written by the owner. Everything has a fixed id and is left alone if it is there already.

-- name: strangers
-- Sites that the demo did not make: then this is somebody's real database.
SELECT count(*) FROM site WHERE id <> ALL (:ours::uuid[]);

-- name: places_missing
-- Whether the places that the demo needs are loaded.
SELECT count(*) FROM unnest(:places::integer[]) AS needed (id) WHERE id NOT IN (SELECT id FROM place);

-- name: put_site
-- A site in the middle of its place.
INSERT INTO site (id, kind, name, street, postal_code, town, place, state, lat, lon, phone)
SELECT :id::uuid, :kind::text, :name::text, :street::text, :postal_code::text, place.name, place.id, place.state,
       place.lat, place.lon, :phone::text
FROM place WHERE place.id = :place::integer
ON CONFLICT DO NOTHING;

-- name: put_station
-- A room with a screen.
INSERT INTO station (id, site, name) VALUES (:id, :site, :name) ON CONFLICT DO NOTHING;

-- name: put_site_hours
-- When somebody is there for people who booked from home.
INSERT INTO site_hours (site, weekday, since, until) VALUES (:site, :weekday, :since, :until) ON CONFLICT DO NOTHING;

-- name: put_person
-- A login.
INSERT INTO person (id, login, name, role, site, password) VALUES (:id, :login, :name, :role, :site, :password)
ON CONFLICT DO NOTHING;

-- name: put_practitioner
-- A doctor.
INSERT INTO practitioner (id, site, person, title, name, specialty, languages)
VALUES (:id, :site, :person, :title, :name, :specialty, :languages) ON CONFLICT DO NOTHING;

-- name: put_service
-- What can be booked with a doctor.
INSERT INTO service (id, practitioner, name_de, name_en, duration, buffer_before, buffer_after, notice, horizon, grid, modes)
VALUES (:id, :practitioner, :name_de, :name_en, :duration, :buffer_before, :buffer_after, :notice, :horizon, :grid, :modes)
ON CONFLICT DO NOTHING;

-- name: put_rule
-- When a doctor can be booked.
INSERT INTO rule (id, practitioner, recurrence, start_time, end_time, zone, from_date, on_holidays)
VALUES (:id, :practitioner, :recurrence, :start_time, :end_time, 'Europe/Berlin', :from_date, :on_holidays)
ON CONFLICT DO NOTHING;

-- name: starts
-- Every start that a doctor's first service could have in a window, booked or not.
SELECT candidate.start, s.id AS service, s.practitioner, 'assisted' = ANY (s.modes) AS assisted
FROM service s JOIN opening o ON o.practitioner = s.practitioner
CROSS JOIN LATERAL generate_series(lower(o.during), upper(o.during) - s.duration, s.grid) AS candidate (start)
WHERE s.id = ANY (:services::uuid[]) AND candidate.start >= :since::timestamptz AND candidate.start < :until::timestamptz
ORDER BY s.practitioner, candidate.start;

-- name: put_appointment
-- A booked time, unless somebody has it already.
INSERT INTO appointment (id, practitioner, service, site, station, station_site, mode, status, during, reserved,
                         code_digest, patient_name, birth_date, patient_key, phone, created, changed)
SELECT :id::uuid, p.id, s.id, p.site, station.id, station.site,
       CASE WHEN station.id IS NULL THEN 'video' ELSE 'assisted' END,
       CASE WHEN :start::timestamptz + s.duration < :now::timestamptz THEN 'fulfilled' ELSE 'booked' END,
       tstzrange(:start, :start + s.duration),
       tstzrange(:start - s.buffer_before, :start + s.duration + s.buffer_after),
       :code_digest::bytea, :patient_name::text, :birth_date::date, :patient_key::bytea, :phone::text, :now, :now
FROM service s JOIN practitioner p ON p.id = s.practitioner LEFT JOIN station ON station.id = :station::uuid
WHERE s.id = :service::uuid
ON CONFLICT DO NOTHING;
