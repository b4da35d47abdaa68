-- Rides home or to the practice: when a bus or taxi goes from a site, and what patients have asked for.

-- name: of_site
-- The buses and taxis of a site.
SELECT id, site, kind, weekdays, since, until, direction, email, phone FROM ride
WHERE site = :site AND ended IS NULL ORDER BY weekdays, since, direction, id;

-- name: add
-- One more of them.
WITH added AS (
    INSERT INTO ride (id, site, kind, weekdays, since, until, direction, email, phone)
    VALUES (:id, caller_site(), :kind, :weekdays, :since, :until, :direction, :email, :phone) RETURNING id, site)
INSERT INTO audit (at, role, person, site, verb, detail)
SELECT :now, caller_role(), caller_person(), site, 'ride.add', id::text FROM added;

-- name: end
-- One that goes no more; rides that were asked of it stay.
WITH ended AS (UPDATE ride SET ended = :now WHERE id = :id AND site = caller_site() AND ended IS NULL RETURNING id, site)
INSERT INTO audit (at, role, person, site, verb, detail)
SELECT :now, caller_role(), caller_person(), site, 'ride.end', id::text FROM ended;

-- name: of_appointment
-- The buses and taxis of the site from which the rides of an appointment go.
SELECT ride.id, ride.site, ride.kind, ride.weekdays, ride.since, ride.until, ride.direction, ride.email, ride.phone
FROM ride WHERE ride.site = ride_site(:appointment) AND ride.ended IS NULL
ORDER BY ride.weekdays, ride.since, ride.direction, ride.id;

-- name: asked
-- The rides that are asked for an appointment, and how the letter about each fares.
SELECT r.id, r.leg, r.at, ride.kind, ride.direction, ride.phone, ride_letter(r.id) AS letter
FROM ride_request r JOIN ride ON ride.id = r.ride
WHERE r.appointment = :appointment AND r.called_off IS NULL ORDER BY r.at, r.id;

-- name: ask
-- A ride for an appointment, with the patient's consent; its operator is told by the same statement. No row: it is asked
-- already, it was asked and called off too often, or the appointment is over.
WITH asked AS (
    INSERT INTO ride_request (id, appointment, ride, leg, at, consent_version, consented, asked_by)
    SELECT :id, a.id, :ride, :leg, :at, :version, :now, caller_person() FROM appointment a
    WHERE a.id = :appointment AND a.status IN ('booked', 'arrived', 'fulfilled')
      AND (SELECT count(*) FROM ride_request r WHERE r.appointment = a.id AND r.leg = :leg) < :most
    ON CONFLICT (appointment, leg) WHERE called_off IS NULL DO NOTHING RETURNING ride_request AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'ride.ask', (it).appointment, :version FROM asked)
SELECT (it).id FROM asked CROSS JOIN LATERAL tell_operator(it, :now);

-- name: call_off
-- The patient does not need it, or takes the consent back; the operator is told.
WITH off AS (
    UPDATE ride_request SET called_off = :now
    WHERE appointment = :appointment AND leg = :leg AND called_off IS NULL RETURNING ride_request AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment)
    SELECT :now, caller_role(), caller_person(), caller_site(), 'ride.call_off', (it).appointment FROM off)
SELECT (it).id FROM off CROSS JOIN LATERAL tell_operator(it, :now);
