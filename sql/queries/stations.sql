-- Stations: what they are, who assists there, and which browser is their screen.

-- name: stations
-- The rooms of a site, each with its screen, if it has one.
SELECT s.id, s.site, s.name, s.directions, s.devices, s.accessibility, s.privacy, s.privacy_checked,
       checked.name AS privacy_checked_by, pairing.id AS pairing, pairing.paired, pairing.seen, lost.ended AS copied
FROM station s
LEFT JOIN person checked ON checked.id = s.privacy_checked_by
LEFT JOIN pairing ON pairing.station = s.id AND pairing.ended IS NULL
LEFT JOIN LATERAL (SELECT ended FROM pairing old WHERE old.station = s.id AND old.why = 'copied' AND pairing.id IS NULL
                   ORDER BY ended DESC LIMIT 1) AS lost ON true
WHERE s.site = :site AND s.active ORDER BY s.name, s.id;

-- name: station
-- Where a station is.
SELECT site FROM station WHERE id = :station AND active;

-- name: describe
-- What a station is like; the list of privacy counts as gone through now.
WITH described AS (
    UPDATE station SET directions = :directions, devices = :devices, accessibility = :accessibility, privacy = :privacy,
        privacy_checked = :now, privacy_checked_by = caller_person()
    WHERE id = :station AND active RETURNING id, site)
INSERT INTO audit (at, role, person, site, verb, detail)
SELECT :now, caller_role(), caller_person(), site, 'station.describe', id::text FROM described;

-- name: team
-- Who assists at the caller's site, and what they have learnt.
SELECT person.id, person.name,
       coalesce(jsonb_object_agg(training.topic, training.passed) FILTER (WHERE training.topic IS NOT NULL), '{}')::text AS passed
FROM person LEFT JOIN training ON training.person = person.id
WHERE person.site = :site AND person.role = 'assistant' AND person.active
GROUP BY person.id ORDER BY person.name, person.id;

-- name: note_training
-- Somebody has learnt something.
WITH noted AS (
    INSERT INTO training (person, topic, passed, noted, noted_by)
    SELECT id, :topic, :passed, :now, caller_person() FROM person WHERE id = :person AND site = caller_site() AND active
    ON CONFLICT (person, topic) DO UPDATE SET passed = excluded.passed, noted = excluded.noted, noted_by = excluded.noted_by
    RETURNING person, topic)
INSERT INTO audit (at, role, person, site, verb, detail)
SELECT :now, caller_role(), caller_person(), caller_site(), 'training.note', topic || ' ' || person FROM noted;

-- name: show_code
-- A screen asks to be paired.
INSERT INTO pairing (id, code_digest, created, expires) VALUES (:id, :digest, :now, :expires);

-- name: pair
-- Its code was entered for a station.
WITH made AS (SELECT id FROM pair(:digest, :station, :now) AS id),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, detail)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'station.pair', :station::uuid::text FROM made)
SELECT id FROM made;

-- name: fetch_badge
-- The screen comes back for its first badge, once and before the code would have expired.
UPDATE pairing SET fetched = :now, seen = :now
WHERE id = :pairing AND station IS NOT NULL AND fetched IS NULL AND ended IS NULL AND expires > :now
RETURNING station, site;

-- name: unpair
-- The screen is the station's no more; nodes end its seat within a second.
WITH ended AS (
    UPDATE pairing SET ended = :now, ended_by = caller_person(), why = 'staff'
    WHERE station = :station AND ended IS NULL RETURNING id, station, site),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, detail)
    SELECT :now, caller_role(), caller_person(), site, 'station.unpair', station::text FROM ended)
SELECT id FROM ended CROSS JOIN LATERAL pg_notify('unpaired', id::text);

-- name: screen_day
-- What the screen of a station shows of its day: initials, no names (V-08).
SELECT a.id, a.status, lower(a.during) AS start, upper(a.during) AS "end", p.title AS practitioner_title,
       p.name AS practitioner_name, practice.phone AS site_phone, practice.zone,
       (SELECT string_agg(left(word, 1) || '.', ' ' ORDER BY number)
        FROM regexp_split_to_table(a.patient_name, '[\s-]+') WITH ORDINALITY AS words (word, number)) AS initials,
       coalesce(a.consent_version = :consent::text, false) AS ready
FROM appointment a JOIN practitioner p ON p.id = a.practitioner JOIN site practice ON practice.id = a.site
WHERE a.patient_name IS NOT NULL AND a.status IN ('booked', 'arrived') AND upper(a.during) > :since::timestamptz
ORDER BY lower(a.during), a.id;

-- name: screen
-- Which station a screen is.
SELECT station.name, site.name AS site_name, site.town, site.zone
FROM station JOIN site ON site.id = station.site WHERE station.id = :station;
