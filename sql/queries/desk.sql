-- What the pages of practices, pharmacies and hubs show. The walls leave each its own appointments.

-- name: between
-- A site's appointments of a while in order; for each whether the patient is here, since when, inside, and on what line.
SELECT shown.*, p.person AS practitioner_person, here_since(a) AS here_since, inside(a) AS inside, precheck.level AS line
FROM site JOIN appointment a ON a.site = site.id OR a.station_site = site.id
JOIN practitioner p ON p.id = a.practitioner LEFT JOIN precheck ON precheck.appointment = a.id
CROSS JOIN LATERAL shown(a)
WHERE site.id = :site AND a.patient_name IS NOT NULL AND a.status NOT IN ('held', 'expired')
  AND lower(a.during) >= :since AND lower(a.during) < :until
ORDER BY lower(a.during), a.id;

-- name: site
-- Where somebody works, and whose public holidays count there.
SELECT id, kind, name, town, zone, state, on_holidays FROM site WHERE id = :site;

-- name: practitioners
-- Whose appointments a practice can look at one by one.
SELECT id, concat_ws(' ', nullif(title, ''), name) AS name, person FROM practitioner WHERE site = :site AND active ORDER BY name, id;

-- name: lates
-- Which doctors of a practice are running late, and what is said about it.
SELECT id AS practitioner, concat_ws(' ', nullif(title, ''), name) AS name, late_minutes AS minutes,
       coalesce(late_note, '') AS note
FROM practitioner WHERE site = :site AND active AND late_until > :now ORDER BY name, id;

-- name: sites_of
-- Whom a change of this appointment concerns.
SELECT site, station_site FROM appointment WHERE id = :appointment;

-- name: practitioner_person
-- Whose login may take the doctor's seat.
SELECT person FROM practitioner WHERE id = :practitioner;

-- name: stations
-- The rooms of a pharmacy or hub.
SELECT id, name FROM station WHERE site = :site AND active ORDER BY name, id;

-- name: busy
-- When the rooms of the caller's site are taken, without names.
SELECT busy.start, busy."end", station.name AS room FROM station_busy(:since, :until) AS busy
JOIN station ON station.id = busy.station ORDER BY busy.start, station.name;

-- name: outside_station_hours
-- When a room of the caller's site is booked although nobody would be there, and whom to tell.
SELECT busy.start, practice.name AS practice, practice.town, practice.phone
FROM station_busy(:since, :until) AS busy JOIN site practice ON practice.id = busy.practice
WHERE NOT station_open(busy.station, tstzrange(busy.start, busy."end")) @> tstzrange(busy.start, busy."end")
ORDER BY busy.start LIMIT 50;

-- name: assisted
-- Doctors who see patients at stations, the nearest to this site first.
SELECT s.id, s.name_de, s.name_en, s.duration, s.modes, p.id AS practitioner, p.title AS practitioner_title,
       p.name AS practitioner_name, p.specialty, practice.id AS site, practice.name AS site_name,
       practice.town AS site_town, practice.zone, s.patients, s.first_assessment, s.languages
FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site practice ON practice.id = p.site
JOIN site here ON here.id = :site
WHERE s.active AND p.active AND practice.active AND 'assisted' = ANY (s.modes) AND p.specialty = :specialty
ORDER BY power(practice.lat - here.lat, 2) + power(0.6 * (practice.lon - here.lon), 2), p.name, s.id
LIMIT 12;
