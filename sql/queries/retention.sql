-- What has reached its end goes. telemed/audit/retention.py says which statement belongs to which table and age. Each
-- takes `:limit` rows at most that are older than `:before`, leaves those that somebody else has under their hands
-- (another worker, say), and says how many it took; run again, it goes on.

-- name: attendance
-- Who sat where and when.
WITH gone AS (
    DELETE FROM attendance WHERE id IN (
        SELECT id FROM attendance WHERE joined < :before ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: seating
-- Who was let in or removed.
WITH gone AS (
    DELETE FROM seating WHERE (appointment, epoch, seat) IN (
        SELECT appointment, epoch, seat FROM seating WHERE at < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: verified
-- Whether the words on both screens were the same.
WITH gone AS (
    DELETE FROM verified WHERE (appointment, epoch, seat) IN (
        SELECT appointment, epoch, seat FROM verified WHERE at < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: lines
-- What a line was found to bear, of appointments that are over.
WITH gone AS (
    DELETE FROM precheck WHERE appointment IN (
        SELECT p.appointment FROM precheck p JOIN appointment a ON a.id = p.appointment
        WHERE upper(a.during) < :before LIMIT :limit FOR UPDATE OF p SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: old_lines
-- What a line was found to bear, long ago.
WITH gone AS (
    DELETE FROM precheck WHERE appointment IN (
        SELECT appointment FROM precheck WHERE at < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: audit_brief
-- What the trail says of connections.
SELECT forget_audit(true, :before, :limit);

-- name: audit
-- The rest of the trail.
SELECT forget_audit(false, :before, :limit);

-- name: notices
-- What patients were told, with it the practice's words in what was never sent. What the operator of a ride was told is
-- needed as long as the ride can be called off, and goes with it.
WITH gone AS (
    DELETE FROM notice WHERE id IN (
        SELECT id FROM notice WHERE due < :before AND ride IS NULL LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: notice_words
-- The practice's own words in notices that nobody can send any more, because their appointment is over.
WITH emptied AS (
    UPDATE notice SET message = NULL WHERE id IN (
        SELECT id FROM notice WHERE message IS NOT NULL AND start < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM emptied;

-- name: long_waits
-- Places on the waiting list that nobody has ended.
WITH ended AS (
    UPDATE waitlist_entry SET status = 'over', changed = now() WHERE id IN (
        SELECT id FROM waitlist_entry WHERE status = 'waiting' AND created < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM ended;

-- name: waits
-- Places on the waiting list that have ended, with their offers; also those whose time is over and nobody has said so.
WITH gone AS (
    DELETE FROM waitlist_entry WHERE id IN (
        SELECT id FROM waitlist_entry e
        WHERE status <> 'waiting' AND changed < :before OR until_date < :before::timestamptz::date
           OR EXISTS (SELECT FROM appointment a WHERE a.id = e.appointment AND upper(a.during) < :before)
        LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: wait_keys
-- What a repeated request to join the waiting list is known by.
WITH emptied AS (
    UPDATE waitlist_entry SET idempotency_key = NULL, idempotency_digest = NULL WHERE id IN (
        SELECT id FROM waitlist_entry WHERE idempotency_key IS NOT NULL AND changed < :before
        LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM emptied;

-- name: calls
-- Name and number of somebody whom the practice has not called; what it had decided of them before stays.
WITH old AS (
    SELECT id FROM assessment WHERE patient_name IS NOT NULL AND asked < :before LIMIT :limit FOR UPDATE SKIP LOCKED),
emptied AS (
    UPDATE assessment SET patient_name = NULL, birth_date = NULL, phone = NULL, asked = decided
    FROM old WHERE assessment.id = old.id AND decided IS NOT NULL RETURNING 1),
gone AS (
    DELETE FROM assessment USING old WHERE assessment.id = old.id AND decided IS NULL RETURNING 1)
SELECT (SELECT count(*) FROM emptied) + (SELECT count(*) FROM gone);

-- name: results
-- Whom a practice knows, or has assessed.
WITH gone AS (
    DELETE FROM assessment WHERE id IN (
        SELECT id FROM assessment WHERE patient_name IS NULL AND decided < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: appointments
-- An appointment forgets who it was with. That the practice knows somebody who was there stays, as a result of their
-- assessment would (B-09); a question of theirs that is older than their visit is answered by it.
WITH old AS (
    SELECT id, site, service, patient_key, status, upper(during) AS ended FROM appointment
    WHERE forgotten IS NULL AND patient_name IS NOT NULL AND upper(during) < :before
    ORDER BY upper(during) LIMIT :limit FOR UPDATE SKIP LOCKED),
seen AS (
    INSERT INTO assessment AS it (id, site, service, patient_key, result, asked, decided)
    SELECT DISTINCT ON (site, patient_key) gen_random_uuid(), site, service, patient_key, 'known', ended, ended
    FROM old WHERE status = 'fulfilled' ORDER BY site, patient_key, ended DESC
    ON CONFLICT (site, patient_key) DO UPDATE SET result = 'known', decided = greatest(it.decided, excluded.decided),
        decided_by = NULL,
        patient_name = CASE WHEN it.asked > greatest(it.decided, excluded.decided) THEN it.patient_name END,
        birth_date = CASE WHEN it.asked > greatest(it.decided, excluded.decided) THEN it.birth_date END,
        phone = CASE WHEN it.asked > greatest(it.decided, excluded.decided) THEN it.phone END),
forgot AS (
    UPDATE appointment a SET patient_name = NULL, birth_date = NULL, patient_key = NULL, code_digest = NULL, email = NULL,
        phone = NULL, carer_name = NULL, booked_by = NULL, assistant = NULL, consent_version = NULL, consented = NULL,
        admitted = NULL, follow_up_of = NULL, idempotency_key = NULL, idempotency_digest = NULL,
        override_reason = left(override_reason, 0), changed = ended, forgotten = now()
    FROM old WHERE a.id = old.id
    RETURNING 1)
SELECT count(*) FROM forgot;

-- name: holds
-- Times that were held and not booked. One that was offered to somebody stays as long as the offer does.
WITH gone AS (
    DELETE FROM appointment WHERE id IN (
        SELECT id FROM appointment a
        WHERE forgotten IS NULL AND patient_name IS NULL AND status IN ('held', 'expired', 'cancelled')
          AND changed < :before AND coalesce(expires, '-infinity') < :before
          AND NOT EXISTS (SELECT FROM offer WHERE offer.appointment = a.id)
          AND NOT EXISTS (SELECT FROM waitlist_entry e WHERE e.appointment = a.id)
        LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: booking_keys
-- What a repeated request to book is known by.
WITH emptied AS (
    UPDATE appointment SET idempotency_key = NULL, idempotency_digest = NULL WHERE id IN (
        SELECT id FROM appointment WHERE idempotency_key IS NOT NULL AND changed < :before
        LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM emptied;

-- name: logins
-- Logins that cannot be renewed any more.
WITH gone AS (
    DELETE FROM refresh_token WHERE id IN (
        SELECT id FROM refresh_token WHERE expires < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: keys
-- Names of keys whose last token expired long ago.
WITH gone AS (
    DELETE FROM signing_key WHERE kid IN (
        SELECT kid FROM signing_key WHERE retired < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: codes
-- Codes of screens that nobody entered, or whose badge was never shown.
WITH gone AS (
    DELETE FROM pairing WHERE id IN (
        SELECT id FROM pairing WHERE serial = 0 AND expires < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: pairings
-- Pairings that are over.
WITH gone AS (
    DELETE FROM pairing WHERE id IN (
        SELECT id FROM pairing WHERE ended < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: intakes
-- That somebody at a station was received.
WITH gone AS (
    DELETE FROM intake WHERE appointment IN (
        SELECT intake.appointment FROM intake JOIN appointment ON appointment.id = intake.appointment
        WHERE upper(appointment.during) < :before LIMIT :limit FOR UPDATE OF intake SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: walk_ins
-- People without an appointment who have been called in, or have gone. How many there were in the month, and how long
-- they waited, is counted as they go: once, because it is the same statement.
WITH gone AS (
    DELETE FROM walk_in WHERE id IN (
        SELECT id FROM walk_in WHERE changed < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING site, came, status, changed),
counted AS (
    INSERT INTO walk_in_month AS it (site, month, came, called_in, waited)
    SELECT gone.site, date_trunc('month', gone.came AT TIME ZONE site.zone)::date AS month, count(*),
           count(*) FILTER (WHERE gone.status = 'accepted'),
           coalesce(sum(gone.changed - gone.came) FILTER (WHERE gone.status = 'accepted'), '0')
    FROM gone JOIN site ON site.id = gone.site GROUP BY gone.site, month ORDER BY gone.site, month
    ON CONFLICT (site, month) DO UPDATE SET came = it.came + excluded.came,
        called_in = it.called_in + excluded.called_in, waited = it.waited + excluded.waited)
SELECT count(*) FROM gone;

-- name: ride_requests
-- Rides that patients asked for, and what their operators were told.
WITH gone AS (
    DELETE FROM ride_request WHERE id IN (
        SELECT id FROM ride_request WHERE at < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: rides
-- Buses and taxis that go no more, once no ride is asked of them.
WITH gone AS (
    DELETE FROM ride WHERE id IN (
        SELECT id FROM ride WHERE ended < :before AND NOT EXISTS (SELECT FROM ride_request r WHERE r.ride = ride.id)
        LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: station_checks
-- How stations were found on their mornings.
WITH gone AS (
    DELETE FROM station_check WHERE (station, day) IN (
        SELECT station, day FROM station_check WHERE at < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: on_call
-- Which doctors were there for them.
WITH gone AS (
    DELETE FROM on_call WHERE practitioner IN (
        SELECT practitioner FROM on_call WHERE until < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: lateness
-- How late a doctor said they would be, and why, on a day that is over.
WITH emptied AS (
    UPDATE practitioner SET late_minutes = 0, late_note = NULL, late_until = NULL WHERE id IN (
        SELECT id FROM practitioner WHERE late_until < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM emptied;

-- name: closures
-- Time off that is long over, and the note with it; not what comes again every year.
WITH gone AS (
    DELETE FROM closure WHERE id IN (
        SELECT id FROM closure WHERE NOT yearly AND upper(during) < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: feeds
-- Addresses of calendars that were withdrawn.
WITH gone AS (
    DELETE FROM feed WHERE id IN (
        SELECT id FROM feed WHERE revoked < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: busy_times
-- Times from a practitioner's own calendar that are over.
WITH gone AS (
    DELETE FROM busy WHERE (calendar, during) IN (
        SELECT calendar, during FROM busy WHERE upper(during) < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: given_up
-- Jobs that broke a day long and were kept for somebody to look at.
WITH gone AS (
    DELETE FROM pgqueuer WHERE id IN (
        SELECT id FROM pgqueuer WHERE status NOT IN ('queued', 'picked') AND updated < :before
        LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: job_log
-- What became of jobs.
WITH gone AS (
    DELETE FROM pgqueuer_log WHERE id IN (
        SELECT id FROM pgqueuer_log WHERE created < :before ORDER BY created LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: job_counts
-- Counts of jobs, if PgQueuer ever writes some.
WITH gone AS (
    DELETE FROM pgqueuer_statistics WHERE id IN (
        SELECT id FROM pgqueuer_statistics WHERE created < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;

-- name: workers
-- Workers that died without a word.
WITH gone AS (
    DELETE FROM worker WHERE id IN (
        SELECT id FROM worker WHERE seen < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM gone;
