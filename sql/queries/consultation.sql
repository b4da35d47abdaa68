-- Tickets, entering a room, and what the practitioner decides there. The room's log says the rest; none of these
-- statements runs for a session description or a candidate. `appointment_changed` and `appointment` are announced
-- with the appointment's id.

-- name: room
-- What decides over a ticket: the appointment's standing, whether the current text was consented to, and how each seat
-- is introduced.
SELECT a.id, a.epoch, a.status, lower(a.during) AS starts, upper(a.during) AS ends,
       coalesce(a.consent_version = :consent::text, false) AS consented, taken_in(a.id) AS taken_in, a.site, a.station AS station_id,
       a.station_site, p.person AS practitioner_person, coalesce(a.patient_name, '') AS patient_name,
       concat_ws(' ', nullif(p.title, ''), p.name) AS practitioner_name, concat_ws(', ', s.name, s.town) AS practice,
       coalesce(concat_ws(', ', h.name, h.town), '') AS station,
       ARRAY(SELECT seat FROM seating WHERE appointment = a.id AND epoch = a.epoch AND state = 'admitted') AS admitted,
       ARRAY(SELECT seat FROM seating WHERE appointment = a.id AND epoch = a.epoch AND state = 'barred') AS barred
FROM appointment a JOIN practitioner p ON p.id = a.practitioner JOIN site s ON s.id = a.site
LEFT JOIN site h ON h.id = a.station_site
WHERE a.id = :appointment;

-- name: person_name
-- How somebody with a login is introduced.
SELECT name FROM person WHERE id = :person AND active;

-- name: beside
-- Who was introduced where the patient sits, and has no seat.
SELECT introduced(:appointment::uuid);

-- name: enter
-- Those who enter, many at once: by appointment, its epoch as the ticket has it, seat, the attendance of a socket that
-- enters once more (else 0), and the pairing if it is a station's screen. A ticket is good if the appointment still stands
-- as it did; the others get no row. Nothing is locked: what changes at the same moment is announced afterwards, and then
-- ends the room.
WITH asked AS (
    SELECT * FROM unnest(:appointments::uuid[], :epochs::int[], :seats::text[], :attendances::bigint[],
                         :pairings::uuid[])
        WITH ORDINALITY AS wish (appointment, epoch, seat, attendance, pairing, number)),
good AS (
    SELECT asked.number, a.id, asked.seat, asked.attendance, a.status,
           asked.seat = 'practitioner' OR coalesce(seating.state = 'admitted', false) AS admitted
    FROM asked JOIN appointment a ON a.id = asked.appointment AND a.epoch = asked.epoch
    LEFT JOIN seating ON seating.appointment = a.id AND seating.epoch = a.epoch AND seating.seat = asked.seat
    WHERE a.status IN ('booked', 'arrived') AND (a.consent_version = :consent::text OR asked.seat = 'practitioner')
      AND seating.state IS DISTINCT FROM 'barred'
      AND (asked.pairing IS NULL OR EXISTS (SELECT FROM pairing WHERE id = asked.pairing AND ended IS NULL))),
arrived AS (
    UPDATE appointment SET status = 'arrived', changed = :now
    WHERE id IN (SELECT id FROM good WHERE seat = 'patient' AND status = 'booked') AND status = 'booked'),
tidied AS (
    UPDATE attendance SET "left" = :now FROM good
    WHERE attendance.appointment = good.id AND attendance.seat = good.seat AND "left" IS NULL
      AND attendance.id <> good.attendance),
sat AS (
    INSERT INTO attendance (appointment, seat, joined) SELECT id, seat, :now FROM good WHERE attendance = 0
    RETURNING id, appointment, seat)
SELECT good.number, coalesce(sat.id, good.attendance) AS attendance, good.admitted
FROM good LEFT JOIN sat ON sat.appointment = good.id AND sat.seat = good.seat
CROSS JOIN LATERAL pg_notify('appointment', good.id::text);

-- name: unpaired
-- Which of these pairings are over.
SELECT coalesce(array_agg(wanted.id), '{}') FROM unnest(:pairings::uuid[]) AS wanted (id)
WHERE NOT EXISTS (SELECT FROM pairing WHERE pairing.id = wanted.id AND ended IS NULL);

-- name: leave
-- Sockets that are gone; their pages may be back in a moment, under a new attendance.
WITH gone AS (
    UPDATE attendance SET "left" = :now WHERE id = ANY(:attendances::bigint[]) AND "left" IS NULL RETURNING appointment)
SELECT appointment FROM gone CROSS JOIN LATERAL pg_notify('appointment', appointment::text);

-- name: settle
-- The practitioner lets a seat in, sends it back to wait, calls it, or bars it for good, or a seat goes out by itself; the
-- doctor's list shows who is inside. To call who is in changes nothing.
WITH standing AS (
    UPDATE appointment SET
        admitted = CASE WHEN :seat::text <> 'patient' OR :state::text = 'called' THEN admitted
                        WHEN :state::text = 'admitted' THEN coalesce(admitted, :now) END
    WHERE id = :appointment AND epoch = :epoch AND status IN ('booked', 'arrived')
    RETURNING id, epoch, site),
settled AS (
    INSERT INTO seating (appointment, epoch, seat, state, at)
    SELECT id, epoch, :seat::text, :state::text, :now FROM standing
    ON CONFLICT (appointment, epoch, seat) DO UPDATE SET state = EXCLUDED.state, at = EXCLUDED.at
    WHERE seating.state <> 'barred' AND (:state::text <> 'called' OR seating.state <> 'admitted')),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, :role::text, :person::uuid, site, 'seat.' || :state::text, id, :seat::text FROM standing)
SELECT id FROM standing CROSS JOIN LATERAL pg_notify('appointment', id::text);

-- name: come_in
-- A seat that was called comes in by itself; again, if its request was repeated. No row: the practitioner has decided
-- otherwise meanwhile. The appointment is locked first, as by `settle`, so that one of the two is the later one.
WITH standing AS (
    UPDATE appointment SET admitted = CASE WHEN :seat::text = 'patient' THEN coalesce(admitted, :now) ELSE admitted END
    WHERE id = :appointment AND epoch = :epoch AND status IN ('booked', 'arrived')
    RETURNING id, epoch, site),
settled AS (
    UPDATE seating SET state = 'admitted', at = :now FROM standing
    WHERE seating.appointment = standing.id AND seating.epoch = standing.epoch AND seat = :seat::text
      AND state IN ('called', 'admitted')
    RETURNING id, site),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, :role::text, :person::uuid, site, 'seat.admitted', id, :seat::text FROM settled)
SELECT id FROM settled CROSS JOIN LATERAL pg_notify('appointment', id::text);

-- name: end
-- The practitioner ends the consultation: it took place, and every ticket is void.
WITH ended AS (
    UPDATE appointment SET status = 'fulfilled', epoch = epoch + 1, changed = :now
    WHERE id = :appointment AND epoch = :epoch AND status = 'arrived'
    RETURNING id, site),
left_all AS (
    UPDATE attendance SET "left" = :now FROM ended WHERE attendance.appointment = ended.id AND "left" IS NULL),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, 'practitioner', :person::uuid, site, 'consultation.end', id FROM ended)
SELECT id FROM ended CROSS JOIN LATERAL pg_notify('appointment', id::text);

-- name: verified
-- Whether the words on both screens were the same, as one side says; the words are not known here.
WITH standing AS (
    SELECT id, epoch FROM appointment WHERE id = :appointment AND epoch = :epoch AND status IN ('booked', 'arrived'))
INSERT INTO verified (appointment, epoch, seat, match, at)
SELECT id, epoch, :seat::text, :match::boolean, :now FROM standing
ON CONFLICT (appointment, epoch, seat) DO UPDATE SET match = EXCLUDED.match, at = EXCLUDED.at
RETURNING appointment;

-- name: lobby
-- What those who wait may know: whether their doctor is with somebody else, how many of that doctor's patients come
-- before them by the time of their appointment, and what the practice says about being late.
SELECT a.id AS appointment, others.talking > 0 AS busy, others.before AS ahead,
       CASE WHEN p.late_until > :now THEN p.late_minutes ELSE 0 END AS late_minutes,
       CASE WHEN p.late_until > :now THEN coalesce(p.late_note, '') ELSE '' END AS note
FROM appointment a JOIN practitioner p ON p.id = a.practitioner
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE inside(o)) AS talking,
           count(*) FILTER (WHERE NOT inside(o) AND (lower(o.during), o.id) < (lower(a.during), a.id)) AS before
    FROM appointment o
    WHERE o.practitioner = a.practitioner AND o.id <> a.id AND o.status = 'arrived' AND o.mode <> 'in_person'
      AND o.reserved && tstzrange(:now::timestamptz - interval '12 hours', :now + interval '12 hours') AND present(o, :now)) AS others
WHERE a.id = ANY (:appointments::uuid[]);

-- name: say_late
-- A practice says that a doctor will be later than planned today, or (0) not any more.
WITH late AS (
    UPDATE practitioner SET late_minutes = :minutes, late_note = nullif(:note, ''), late_until = :until
    WHERE id = :practitioner RETURNING id, site),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, detail)
    SELECT :now, caller_role(), caller_person(), site, 'lobby.late', id || ' ' || :minutes FROM late)
SELECT id FROM late CROSS JOIN LATERAL pg_notify('lobby', id::text);
