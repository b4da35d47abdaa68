-- What the pages of practices, pharmacies and hubs show. The walls leave each its own appointments.

-- name: between
-- A site's appointments of a while in order, and for each whether the patient is here, since when, and inside.
SELECT shown.*, p.person AS practitioner_person, here.since AS here_since,
       EXISTS (SELECT FROM seating WHERE seating.appointment = a.id AND seating.epoch = a.epoch
               AND seat = 'patient' AND state = 'admitted') AS inside
FROM site JOIN appointment a ON a.site = site.id OR a.station_site = site.id
JOIN practitioner p ON p.id = a.practitioner
CROSS JOIN LATERAL shown(a)
LEFT JOIN LATERAL (
    -- Since the last time the patient came and had been away for more than five minutes.
    SELECT max(one.joined) AS since FROM attendance one
    WHERE one.appointment = a.id AND one.seat = 'patient'
      AND EXISTS (SELECT FROM attendance still WHERE still.appointment = a.id AND still.seat = 'patient' AND still."left" IS NULL)
      AND NOT EXISTS (SELECT FROM attendance before WHERE before.appointment = a.id AND before.seat = 'patient'
                      AND before.joined < one.joined
                      AND (before."left" IS NULL OR before."left" > one.joined - interval '5 min'))
) AS here ON true
WHERE site.id = :site AND a.patient_name IS NOT NULL AND a.status NOT IN ('held', 'expired')
  AND lower(a.during) >= :since AND lower(a.during) < :until
ORDER BY lower(a.during), a.id;

-- name: site
-- Where somebody works.
SELECT id, kind, name, town, zone FROM site WHERE id = :site;

-- name: practitioners
-- Whose appointments a practice can look at one by one.
SELECT id, concat_ws(' ', nullif(title, ''), name) AS name, person FROM practitioner WHERE site = :site AND active ORDER BY name, id;

-- name: sites_of
-- Whom a change of this appointment concerns.
SELECT site, station_site FROM appointment WHERE id = :appointment;

-- name: practitioner_person
-- Whose login may take the doctor's seat.
SELECT person FROM practitioner WHERE id = :practitioner;

-- name: stations
-- The rooms of a pharmacy or hub.
SELECT id, name FROM station WHERE site = :site AND active ORDER BY name, id;

-- name: assisted
-- Doctors who see patients at stations, the nearest to this site first.
SELECT s.id, s.name_de, s.name_en, s.duration, s.modes, p.id AS practitioner, p.title AS practitioner_title,
       p.name AS practitioner_name, p.specialty, practice.id AS site, practice.name AS site_name,
       practice.town AS site_town, practice.zone
FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site practice ON practice.id = p.site
JOIN site here ON here.id = :site
WHERE s.active AND p.active AND practice.active AND 'assisted' = ANY (s.modes) AND p.specialty = :specialty
ORDER BY power(practice.lat - here.lat, 2) + power(0.6 * (practice.lon - here.lon), 2), p.name, s.id
LIMIT 12;

-- name: specialties
-- What can be booked at a station at all.
SELECT DISTINCT p.specialty AS code FROM service s JOIN practitioner p ON p.id = s.practitioner
WHERE s.active AND p.active AND 'assisted' = ANY (s.modes) ORDER BY 1;
