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

-- name: kinds
-- Which doctors can be reached from a station at all.
SELECT DISTINCT p.specialty AS code FROM service s JOIN practitioner p ON p.id = s.practitioner
WHERE s.active AND p.active AND 'assisted' = ANY (s.modes) ORDER BY 1;

-- name: walk_in
-- Somebody waits for the next free doctor from now on. No row: this request has been here before, or this person waits.
WITH added AS (
    INSERT INTO walk_in (id, station, site, specialty, assisting, patient_name, birth_date, patient_key, code_digest, language,
                         came, status, changed, added_by, idempotency_key, idempotency_digest)
    SELECT :id, room.id, room.site, :specialty, :assisting, :patient_name, :birth_date, :patient_key, :code_digest, :language,
           :now, 'waiting', :now, caller_person(), :key, :digest
    FROM station room WHERE room.id = :station AND room.active AND room.site = caller_site()
    ON CONFLICT DO NOTHING RETURNING id, site),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), site, 'walk_in.add', id FROM added)
SELECT id FROM added CROSS JOIN LATERAL pg_notify('walk_in', site::text);

-- name: leave_elsewhere
-- Whoever waited at another site is here now.
WITH gone AS (SELECT id, site FROM leave_elsewhere(:patient_key, :now)),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'walk_in.leave', id FROM gone)
SELECT id FROM gone CROSS JOIN LATERAL pg_notify('walk_in', site::text);

-- name: walk_in_by_key
-- What a request with this key has already made.
SELECT id, idempotency_digest AS digest FROM walk_in WHERE idempotency_key = :key;

-- name: walk_ins
-- Who came to a site without an appointment today and is not in a consultation yet; what became of the others for an hour.
SELECT w.id, w.status, w.patient_name, w.birth_date, w.specialty, w.assisting, w.urgent, w.came, w.changed, w.reason,
       w.station, station.name AS station_name,
       concat_ws(' ', nullif(p.title, ''), p.name) AS doctor
FROM walk_in w JOIN station ON station.id = w.station LEFT JOIN practitioner p ON p.id = w.practitioner
WHERE w.site = :site AND w.patient_name IS NOT NULL
  AND (w.status IN ('waiting', 'offered') OR w.status = 'declined' AND w.changed > :now::timestamptz - interval '1 h')
ORDER BY w.came, w.id;

-- name: leave
-- They do not want to wait any longer.
WITH left_ AS (
    UPDATE walk_in SET status = 'left', practitioner = NULL, changed = :now
    WHERE id = :walk_in AND status IN ('waiting', 'offered') RETURNING id, site),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), site, 'walk_in.leave', id FROM left_)
SELECT id FROM left_ CROSS JOIN LATERAL pg_notify('walk_in', site::text);

-- name: lock_walk_ins
-- Every step of the queue comes after the one before it.
SELECT lock_walk_ins();

-- name: tidy_walk_ins
-- Whoever was offered to a doctor who has vanished waits again, at their old place.
SELECT tidy_walk_ins(:now);

-- name: doctors_on_call
-- The doctors who are there now, for which sites, and when each is taken.
SELECT d.id, d.specialty, d.sites, d.until, d.length, d.answering,
       ARRAY(SELECT lower(span) FROM unnest(d.taken) AS span) AS taken_since,
       ARRAY(SELECT upper(span) FROM unnest(d.taken) AS span) AS taken_until
FROM doctors_on_call(:now) AS d;

-- name: rooms_taken
-- When each room of a site is taken.
SELECT s.id AS station, ARRAY(SELECT lower(span) FROM unnest(rooms.taken) AS span) AS taken_since,
       ARRAY(SELECT upper(span) FROM unnest(rooms.taken) AS span) AS taken_until
FROM station s CROSS JOIN LATERAL taken(NULL, s.id, :now) AS rooms (taken)
WHERE s.site = :site AND s.active ORDER BY s.name, s.id;

-- name: walk_ins_waiting
-- Everybody who waits, in order, and when the room of each is taken.
SELECT w.id, w.specialty, w.site, w.station, w.handed_on,
       ARRAY(SELECT lower(span) FROM unnest(w.taken) AS span) AS taken_since,
       ARRAY(SELECT upper(span) FROM unnest(w.taken) AS span) AS taken_until
FROM walk_ins_waiting(:now) AS w;

-- name: own_practitioner
-- Whom the caller is as a doctor, and what a walk-in could be booked as.
SELECT p.id, p.specialty, s.id AS service, o.since, o.until
FROM practitioner p
JOIN LATERAL (SELECT id FROM service WHERE practitioner = p.id AND active AND 'assisted' = ANY (modes)
              ORDER BY duration, id LIMIT 1) AS s ON true
LEFT JOIN on_call o ON o.practitioner = p.id AND o.until > :now
WHERE p.person = :person AND p.site = :site AND p.active;

-- name: open_on_call
-- A doctor is there for walk-ins.
WITH opened AS (
    INSERT INTO on_call (practitioner, site, service, since, until, seen)
    SELECT p.id, p.site, :service, :now, :until, :now FROM practitioner p WHERE p.id = :practitioner
    ON CONFLICT (practitioner) DO UPDATE SET service = excluded.service, until = excluded.until, seen = excluded.seen,
        since = CASE WHEN on_call.until > :now THEN on_call.since ELSE excluded.since END
    RETURNING practitioner, site)
INSERT INTO audit (at, role, person, site, verb, detail)
SELECT :now, caller_role(), caller_person(), site, 'on_call.open', practitioner::text FROM opened;

-- name: close_on_call
-- And not any longer.
WITH closed AS (DELETE FROM on_call WHERE practitioner = :practitioner RETURNING practitioner, site)
INSERT INTO audit (at, role, person, site, verb, detail)
SELECT :now, caller_role(), caller_person(), site, 'on_call.close', practitioner::text FROM closed;

-- name: seen_on_call
-- The doctor's page asks: they are there.
UPDATE on_call SET seen = :now WHERE practitioner = :practitioner AND until > :now;

-- name: offer_walk_in
-- The next in the queue, for a doctor who is free.
SELECT offered.id FROM offer_walk_in(:practitioner, :now) AS offered CROSS JOIN LATERAL pg_notify('walk_in', offered.site::text);

-- name: offered_walk_in
-- Who is offered to the caller. Only now the doctor learns who it is.
SELECT w.id, w.patient_name, w.birth_date, w.assisting, w.urgent, w.came, w.changed, site.name AS site_name, site.town AS site_town,
       site.phone AS site_phone, w.station, station.name AS station_name,
       trained(w.site) AS trained
FROM walk_in w JOIN site ON site.id = w.site JOIN station ON station.id = w.station
WHERE w.practitioner = :practitioner AND w.status = 'offered';

-- name: count_waiting
-- How many wait for a doctor of this kind.
SELECT count(*) FROM walk_ins_waiting(:now) AS w WHERE w.specialty = :specialty;

-- name: free_for_walk_in
-- Frees the expired holds that stand in the way of accepting a walk-in; alone in its transaction.
SELECT free_expired_holds(practitioner, station, tstzrange(:now, 'infinity'), NULL, NULL, :now) FROM walk_in
WHERE id = :walk_in AND status = 'offered' AND practitioner = :practitioner;

-- name: accept_walk_in
-- The doctor takes them: an appointment from now on, for as long as doctor, room and patient have time together. The
-- doctor's own yes stands for the practice's first assessment (B-09). No row: the time was booked a moment ago.
WITH wanted AS (
    SELECT w, o.service, o.site AS practice, time
    FROM walk_in w JOIN on_call o ON o.practitioner = w.practitioner JOIN service s ON s.id = o.service
    CROSS JOIN LATERAL walk_in_time(w, s.duration, :now) AS time
    WHERE w.id = :walk_in AND w.status = 'offered' AND w.practitioner = :practitioner AND NOT isempty(time)),
made AS (
    INSERT INTO appointment (id, epoch, service, practitioner, site, station, station_site, during, reserved, mode, status,
                             code_digest, patient_name, birth_date, patient_key, language, booked_by, created, changed)
    SELECT (w).id, (w).epoch, service, (w).practitioner, practice, (w).station, (w).site, time, time, 'assisted', 'booked',
           (w).code_digest, (w).patient_name, (w).birth_date, (w).patient_key, (w).language, (w).added_by, :now, :now
    FROM wanted ON CONFLICT DO NOTHING RETURNING id, site),
accepted AS (
    UPDATE walk_in SET status = 'accepted', changed = :now FROM made WHERE walk_in.id = made.id
    RETURNING walk_in.id, walk_in.site),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'walk_in.accept', id FROM accepted)
SELECT id FROM accepted CROSS JOIN LATERAL pg_notify('appointment', id::text) AS room_told
CROSS JOIN LATERAL pg_notify('walk_in', site::text) AS site_told;

-- name: accepted_walk_ins
-- Whom a doctor has accepted and can still talk to.
SELECT a.id, a.patient_name, a.birth_date, lower(a.during) AS start, site.name AS site_name, site.town AS site_town
FROM walk_in w JOIN appointment a ON a.id = w.id JOIN site ON site.id = w.site
WHERE w.practitioner = :practitioner AND w.status = 'accepted' AND a.status IN ('booked', 'arrived')
ORDER BY lower(a.during), a.id;

-- name: hand_on
-- Another doctor, please.
WITH handed AS (SELECT id, site FROM hand_on(:walk_in, :urgent, :now)),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'walk_in.hand_on', id, CASE WHEN :urgent::boolean THEN 'urgent' ELSE '' END
    FROM handed)
SELECT id FROM handed CROSS JOIN LATERAL pg_notify('walk_in', site::text);

-- name: decline_walk_in
-- A video consultation is not the right thing; the staff beside the patient read why.
WITH declined AS (
    UPDATE walk_in SET status = 'declined', reason = :reason, changed = :now
    WHERE id = :walk_in AND status = 'offered' AND practitioner = :practitioner RETURNING id, site),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'walk_in.decline', id FROM declined)
SELECT id FROM declined CROSS JOIN LATERAL pg_notify('walk_in', site::text);

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
