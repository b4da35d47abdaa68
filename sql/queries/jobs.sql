-- The queue of jobs, and who works on it. The queue's own statements are PgQueuer's.

-- name: enqueue
-- Puts a job in the queue with the transaction; see `enqueue` in migration 0006_jobs.
SELECT enqueue(:entrypoint, :payload, coalesce(:due::timestamptz, now()), :dedupe);

-- name: seen
-- A worker says that it is there. By the server's clock: workers run on several machines.
INSERT INTO worker (id, seen) VALUES (:id, now()) ON CONFLICT (id) DO UPDATE SET seen = now();

-- name: gone
-- A worker says goodbye.
DELETE FROM worker WHERE id = :id;

-- name: worked
-- Whether any worker has been seen lately.
SELECT coalesce(max(seen) > now() - interval '2 minutes', false) FROM worker;
