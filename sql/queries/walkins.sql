-- Walk-ins and the doctors who are on call for them: one queue, every step of it under one lock.

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
