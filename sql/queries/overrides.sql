-- What staff enter on purpose outside the hours or beside another appointment. Station, assistant and patient are still
-- never in two places: the exclusion constraints hold, and how time is won is as in migration 0004_scheduling.

-- name: free
-- Frees the expired holds around a time to be booked so; alone in its transaction.
SELECT free_expired_holds(s.practitioner, NULL, tstzrange(
    :start::timestamptz - s.buffer_before, :start + s.duration + s.buffer_after), NULL, NULL, :now)
FROM service s WHERE s.id = :service;

-- name: book
-- Books at any time. `beside`: somebody has the doctor's time already, so nothing is reserved of it.
WITH made AS (
    INSERT INTO appointment (id, service, practitioner, site, during, reserved, mode, status, code_digest, patient_name,
                             birth_date, patient_key, email, phone, language, override_reason, booked_by,
                             idempotency_key, idempotency_digest, created, changed)
    SELECT :id::uuid, s.id, p.id, p.site, tstzrange(:start::timestamptz, :start + s.duration),
           CASE WHEN :beside THEN 'empty' ELSE tstzrange(:start - s.buffer_before, :start + s.duration + s.buffer_after) END,
           :mode::text, 'booked', :code_digest::bytea, :patient_name::text, :birth_date::date, :patient_key::bytea,
           :email::text, :phone::text, :language::text, :reason::text, caller_person(), :key::text, :digest::bytea,
           :now::timestamptz, :now
    FROM service s JOIN practitioner p ON p.id = s.practitioner
    WHERE s.id = :service AND s.active AND p.active AND p.site = caller_site()
      AND :mode::text = ANY (s.modes) AND :mode::text <> 'assisted'
      AND admission(:service, :mode, :patient_key, :now) IS NULL
    ON CONFLICT DO NOTHING
    RETURNING appointment AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'appointment.override', (it).id,
           CASE WHEN :beside THEN 'booked beside' ELSE 'booked' END FROM made)
SELECT shown.* FROM made CROSS JOIN LATERAL shown(it) CROSS JOIN LATERAL tell(it, 'booked', :now)
CROSS JOIN LATERAL pg_notify('appointment', shown.id::text);

-- name: claim_move
-- The first half of a move to any time, as scheduling.claim_move.
SELECT claim(a, CASE WHEN :beside THEN 'empty' ELSE new.reserved - a.reserved END, new.during - a.during, a.patient_key,
             NULL, NULL, NULL, NULL)
FROM appointment a CROSS JOIN LATERAL moved_to(a, :start::timestamptz) AS new
WHERE a.id = :id AND a.epoch = :epoch AND a.status IN ('booked', 'arrived') AND lower(a.during) <> :start;

-- name: move
-- The second half.
WITH moved AS (
    UPDATE appointment SET (during, reserved) = (
            SELECT new.during, CASE WHEN :beside THEN 'empty' ELSE new.reserved END FROM moved_to(appointment, :start) AS new),
        override_reason = :reason, cap_day = NULL, cap_place = NULL, kept_outside = false,
        status = 'booked', epoch = epoch + 1, admitted = NULL, changed = :now
    WHERE id = :id AND epoch = :epoch AND status IN ('booked', 'arrived')
    RETURNING appointment AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'appointment.override', (it).id,
           CASE WHEN :beside THEN 'moved beside' ELSE 'moved' END FROM moved)
SELECT shown.* FROM moved CROSS JOIN LATERAL shown(it) CROSS JOIN LATERAL tell(it, 'moved', :now)
CROSS JOIN LATERAL refill((it).practitioner, (it).station)
CROSS JOIN LATERAL pg_notify('appointment_changed', shown.id::text);
