-- The waiting list and its offers. Locks are taken in one order everywhere: entry, offer, appointment.

-- name: join
-- A place on the list. No row: that service is not offered so, or the same request has made its place already.
WITH made AS (
    INSERT INTO waitlist_entry (id, service, practitioner, site, mode, station, patient_name, birth_date, patient_key, email,
                                phone, language, carer_name, near, weekdays, since_time, until_time, from_date, until_date,
                                short_notice, appointment, code_digest, idempotency_key, idempotency_digest, added_by,
                                created, changed)
    SELECT :id::uuid, s.id, p.id, p.site, :mode::text, :station::uuid, :patient_name::text, :birth_date::date,
           :patient_key::bytea, :email::text, :phone::text, :language::text, :carer_name::text, :near::boolean,
           :weekdays::smallint[], :since_time::time, :until_time::time, :from_date::date, :until_date::date,
           :short_notice::interval, :appointment::uuid, :code_digest::bytea, :key::text, :digest::bytea, caller_person(),
           :now, :now
    FROM service s
    JOIN practitioner p ON p.id = s.practitioner AND p.active
    JOIN site ON site.id = p.site AND site.active
    LEFT JOIN station ON station.id = :station AND station.active
    WHERE s.id = :service AND s.active AND :mode = ANY (s.modes) AND (:mode = 'assisted') = (station.id IS NOT NULL)
      AND (caller_role() NOT IN ('staff', 'practitioner') OR p.site = caller_site())
      AND (caller_role() <> 'assistant' OR station.site = caller_site())
    ON CONFLICT DO NOTHING
    RETURNING waitlist_entry AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, detail)
    SELECT :now, caller_role(), caller_person(), (it).site, 'waitlist.join', (it).id::text FROM made)
SELECT shown.* FROM made CROSS JOIN LATERAL shown(it) CROSS JOIN LATERAL refill((it).practitioner);

-- name: made_by_key
-- What a request with this key has already made.
SELECT id, digest FROM entry_by_key(:key);

-- name: entry
-- One place on the list with its offer, as far as the caller may see it.
SELECT shown.* FROM waitlist_entry e CROSS JOIN LATERAL shown(e) WHERE e.id = :id;

-- name: entry_by_code
-- Which place a code opens.
SELECT entry_by_code(:digest);

-- name: entry_for
-- The place that waits to bring this appointment forward.
SELECT id FROM waitlist_entry WHERE appointment = :appointment AND status = 'waiting' ORDER BY created LIMIT 1;

-- name: of_site
-- Who waits at a practice, in the order in which they are offered times; and why not, if something else is in the way.
SELECT shown.*, admission(e.service, e.mode, e.patient_key, :now) AS refused,
       (SELECT count(*) FROM offer o WHERE o.entry = e.id AND o.status <> 'open') AS answered,
       e.phone IS NULL AND (NOT :by_email OR undeliverable(e, 'email')) AS unreachable
FROM waitlist_entry e JOIN site practice ON practice.id = e.site CROSS JOIN LATERAL shown(e)
WHERE e.site = :site AND e.status = 'waiting'
ORDER BY shown.practitioner_name, e.practitioner, comes_later(practice, e), e.created, e.id;

-- name: services
-- What patients can wait for at a practice.
SELECT s.id, s.name_de, s.name_en, s.duration, s.modes, p.id AS practitioner, p.title AS practitioner_title,
       p.name AS practitioner_name, p.specialty, site.id AS site, site.name AS site_name, site.town AS site_town, site.zone
FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site ON site.id = p.site
WHERE site.id = :site AND s.active AND p.active ORDER BY p.name, s.name_de, s.id;

-- name: stations
-- Where a patient can sit at a station, for all practices.
SELECT station.id, site.town || ', ' || site.name || ', ' || station.name AS name
FROM station JOIN site ON site.id = station.site WHERE station.active AND site.active ORDER BY site.town, site.name, station.name;

-- name: withdraw
-- A place is given up; an open offer is declined with it by the next statement.
WITH withdrawn AS (
    UPDATE waitlist_entry SET status = 'withdrawn', changed = :now WHERE id = :id AND status = 'waiting'
    RETURNING id, site)
INSERT INTO audit (at, role, person, site, verb, detail)
SELECT :now, caller_role(), caller_person(), site, 'waitlist.withdraw', id::text FROM withdrawn;

-- name: decline
-- An open offer is declined; the worker hands the time on. Without :offer: whichever is open.
WITH declined AS (
    UPDATE offer SET status = 'declined', decided = :now
    WHERE entry = :entry AND status = 'open' AND id = coalesce(:offer, id)
    RETURNING id, site, practitioner),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, detail)
    SELECT :now, caller_role(), caller_person(), site, 'waitlist.decline', id::text FROM declined)
SELECT enqueue('offer', practitioner::text, now(), 'offer ' || practitioner) FROM declined;

-- name: offer_status
-- What became of an offer.
SELECT status FROM offer WHERE id = :offer AND entry = :entry;

-- name: claim
-- Wins the offered time for the patient too, as claim_hold does. No row: the offer is over.
SELECT claim(a, 'empty', a.during, e.patient_key, NULL, NULL, NULL, NULL)
FROM waitlist_entry e JOIN offer o ON o.entry = e.id JOIN appointment a ON a.id = o.appointment
WHERE e.id = :entry AND e.status = 'waiting' AND o.id = :offer AND o.status = 'open' AND o.expires > :now
  AND a.status = 'held' AND admission(e.service, e.mode, e.patient_key, :now) IS NULL;

-- name: accept
-- The offer is accepted, if it is still open. What is held becomes an appointment in the statement after this one.
WITH booked AS (
    UPDATE waitlist_entry SET status = 'booked', appointment = coalesce(appointment, :hold), changed = :now
    WHERE id = :entry AND status = 'waiting'
    RETURNING id, patient_key, site),
accepted AS (
    UPDATE offer SET status = 'accepted', decided = :now FROM booked
    WHERE offer.id = :offer AND offer.entry = booked.id AND offer.status = 'open' AND offer.expires > :now
    RETURNING offer.id, booked.patient_key, booked.site),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, detail)
    SELECT :now, caller_role(), caller_person(), site, 'waitlist.accept', id::text FROM accepted)
SELECT patient_key FROM accepted;

-- name: give_way
-- The hold makes room for the appointment that is moved into its place, in the same transaction.
UPDATE appointment SET status = 'cancelled', changed = :now WHERE id = :hold AND status = 'held'
RETURNING cap_day, cap_place;

-- name: look_again
-- The worker shall look at this doctor's offers: one cannot be had any more.
SELECT enqueue('offer', practitioner::text, now(), 'offer ' || practitioner) FROM waitlist_entry WHERE id = :entry;

-- name: instead
-- Free starts that suit an entry, whether offered before or not.
SELECT found.start FROM waitlist_entry e JOIN site practice ON practice.id = e.site
CROSS JOIN LATERAL suiting(e, practice, :now, :limit) AS found
WHERE e.id = :entry ORDER BY found.start;

-- name: refill
-- Something of this doctor's time has become free.
SELECT refill(:practitioner);

-- name: watched
-- Doctors somebody waits for, or has an offer from.
SELECT practitioner AS id FROM waitlist_entry WHERE status = 'waiting'
UNION SELECT practitioner FROM offer WHERE status = 'open';

-- name: free_stale
-- Expired holds block nobody: freed before times are given out, alone in their transaction.
SELECT free_expired_holds(:practitioner, at.station, tstzrange(:now, 'infinity'), NULL, NULL, :now)
FROM (SELECT NULL::uuid AS station
      UNION SELECT station FROM waitlist_entry WHERE practitioner = :practitioner AND status = 'waiting') AS at;

-- name: alone
-- One worker at a time gives out times, until the end of the transaction: so offers go out in order, and this one
-- transaction may let go of times and take others (rules 3 and 4 of migration 0004) without meeting another of its kind.
-- The second lock is that of day_place: taken before anything is let go, it cannot be waited for by who waits for that.
SELECT pg_advisory_xact_lock(hashtextextended('telemed offers', 0)),
       pg_advisory_xact_lock(hashtextextended('day ' || :practitioner::uuid, 0));

-- name: finish
-- Places that have ended by themselves: the last day is over, the appointment to be brought forward is not there, the
-- same patient has won a time of this service by another place, or three offers went by without a word.
WITH over AS (
    SELECT e.id FROM waitlist_entry e JOIN site ON site.id = e.site
    WHERE e.practitioner = :practitioner AND e.status = 'waiting' AND (
        e.until_date < (:now AT TIME ZONE site.zone)::date
        OR e.appointment IS NOT NULL AND NOT EXISTS (
            SELECT FROM appointment a
            WHERE a.id = e.appointment AND a.status IN ('booked', 'arrived') AND lower(a.during) > :now)
        OR EXISTS (
            SELECT FROM waitlist_entry won WHERE won.practitioner = e.practitioner AND won.service = e.service
                AND won.patient_key = e.patient_key AND won.status = 'booked' AND won.changed > e.created)
        OR 3 <= (
            SELECT count(*) FROM offer o JOIN notice n ON n.appointment = o.appointment AND n.kind = 'offer' AND n.status = 'sent'
            WHERE o.entry = e.id AND o.expires <= :now AND o.status IN ('open', 'expired') AND o.created > coalesce(
                (SELECT max(decided) FROM offer d WHERE d.entry = e.id AND d.status = 'declined'), '-infinity')))
    FOR UPDATE OF e SKIP LOCKED)
UPDATE waitlist_entry e SET status = 'over', changed = :now FROM over WHERE e.id = over.id;

-- name: settle
-- Open offers that are over: the time to answer has passed, or the time cannot be had any more.
UPDATE offer o SET status = CASE WHEN o.expires <= :now THEN 'expired' ELSE 'lost' END, decided = :now
FROM waitlist_entry e, appointment a
WHERE o.practitioner = :practitioner AND o.status = 'open' AND e.id = o.entry AND a.id = o.appointment AND (
    o.expires <= :now OR e.status <> 'waiting' OR a.status <> 'held'
    OR admission(e.service, e.mode, e.patient_key, :now) IS NOT NULL
    OR EXISTS (SELECT FROM notice n WHERE n.cause = 'offer ' || o.id AND n.status IN ('dead', 'dropped'))
    OR EXISTS (SELECT FROM appointment other WHERE other.patient_key = e.patient_key AND other.during && a.during
                   AND other.status IN ('booked', 'arrived', 'fulfilled')));

-- name: release
-- What was held for offers that are over is free again.
UPDATE appointment a SET status = 'cancelled', changed = :now FROM offer o
WHERE o.practitioner = :practitioner AND o.status IN ('declined', 'expired', 'lost') AND a.id = o.appointment
  AND a.status = 'held';

-- name: next
-- The first on the list for whom a time is free that they can take, were not offered before, and can be told of; but
-- for starts that were tried in vain, which nobody behind shall get instead.
SELECT e.id AS entry, e.service, e.mode, e.station, e.near, e.channel, e.zone, free.start
FROM (
    SELECT e AS it, e.id, e.service, e.mode, e.station, e.near, e.created, practice, practice.zone,
           comes_later(practice, e) AS later, way.channel
    FROM waitlist_entry e JOIN site practice ON practice.id = e.site
    CROSS JOIN LATERAL (SELECT CASE
        WHEN e.email IS NOT NULL AND :by_email AND NOT undeliverable(e, 'email') THEN 'email'
        WHEN e.phone ~ '^\+491[567]' AND :by_sms AND NOT undeliverable(e, 'sms') THEN 'sms'
        WHEN e.phone IS NOT NULL THEN 'phone' END AS channel) AS way
    WHERE e.practitioner = :practitioner AND e.status = 'waiting' AND way.channel IS NOT NULL
      AND NOT EXISTS (
          SELECT FROM waitlist_entry same JOIN offer o ON o.entry = same.id AND o.status = 'open'
          WHERE same.practitioner = e.practitioner AND same.service = e.service AND same.patient_key = e.patient_key)
      AND admission(e.service, e.mode, e.patient_key, :now) IS NULL
    ORDER BY later, e.created, e.id) AS e
CROSS JOIN LATERAL (
    SELECT found.start
    FROM suiting(e.it, e.practice, :now, (
        SELECT count(*)::integer + 1 + cardinality(:lost::timestamptz[]) FROM offer o WHERE o.entry = e.id)) AS found
    WHERE NOT EXISTS (SELECT FROM offer o WHERE o.entry = e.id AND o.start = found.start)
      AND found.start <> ALL (:lost::timestamptz[])
    ORDER BY found.start LIMIT 1) AS free
ORDER BY e.later, e.created, e.id LIMIT 1;

-- name: offer
-- Holds a time for an entry, writes the offer and its notice, and sees to it that somebody looks when it is over. Nothing
-- at all if somebody else has just taken the time, or is changing the entry. The hold lasts a little longer than the
-- offer, so that the worker can hand the time on before anybody else sees it free.
WITH entry AS (
    SELECT e AS it, e.id, e.service, e.mode, e.station, e.near FROM waitlist_entry e
    WHERE e.id = :entry AND e.status = 'waiting'
    FOR UPDATE SKIP LOCKED),
held AS (
    INSERT INTO appointment (id, service, practitioner, site, station, station_site, during, reserved, cap_day, cap_place,
                             near, mode, status, expires, created, changed)
    SELECT :hold::uuid, slot.*, day.cap_day, day.cap_place, entry.near, entry.mode, 'held',
           :expires::timestamptz + interval '5 min', :now, :now
    FROM entry CROSS JOIN LATERAL slot(entry.service, :start, entry.mode, entry.station, entry.near, :now::timestamptz)
    JOIN LATERAL day_place(entry.service, :start, NULL, :now) AS day ON NOT day.stale
    ON CONFLICT DO NOTHING
    RETURNING id, practitioner, site),
made AS (
    INSERT INTO offer (id, entry, practitioner, site, appointment, start, expires, channel, created)
    SELECT :id::uuid, :entry, held.practitioner, held.site, held.id, :start, :expires, :channel::text, :now FROM held
    RETURNING offer AS it),
audited AS (
    INSERT INTO audit (at, role, person, site, verb, appointment, detail)
    SELECT :now, caller_role(), caller_person(), (it).site, 'waitlist.offer', (it).appointment, (it).id::text FROM made)
SELECT true FROM made CROSS JOIN LATERAL tell_offer(it)
CROSS JOIN LATERAL enqueue('offer', (it).practitioner::text, (it).expires + interval '1 second');
