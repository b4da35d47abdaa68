-- Stations: what they are, who assists there, and which browser is their screen.

-- name: stations
-- The rooms of a site, each with its screen and its gateway, if it has them.
SELECT s.id, s.site, s.name, s.directions, s.devices, s.accessibility, s.privacy, s.privacy_checked,
       checked.name AS privacy_checked_by, pairing.id AS pairing, pairing.paired, pairing.seen, lost.ended AS copied,
       gateway.paired AS gateway, gateway.seen AS gateway_seen
FROM station s
LEFT JOIN person checked ON checked.id = s.privacy_checked_by
LEFT JOIN pairing ON pairing.station = s.id AND pairing.ended IS NULL AND NOT pairing.gateway
LEFT JOIN pairing gateway ON gateway.station = s.id AND gateway.ended IS NULL AND gateway.gateway
LEFT JOIN LATERAL (SELECT ended FROM pairing old WHERE old.station = s.id AND old.why = 'copied' AND pairing.id IS NULL
                     AND NOT old.gateway
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
-- A screen or a gateway asks to be paired.
INSERT INTO pairing (id, code_digest, created, expires, gateway) VALUES (:id, :digest, :now, :expires, :gateway);

-- name: pair
-- Its code was entered for a station.
WITH made AS (SELECT id FROM pair(:digest, :station, :now) AS id),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, detail)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'station.pair', :station::uuid::text FROM made)
SELECT id FROM made;

-- name: fetch_badge
-- The screen comes back for its first badge, before the code would have expired; again, as long as none has been shown.
UPDATE pairing SET seen = :now
WHERE id = :pairing AND station IS NOT NULL AND serial = 0 AND ended IS NULL AND expires > :now
RETURNING station, site, gateway;

-- name: unpair
-- The screen, or the gateway, is the station's no more; nodes end its seat within a second.
WITH ended AS (
    UPDATE pairing SET ended = :now, ended_by = caller_person(), why = 'staff'
    WHERE station = :station AND gateway = :gateway AND ended IS NULL RETURNING id, station, site),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, detail)
    SELECT :now, caller_role(), caller_person(), site, 'station.unpair', station::text FROM ended)
SELECT id FROM ended CROSS JOIN LATERAL pg_notify('unpaired', id::text);

-- name: gateway_visit
-- The conversation at the gateway's station, as long as somebody who was received is there. A line that was lost a
-- moment ago ends no examination, nor does the next patient who opens theirs: first comes whose patient was let in.
SELECT a.id FROM appointment a
WHERE taken_in(a.id)
  AND EXISTS (SELECT FROM attendance WHERE appointment = a.id AND seat IN ('patient', 'assistant')
              AND coalesce("left", 'infinity') > :now::timestamptz - interval '2 min')
ORDER BY inside(a) AND present(a, :now) DESC, lower(a.during), a.id LIMIT 1;

-- name: screen_day
-- What the screen of a station shows of its day: initials, no names (V-08).
SELECT a.id, a.status, lower(a.during) AS start, upper(a.during) AS "end", p.title AS practitioner_title,
       p.name AS practitioner_name, practice.name AS site_name, practice.phone AS site_phone, practice.zone,
       (SELECT string_agg(left(word, 1) || '.', ' ' ORDER BY number)
        FROM regexp_split_to_table(a.patient_name, '[\s-]+') WITH ORDINALITY AS words (word, number)) AS initials,
       coalesce(a.consent_version = :consent::text, false) AND taken_in(a.id) AS ready
FROM appointment a JOIN practitioner p ON p.id = a.practitioner JOIN site practice ON practice.id = a.site
WHERE a.patient_name IS NOT NULL AND a.status IN ('booked', 'arrived') AND upper(a.during) > :since::timestamptz
ORDER BY lower(a.during), a.id;

-- name: screen
-- Which station a screen is.
SELECT station.name, site.name AS site_name, site.town, site.zone
FROM station JOIN site ON site.id = station.site WHERE station.id = :station;

-- name: partners
-- Pharmacies and halls with a station, the nearest to a practice first, and whether it takes walk-ins from there. However
-- far away, those it has chosen are among them: what is not shown would be taken away by the next choice.
SELECT id, name, town, chosen FROM (
    SELECT there.id, there.name, there.town, works_with(here.id, there.id) AS chosen,
           EXISTS (SELECT FROM partner WHERE practice = here.id AND partner.site = there.id) AS named,
           row_number() OVER (ORDER BY power(there.lat - here.lat, 2) + power(0.6 * (there.lon - here.lon), 2), there.id) AS nth
    FROM site here JOIN site there ON there.kind <> 'practice' AND there.active
    WHERE here.id = :practice AND EXISTS (SELECT FROM station WHERE station.site = there.id AND station.active)) AS near
WHERE named OR nth <= 100 ORDER BY nth;

-- name: drop_partners
-- A practice chooses anew.
DELETE FROM partner WHERE practice = :practice;

-- name: add_partners
-- With whom it works from now on.
WITH added AS (
    INSERT INTO partner (practice, site) SELECT :practice, chosen FROM unnest(:sites::uuid[]) AS chosen RETURNING 1)
INSERT INTO audit (at, role, person, site, verb, detail)
SELECT :now, caller_role(), caller_person(), caller_site(), 'partners.change', count(*)::text FROM added;

-- name: take_in
-- Somebody at a station has been received as they should be, and agrees to the current text: one step, or none of it. Today,
-- or around midnight, as the wall of a station is drawn (0014_stations).
WITH consented AS (
    UPDATE appointment SET consent_version = :version, changed = :now,
        consented = CASE WHEN consent_version = :version THEN consented ELSE :now END
    WHERE id = :appointment AND status IN ('booked', 'arrived')
      AND during && (site_day(station_site) + tstzrange(caller_now() - interval '4 h', caller_now() + interval '1 h'))
    RETURNING id, epoch, station_site),
taken AS (
    INSERT INTO intake (appointment, epoch, taken, taken_by, identity, representative, representing)
    SELECT id, epoch, :now, caller_person(), :identity, :representative, :representing FROM consented
    ON CONFLICT (appointment) DO UPDATE SET epoch = excluded.epoch, taken = excluded.taken, taken_by = excluded.taken_by,
        identity = excluded.identity, representative = excluded.representative, representing = excluded.representing
    RETURNING appointment),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'intake.take', id, :version FROM consented)
SELECT appointment FROM taken CROSS JOIN LATERAL pg_notify('appointment', appointment::text);

-- name: intake
-- How somebody was received, as the doctor reads it.
SELECT intake.taken, intake.identity, intake.representative, intake.representing, taken_in_by(intake.appointment) AS taken_by
FROM intake JOIN appointment a ON a.id = intake.appointment WHERE a.id = :appointment AND was_for(intake, a);

-- name: station_site
-- At which pharmacy or hall an appointment is, and whether it can still take place.
SELECT station_site, status IN ('booked', 'arrived') AS stands FROM appointment WHERE id = :appointment;

-- name: received
-- Which of these appointments have been received.
SELECT a.id AS appointment FROM intake JOIN appointment a ON a.id = intake.appointment
WHERE a.id = ANY (:appointments) AND was_for(intake, a);
