-- Calendars that go out (feeds) and that come in (busy times).

-- name: add_feed
-- A new address for a practitioner's appointments; no more than ten at a time.
INSERT INTO feed (id, practitioner, digest, created)
SELECT :id::uuid, :practitioner::uuid, :digest::bytea, :now::timestamptz
WHERE (SELECT count(*) FROM feed WHERE practitioner = :practitioner AND revoked IS NULL) < 10;

-- name: revoke_feed
-- From now on the address opens nothing.
UPDATE feed SET revoked = :now WHERE id = :feed AND practitioner = :practitioner AND revoked IS NULL;

-- name: feeds
-- The addresses that are good.
SELECT id, created, last_read FROM feed WHERE practitioner = :practitioner AND revoked IS NULL ORDER BY created, id;

-- name: read_feed
-- Whose feed a secret opens.
SELECT practitioner, name, site_name FROM read_feed(:digest, :now);

-- name: feed_entries
-- The appointments of that feed.
SELECT id, start, "end", mode, initials, epoch, changed FROM feed_entries(:digest, :since);

-- name: practitioner
-- Whose calendars are asked about, and where they work.
SELECT site, person FROM practitioner WHERE id = :practitioner AND active;

-- name: add_calendar
-- A calendar to be read; nothing if it is there already, or ten others.
INSERT INTO busy_calendar (id, practitioner, url, added)
SELECT :id::uuid, :practitioner::uuid, :url::text, :now::timestamptz
WHERE (SELECT count(*) FROM busy_calendar WHERE practitioner = :practitioner) < 10
ON CONFLICT DO NOTHING;

-- name: remove_calendar
-- A calendar that is not to be read any more; its busy times go with it.
DELETE FROM busy_calendar WHERE id = :calendar AND practitioner = :practitioner;

-- name: calendars
-- A practitioner's own calendars, when each was read last, and how many busy times are still to come.
SELECT id, url, added, last_read, last_error,
       (SELECT count(*) FROM busy WHERE busy.calendar = c.id AND upper(during) > :now) AS times
FROM busy_calendar c WHERE practitioner = :practitioner ORDER BY added, id;

-- name: calendars_due
-- Puts the reading of every calendar that was not tried lately into the queue.
SELECT enqueue('busy', c.id::text, dedupe => 'busy ' || c.id) FROM busy_calendar c
JOIN practitioner p ON p.id = c.practitioner AND p.active
WHERE c.tried IS NULL OR c.tried < :now::timestamptz - interval '10 min';

-- name: read_soon
-- Puts the reading of one calendar into the queue.
SELECT enqueue('busy', :calendar::uuid::text, dedupe => 'busy ' || :calendar::uuid);

-- name: to_read
-- What is needed to read a calendar: whose it is, in which zone, how far ahead, and what was read last.
SELECT c.practitioner, c.url, c.etag, c.reaches, site.zone,
       coalesce((SELECT max(horizon) FROM service WHERE service.practitioner = p.id AND service.active), '30 days') AS horizon
FROM busy_calendar c JOIN practitioner p ON p.id = c.practitioner JOIN site ON site.id = p.site
WHERE c.id = :calendar;

-- name: lock_calendar
-- One writer of a calendar's busy times at a time. No row: it was removed meanwhile.
SELECT id FROM busy_calendar WHERE id = :calendar FOR UPDATE;

-- name: drop_busy
-- Busy times that the calendar does not have any more.
DELETE FROM busy WHERE calendar = :calendar AND during NOT IN (
    SELECT tstzrange(start, "end") FROM unnest(:starts::timestamptz[], :ends::timestamptz[]) AS meant (start, "end"));

-- name: add_busy
-- Busy times that are new in it.
INSERT INTO busy (calendar, practitioner, during)
SELECT :calendar::uuid, :practitioner::uuid, tstzrange(start, "end")
FROM unnest(:starts::timestamptz[], :ends::timestamptz[]) AS meant (start, "end")
ON CONFLICT DO NOTHING;

-- name: was_read
-- The calendar was read whole.
UPDATE busy_calendar SET tried = :now, last_read = :now, last_error = NULL, etag = :etag, reaches = :reaches
WHERE id = :calendar;

-- name: was_unchanged
-- The calendar is what it was.
UPDATE busy_calendar SET tried = :now, last_read = :now, last_error = NULL WHERE id = :calendar;

-- name: was_unreadable
-- The calendar could not be read; what was read before stays.
UPDATE busy_calendar SET tried = :now, last_error = :error WHERE id = :calendar;

-- name: busy
-- When a practitioner is busy elsewhere.
SELECT lower(during) AS start, upper(during) AS "end" FROM busy
WHERE practitioner = :practitioner AND upper(during) > :since;
