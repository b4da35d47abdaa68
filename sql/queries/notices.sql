-- What patients are told, from the worker's side and the practice's. They are written by `tell` (migration
-- 0007_notices), which the statements call that cause them.

-- name: way
-- How a notice goes out, if it is still to be sent, and under which name servers know it.
SELECT channel, concat_ws('-', id, nullif(corrected, 0)) AS name, ride IS NOT NULL AS to_operator FROM notice WHERE id = :id AND status = 'queued';

-- name: claim
-- The notice and whom it goes to, right before it is sent, if what it says is still true. The lock waits for somebody
-- who cancels or moves the appointment at this moment, and then looks again.
WITH true_still AS (
    SELECT a FROM notice n JOIN appointment a ON a.id = n.appointment
    WHERE n.id = :id AND n.status = 'queued' AND still_true(n, a, :now)
      AND (n.entry IS NULL OR EXISTS (SELECT FROM offer o WHERE o.appointment = a.id AND o.status = 'open' AND o.expires > :now))
    FOR SHARE OF a),
claimed AS (
    UPDATE notice SET attempts = attempts + 1, message_id = :message_id FROM true_still
    WHERE notice.id = :id AND status = 'queued'
    RETURNING notice, a)
SELECT (notice).id, concat_ws('-', (notice).id, nullif((notice).corrected, 0)) AS name, (notice).kind, (notice).channel, (notice).language, (notice).attempts, (notice).message,
       (a).id AS appointment, (notice).entry, o.expires AS answer_by, coalesce(e.email, (a).email) AS email,
       coalesce(e.phone, (a).phone) AS phone, (a).mode, (a).status, lower((a).during) AS start,
       upper((a).during) AS "end", (a).epoch, (a).changed, (a).cancelled_by,
       site.zone, site.town, site.phone AS practice_phone, place.name AS place_name, place.street AS place_street,
       place.postal_code AS place_postal_code, place.town AS place_town, place.phone AS place_phone
FROM claimed JOIN site ON site.id = (a).site
LEFT JOIN site place ON place.id = CASE (a).mode WHEN 'assisted' THEN (a).station_site WHEN 'in_person' THEN (a).site END
LEFT JOIN offer o ON o.appointment = (a).id AND o.entry = (notice).entry LEFT JOIN waitlist_entry e ON e.id = o.entry;

-- name: claim_ride
-- As `claim`, of a ride: whom to tell, place and time. That it is off is told to whoever may have heard of it. A
-- practice is an address without a name (G-25).
WITH true_still AS (
    SELECT r, a FROM notice n JOIN ride_request r ON r.id = n.ride JOIN appointment a ON a.id = r.appointment
    WHERE n.id = :id AND n.status = 'queued' AND n.start > :now AND CASE n.kind
        WHEN 'ride' THEN r.called_off IS NULL AND a.status IN ('booked', 'arrived', 'fulfilled')
        ELSE EXISTS (SELECT FROM notice o WHERE o.ride = r.id AND o.kind = 'ride' AND o.attempts > 0) END
    FOR SHARE OF a, r),
claimed AS (
    UPDATE notice SET attempts = attempts + 1, message_id = :message_id FROM true_still
    WHERE notice.id = :id AND status = 'queued'
    RETURNING notice, r, a)
SELECT (notice).id, (notice).id::text AS name, (notice).kind, (notice).language, (notice).attempts, ride.email, (r).leg, (r).at,
       ride.direction, stop.name || ', ' || stop.street || ', ' || stop.postal_code || ' ' || stop.town AS stop,
       CASE (a).mode WHEN 'in_person' THEN practice.street || ', ' || practice.postal_code || ' ' || practice.town END AS practice,
       stop.phone, stop.zone
FROM claimed JOIN ride ON ride.id = (r).ride JOIN site stop ON stop.id = ride.site JOIN site practice ON practice.id = (a).site;

-- name: count_try
-- Nobody was there to hand it to; that counts too.
UPDATE notice SET attempts = attempts + 1 WHERE id = :id AND status = 'queued' RETURNING attempts;

-- name: drop
-- A notice that is no longer true is not sent.
UPDATE notice SET status = 'dropped', message = NULL WHERE id = :id AND status = 'queued';

-- name: sent
-- It has been handed over.
UPDATE notice SET status = 'sent', sent = :now, last_error = NULL, message = NULL WHERE id = :id AND status = 'queued';

-- name: later
-- It could not be sent now; the next try is put in the queue with this.
WITH waiting AS (
    UPDATE notice SET last_error = :error WHERE id = :id AND status = 'queued' RETURNING id)
SELECT enqueue('notice', id::text, now() + :delay::interval, 'notice ' || id) FROM waiting;

-- name: dead
-- It is given up; the practice sees it and can send it again.
UPDATE notice SET status = 'dead', last_error = :error WHERE id = :id AND status = 'queued';

-- name: unsendable
-- This installation has no such channel. What the patient must learn, the practice tells them on the telephone,
-- unless it reaches them another way.
UPDATE notice n SET (channel, status) = (
    SELECT CASE WHEN call THEN 'phone' ELSE n.channel END, CASE WHEN call THEN 'queued' ELSE 'dropped' END
    FROM (SELECT n.kind IN ('moved', 'cancelled') AND n.start > :now AND NOT EXISTS (
        SELECT FROM notice o WHERE o.cause = n.cause AND (o.channel = 'phone' OR o.status = 'sent'))) AS so (call))
WHERE id = :id AND status = 'queued' AND channel <> 'phone';

-- name: waiting
-- What an appointment's patient is still to be sent in these ways.
SELECT id FROM notice WHERE appointment = :appointment AND status = 'queued' AND channel = ANY (:channels::text[])
ORDER BY channel, id;

-- name: sweep
-- Notices whose job got lost, whatever the reason, are put in the queue again.
SELECT count(*) FROM (
    SELECT enqueue('notice', id::text, now(), 'notice ' || id) FROM notice
    WHERE status = 'queued' AND channel <> 'phone' AND due < now() - interval '1 day') AS swept;

-- name: open_ones
-- What the practice has to look after: notices given up and patients to be called, while it matters; of one appointment,
-- or (NULL) all.
SELECT n.id, n.kind, n.channel, n.start, n.status, n.last_error, n.message, n.created, a.id AS appointment,
       a.patient_name, a.phone, a.email, a.cancelled_by
FROM notice n JOIN appointment a ON a.id = n.appointment
WHERE n.site = :site AND (n.status = 'dead' OR (n.channel = 'phone' AND n.status = 'queued'))
  AND n.entry IS NULL AND n.ride IS NULL AND still_true(n, a, :now) AND (:appointment::uuid IS NULL OR a.id = :appointment)
ORDER BY n.start, n.created LIMIT 200;

-- name: appointment
-- Which appointment a notice is of, if it is one of the caller's practice.
SELECT appointment FROM notice WHERE id = :id;

-- name: resend
-- One that was given up is tried again from the start.
WITH again AS (
    UPDATE notice SET status = 'queued', attempts = 0, last_error = NULL WHERE id = :id AND status = 'dead' RETURNING id, site),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, detail)
    SELECT :now, caller_role(), caller_person(), site, 'notice.resend', id::text FROM again)
SELECT enqueue('notice', id::text, now(), 'notice ' || id) FROM again;

-- name: correct
-- Given up because of a wrong address or number: those are put right, and the notice is tried again from the start. No
-- row: it is not given up any more.
WITH again AS (
    UPDATE notice SET status = 'queued', attempts = 0, last_error = NULL, message_id = NULL, corrected = corrected + 1
    WHERE id = :id AND status = 'dead' RETURNING id, appointment, site),
corrected AS (
    UPDATE appointment SET email = :email, phone = :phone, changed = :now FROM again
    WHERE appointment.id = again.appointment RETURNING again.id, again.appointment, again.site),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, caller_role(), caller_person(), site, 'notice.correct', appointment, concat_ws(' ', id, :what::text)
    FROM corrected)
SELECT enqueue('notice', id::text, now(), 'notice ' || id) FROM corrected;

-- name: settle
-- The practice has called the patient, or need not any more.
WITH settled AS (
    UPDATE notice SET status = 'done', message = NULL
    WHERE id = :id AND (status = 'dead' OR (channel = 'phone' AND status = 'queued')) RETURNING id, site)
INSERT INTO audit (at, role, person, site, verb, detail)
SELECT :now, caller_role(), caller_person(), site, 'notice.resend', id::text FROM settled;
