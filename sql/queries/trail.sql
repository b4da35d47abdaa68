-- Sealing the trail of who did what, and comparing it with its seals (telemed/audit/trail.py).

-- name: given
-- The last id that was given out to a row of the trail, seen or not.
SELECT pg_sequence_last_value(pg_get_serial_sequence('audit', 'id')::regclass);

-- name: writers
-- Transactions that have begun to write to the trail and have not ended.
SELECT coalesce(array_agg(virtualtransaction), '{}') FROM pg_locks
WHERE locktype = 'relation' AND relation = 'audit'::regclass AND mode = 'RowExclusiveLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database());

-- name: alone
-- One seal at a time, until the end of the transaction; and what time it is.
SELECT now() FROM (SELECT pg_advisory_xact_lock(hashtextextended('seal', 0))) AS alone;

-- name: now
-- What time it is where seals get theirs.
SELECT now();

-- name: last
-- The seal that the next one follows.
SELECT number, first, last, at, kept, kept_since, kept_digest, brief, brief_since, brief_digest, digest
FROM seal ORDER BY number DESC LIMIT 1;

-- name: page
-- Seals in order.
SELECT number, first, last, at, kept, kept_since, kept_digest, brief, brief_since, brief_digest, digest
FROM seal WHERE number > :after ORDER BY number LIMIT :limit;

-- name: rows
-- Rows of the trail in order.
SELECT id, at, role, person, site, verb, appointment, detail, of_connection(verb) AS brief
FROM audit WHERE id > :after AND id <= :until ORDER BY id LIMIT :limit;

-- name: add
-- A new seal.
INSERT INTO seal (number, first, last, at, kept, kept_since, kept_digest, brief, brief_since, brief_digest, digest)
VALUES (:number, :first, :last, :at, :kept, :kept_since, :kept_digest, :brief, :brief_since, :brief_digest, :digest);

-- name: unsealed
-- How many rows are younger than the last seal.
SELECT count(*) FROM audit WHERE id > :after;
