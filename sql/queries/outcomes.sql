-- What became of an appointment, as the practice notes it by hand; the end of a video consultation is noted by itself.

-- name: noshow
-- The patient did not come: the time is free, tickets are void, rides are off. Not while the patient's page is open.
WITH noted AS (
    UPDATE appointment SET status = 'noshow', epoch = epoch + 1, changed = :now
    WHERE id = :id AND epoch = :epoch AND status IN ('booked', 'arrived') AND lower(during) <= :now
      AND here_since(appointment) IS NULL
    RETURNING appointment AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'appointment.outcome', (it).id, 'noshow' FROM noted)
SELECT shown.* FROM noted CROSS JOIN LATERAL shown(it) CROSS JOIN LATERAL call_off_rides((it).id, :now)
CROSS JOIN LATERAL pg_notify('appointment_changed', shown.id::text);

-- name: fulfilled
-- It took place at the practice; also when the patient was called in early.
WITH noted AS (
    UPDATE appointment SET status = 'fulfilled', epoch = epoch + 1, changed = :now
    WHERE id = :id AND epoch = :epoch AND status IN ('booked', 'arrived') AND mode = 'in_person'
      AND lower(during) - interval '1 hour' <= :now
    RETURNING appointment AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'appointment.outcome', (it).id, 'fulfilled' FROM noted)
SELECT shown.* FROM noted CROSS JOIN LATERAL shown(it) CROSS JOIN LATERAL pg_notify('appointment_changed', shown.id::text);

-- name: free
-- Frees the expired holds that stand in the way of taking "did not come" back; alone in its transaction.
SELECT free_expired_holds(practitioner, station, reserved, service, cap_day, :now) FROM appointment WHERE id = :id;

-- name: claim_again
-- The first half of taking "did not come" back: wins the time once more, because it has been free meanwhile.
SELECT claim_again(a) FROM appointment a
WHERE a.id = :id AND a.epoch = :epoch AND a.status = 'noshow';

-- name: undo
-- Noted by mistake: as it was before, on the same local day. What was noted by the end of a video stays.
WITH undone AS (
    UPDATE appointment a SET status = CASE WHEN EXISTS (
            SELECT FROM attendance WHERE attendance.appointment = a.id AND seat = 'patient') THEN 'arrived' ELSE 'booked' END,
        epoch = epoch + 1, changed = :now
    FROM site
    WHERE a.id = :id AND a.epoch = :epoch AND site.id = a.site
      AND (a.status = 'noshow' OR (a.status = 'fulfilled' AND a.mode = 'in_person'))
      AND (lower(a.during) AT TIME ZONE site.zone)::date = (:now AT TIME ZONE site.zone)::date
    RETURNING a AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'appointment.outcome', (it).id, 'undone' FROM undone)
SELECT shown.* FROM undone CROSS JOIN LATERAL shown(it) CROSS JOIN LATERAL pg_notify('appointment_changed', shown.id::text);
