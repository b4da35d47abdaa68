-- Free starts, and the life of an appointment. `:now` is telemed.clock.now(), so that tests can
-- stand at another time. How writers keep out of each other's way is said in migration 0004_scheduling.

-- name: free_starts
-- The free starts of one service in a window, in order; at a station, free there too.
SELECT start FROM free_starts(
    ARRAY[:service::uuid], ARRAY[:near::boolean], :station, NULL, NULL, NULL, NULL, NULL, :earliest, :latest, :now, :limit);

-- name: free_for_appointment
-- Where an appointment could be moved to; `near`: also to times that are kept, by the practice itself.
SELECT start FROM appointment a CROSS JOIN LATERAL free_starts(
    ARRAY[a.service], ARRAY[:near OR a.near], a.station, a.assistant, a.patient_key, NULL, NULL, NULL, :earliest, 'infinity', :now,
    :limit)
WHERE a.id = :id;

-- name: first_free
-- The first free start of each of many services, for the search across practices; fully booked ones are left out.
SELECT service, start FROM free_starts(
    :services::uuid[], :near::boolean[], NULL, NULL, NULL, NULL, NULL, NULL, :now, 'infinity', :now, 1);

-- name: service
-- A bookable service with its doctor (B-01) and practice.
SELECT s.id, s.name_de, s.name_en, s.duration, s.modes, p.id AS practitioner, p.title AS practitioner_title,
       p.name AS practitioner_name, p.specialty, site.id AS site, site.name AS site_name, site.town AS site_town, site.zone,
       s.patients, s.first_assessment, s.languages
FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site ON site.id = p.site
WHERE s.id = :service AND s.active AND p.active AND site.active;

-- name: station
-- A station in use, and its site.
SELECT site FROM station WHERE id = :station AND active;

-- name: is_slot
-- Whether a wish starts at a real slot, taken or not.
SELECT EXISTS (SELECT FROM slot(:service, :start, :mode, :station, :near, :now));

-- name: opens_to_all
-- When a start that is kept for people near the practice opens to everybody.
SELECT min(opens_to_all(practice, s, start_number(o.during, :start, s.grid), :start::timestamptz))
FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site practice ON practice.id = p.site
JOIN opening o ON o.practitioner = p.id AND o.during @> :start::timestamptz
WHERE s.id = :service;

-- name: admission
-- Why this service cannot be booked for this patient; null: it can.
SELECT admission(:service, :mode, :patient_key, :now);

-- name: hold
-- Reserves a time for ten minutes, if it is a slot and nobody was first. Staff reserve at their own practice only.
WITH made AS (
    INSERT INTO appointment (id, service, practitioner, site, station, station_site, during, reserved, cap_day, cap_place,
                             near, assistant, mode, status, expires, booked_by, idempotency_key, idempotency_digest,
                             created, changed)
    SELECT :id::uuid, slot.*, day.cap_day, day.cap_place, :near::boolean, :assistant::uuid, :mode::text, 'held',
           :expires::timestamptz, caller_person(), :key::text, :digest::bytea, :now, :now
    FROM slot(:service, :start, :mode::text, :station, :near::boolean, :now::timestamptz)
    JOIN day_place(:service, :start, NULL, :now) AS day ON NOT day.stale
    WHERE caller_role() NOT IN ('staff', 'practitioner') OR slot.site = caller_site()
    ON CONFLICT DO NOTHING
    RETURNING appointment AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), coalesce(caller_site(), (it).site), 'hold.make', (it).id FROM made)
SELECT shown.* FROM made CROSS JOIN LATERAL shown(it);

-- name: extend_hold
-- Ten minutes more, once; also for the holder who is a little late, while nobody has freed the time.
WITH extended AS (
    UPDATE appointment SET expires = :expires, extended = true, changed = :now
    WHERE id = :id AND status = 'held' AND NOT extended
    RETURNING appointment AS it)
SELECT shown.* FROM extended CROSS JOIN LATERAL shown(it);

-- name: release_hold
-- Gives a held time back at once.
WITH released AS (
    UPDATE appointment SET status = 'cancelled', changed = :now WHERE id = :id AND status = 'held'
    RETURNING appointment AS it)
INSERT INTO audit (at, role, person, site, verb, appointment)
SELECT :now, caller_role(), caller_person(), coalesce(caller_site(), (it).site), 'hold.release', (it).id FROM released
CROSS JOIN LATERAL refill((it).practitioner, (it).station);

-- name: book
-- Books a time that was not held, if it is a slot and nobody was first.
WITH made AS (
    INSERT INTO appointment (id, service, practitioner, site, station, station_site, during, reserved, cap_day, cap_place,
                             near, assistant, mode, status, code_digest, patient_name, birth_date, patient_key, email,
                             phone, language, carer_name, follow_up_of, booked_by, idempotency_key, idempotency_digest,
                             created, changed)
    SELECT :id::uuid, slot.*, day.cap_day, day.cap_place, :near::boolean, :assistant::uuid, :mode::text, 'booked',
           :code_digest::bytea, :patient_name::text, :birth_date::date, :patient_key::bytea, :email::text, :phone::text,
           :language::text, :carer_name::text, :follow_up_of::uuid, caller_person(), :key::text, :digest::bytea, :now, :now
    FROM slot(:service, :start, :mode::text, :station, :near::boolean, :now::timestamptz)
    JOIN day_place(:service, :start, NULL, :now) AS day ON NOT day.stale
    WHERE (caller_role() NOT IN ('staff', 'practitioner') OR slot.site = caller_site())
      AND admission(:service, :mode, :patient_key, :now) IS NULL
    ON CONFLICT DO NOTHING
    RETURNING appointment AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), coalesce(caller_site(), (it).site), 'appointment.book', (it).id FROM made)
SELECT shown.* FROM made CROSS JOIN LATERAL shown(it)
CROSS JOIN LATERAL tell(it, CASE WHEN (it).follow_up_of IS NULL THEN 'booked' ELSE 'follow_up' END, :now)
CROSS JOIN LATERAL pg_notify('appointment', shown.id::text);

-- name: claim_hold
-- Wins the held time for the patient too (nobody sits in two consultations), before book_hold writes their name.
-- NULL: it is not a hold of that wish, or not any more.
SELECT claim(a, 'empty', a.during, :patient_key, NULL, NULL, :key, :digest) FROM appointment a
WHERE a.id = :hold AND a.status = 'held' AND a.service = :service AND a.mode = :mode
  AND admission(a.service, a.mode, :patient_key, :now) IS NULL
  AND a.station IS NOT DISTINCT FROM :station AND lower(a.during) = :start AND lower(a.during) > :now;

-- name: book_hold
-- A hold becomes an appointment. The guard is the status, not the clock: a late holder still gets what nobody took.
WITH booked AS (
    UPDATE appointment SET status = 'booked', code_digest = :code_digest, patient_name = :patient_name,
        birth_date = :birth_date, patient_key = :patient_key, email = :email, phone = :phone, language = :language,
        carer_name = :carer_name, booked_by = caller_person(), changed = :now,
        idempotency_key = coalesce(:key, idempotency_key), idempotency_digest = coalesce(:digest, idempotency_digest)
    WHERE id = :hold AND status = 'held'
    RETURNING appointment AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), coalesce(caller_site(), (it).site), 'appointment.book', (it).id FROM booked)
SELECT shown.* FROM booked CROSS JOIN LATERAL shown(it)
CROSS JOIN LATERAL tell(it, CASE WHEN (it).follow_up_of IS NULL THEN 'booked' ELSE 'follow_up' END, :now)
CROSS JOIN LATERAL pg_notify('appointment', shown.id::text);

-- name: made_by_key
-- What a request with this key has already made.
SELECT id, digest FROM appointment_by_key(:key);

-- name: is_patient
-- Whether an appointment is booked for that patient: the second click on *book*.
SELECT EXISTS (SELECT FROM appointment WHERE id = :id AND patient_key = :patient_key AND status <> 'held');

-- name: lost
-- Why a new reservation was not made, and what is free instead (the next starts after it, else the first there are): all
-- in one look, because at a storm most requests end here.
SELECT earlier.id AS made, earlier.digest, admitted.refused, there.site,
       coalesce(there.taken, '{}') AS taken, coalesce(there.stale, '{}') AS stale,
       CASE WHEN earlier.id IS NULL AND admitted.refused IS NULL THEN ARRAY(
           WITH later AS (
               SELECT start FROM free_starts(
                   ARRAY[:service::uuid], ARRAY[:near::boolean], :station, :assistant, :patient_key, NULL, NULL, NULL,
                   :start, 'infinity', :now, :limit))
           SELECT start FROM later
           UNION ALL
           SELECT start FROM free_starts(
               ARRAY[:service::uuid], ARRAY[:near::boolean], :station, :assistant, :patient_key, NULL, NULL, NULL,
               :now, :start, :now, :limit)
           WHERE NOT EXISTS (SELECT FROM later)) ELSE '{}' END AS alternatives
FROM (SELECT CASE WHEN :patient_key::bytea IS NOT NULL THEN admission(:service, :mode, :patient_key, :now) END)
    AS admitted (refused)
LEFT JOIN appointment_by_key(:key) AS earlier ON true
LEFT JOIN (
    SELECT slot.site, array_agg(DISTINCT found.resource) FILTER (WHERE NOT found.stale) AS taken,
           array_agg(DISTINCT found.resource) FILTER (WHERE found.stale) AS stale
    FROM slot(:service, :start, :mode, :station, :near, :now::timestamptz) CROSS JOIN LATERAL (
        SELECT resource, stale FROM blockers(
            slot.practitioner, slot.reserved, slot.station, :assistant, :patient_key, slot.during, :except, :now)
        UNION ALL
        SELECT 'day', coalesce(day.stale, false)
        FROM (SELECT) AS one LEFT JOIN day_place(:service, :start, :except, :now) AS day ON true
        WHERE day.stale IS NOT false) AS found
    GROUP BY slot.site) AS there ON true;

-- name: free_for_wish
-- Frees the expired holds that stand in the way of a new reservation; alone in its transaction.
SELECT free_expired_holds(slot.practitioner, slot.station, slot.reserved, slot.service, day.cap_day, :now)
FROM slot(:service, :start, :mode, :station, :near, :now::timestamptz)
LEFT JOIN day_place(:service, :start, NULL, :now) AS day ON true;

-- name: claim_move
-- The first half of a move: wins what the new time has beyond the old one, while the old one stays. A move shifts and
-- keeps the length, so the difference of new and old is one piece or the whole. On the same day it keeps its place
-- there, if places are counted. No row: not movable there.
SELECT claim(a, new.reserved - a.reserved, new.during - a.during, a.patient_key,
             CASE WHEN day.cap_day IS DISTINCT FROM a.cap_day THEN day.cap_day END,
             CASE WHEN day.cap_day IS DISTINCT FROM a.cap_day THEN day.cap_place END, NULL, NULL) AS won,
       day.cap_day, day.cap_place
FROM appointment a CROSS JOIN LATERAL moved_to(a, :start::timestamptz) AS new
JOIN LATERAL day_place(a.service, :start, a.id, :now) AS day ON NOT day.stale
WHERE a.id = :id AND a.epoch = :epoch AND a.status IN ('booked', 'arrived') AND lower(a.during) <> :start
  AND EXISTS (SELECT FROM slot(a.service, :start, a.mode, a.station, :near OR a.near, :now));

-- name: move
-- The second half: the old time goes as the new one comes. The code stays good and consent stays; old tickets are void.
WITH moved AS (
    UPDATE appointment SET (during, reserved) = (SELECT new.during, new.reserved FROM moved_to(appointment, :start) AS new),
        cap_day = :cap_day, cap_place = :cap_place, kept_outside = false, override_reason = NULL,
        status = 'booked', epoch = epoch + 1, admitted = NULL, changed = :now
    WHERE id = :id AND epoch = :epoch AND status IN ('booked', 'arrived')
    RETURNING appointment AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), coalesce(caller_site(), (it).site), 'appointment.move', (it).id FROM moved)
SELECT shown.* FROM moved CROSS JOIN LATERAL shown(it) CROSS JOIN LATERAL tell(it, 'moved', :now)
CROSS JOIN LATERAL refill((it).practitioner, (it).station)
CROSS JOIN LATERAL pg_notify('appointment_changed', shown.id::text);

-- name: blockers_of_move
-- Who stands in the way of a move.
SELECT DISTINCT a.site, found.resource, found.stale
FROM appointment a CROSS JOIN LATERAL moved_to(a, :start) AS new CROSS JOIN LATERAL (
    SELECT resource, stale FROM blockers(
        a.practitioner, new.reserved, a.station, a.assistant, a.patient_key, new.during, a.id, :now)
    UNION ALL
    SELECT 'day', coalesce(day.stale, false)
    FROM (SELECT) AS one LEFT JOIN LATERAL day_place(a.service, :start, a.id, :now) AS day ON true
    WHERE day.stale IS NOT false) AS found
WHERE a.id = :id;

-- name: free_for_move
-- Frees the expired holds that stand in the way of a move; alone in its transaction.
SELECT free_expired_holds(a.practitioner, a.station, new.reserved, a.service, day.cap_day, :now)
FROM appointment a CROSS JOIN LATERAL moved_to(a, :start) AS new
LEFT JOIN LATERAL day_place(a.service, :start, a.id, :now) AS day ON true WHERE a.id = :id;

-- name: cancel
-- Frees the time at once. A patient can until the practice's limit before the start; the practice also afterwards.
WITH cancelled AS (
    UPDATE appointment SET status = 'cancelled', cancelled_by = :by, epoch = epoch + 1, changed = :now
    WHERE id = :id AND epoch = :epoch AND status IN ('booked', 'arrived') AND (:by = 'practice' OR lower(during) > :now)
      AND (:by <> 'patient' OR lower(during) - (SELECT cancel_until FROM service s WHERE s.id = appointment.service) > :now)
    RETURNING appointment AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), coalesce(caller_site(), (it).site), 'appointment.cancel', (it).id
    FROM cancelled)
SELECT shown.* FROM cancelled CROSS JOIN LATERAL shown(it) CROSS JOIN LATERAL tell(it, 'cancelled', :now, :message)
CROSS JOIN LATERAL refill((it).practitioner, (it).station)
CROSS JOIN LATERAL pg_notify('appointment_changed', shown.id::text);

-- name: give_consent
-- Consent before the call: to which text, and when (Art. 7(1) GDPR).
WITH consented AS (
    UPDATE appointment SET consent_version = :version, changed = :now,
        consented = CASE WHEN consent_version = :version THEN consented ELSE :now END
    WHERE id = :id AND status IN ('booked', 'arrived')
    RETURNING appointment AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, caller_role(), caller_person(), coalesce(caller_site(), (it).site), 'consent.give', (it).id, :version
    FROM consented)
SELECT shown.* FROM consented CROSS JOIN LATERAL shown(it);

-- name: withdraw_consent
-- Consent taken back (Art. 7(3) GDPR): tickets are void, a running call ends.
WITH withdrawn AS (
    UPDATE appointment SET consent_version = NULL, consented = NULL, admitted = NULL, epoch = epoch + 1, changed = :now
    WHERE id = :id AND consented IS NOT NULL
    RETURNING appointment AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), coalesce(caller_site(), (it).site), 'consent.withdraw', (it).id
    FROM withdrawn)
SELECT shown.* FROM withdrawn CROSS JOIN LATERAL shown(it)
CROSS JOIN LATERAL pg_notify('appointment_changed', shown.id::text);

-- name: appointment
-- One appointment, as far as the caller may see it.
SELECT shown.* FROM appointment a CROSS JOIN LATERAL shown(a) WHERE a.id = :id;

-- name: appointment_by_code
-- Which appointment a code opens.
SELECT appointment_by_code(:digest);

-- name: day
-- A site's appointments of one local day, in order: a practice's own, or those at a pharmacy's stations.
SELECT shown.* FROM site, appointment a CROSS JOIN LATERAL shown(a)
WHERE site.id = :site AND (a.site = site.id OR a.station_site = site.id) AND a.patient_name IS NOT NULL
  AND lower(a.during) >= :day::date::timestamp AT TIME ZONE site.zone
  AND lower(a.during) < (:day::date + 1)::timestamp AT TIME ZONE site.zone
ORDER BY lower(a.during), a.id;
