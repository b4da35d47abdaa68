-- migrate:up
-- Calendars: a practitioner's appointments as an iCalendar feed for their own calendar program, and the times at which
-- that calendar says they are busy. Of the feed initials leave the house, of the calendar nothing but times comes in.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE feed (
    id uuid PRIMARY KEY,
    practitioner uuid NOT NULL REFERENCES practitioner,
    digest bytea NOT NULL UNIQUE,           -- HMAC of the secret in its address
    created timestamptz NOT NULL,
    revoked timestamptz,
    last_read timestamptz                   -- to five minutes
);
CREATE INDEX feed_practitioner ON feed (practitioner);
COMMENT ON TABLE feed IS 'The addresses at which a practitioner''s appointments can be read. Retention: 90 days after revocation.';

CREATE TABLE busy_calendar (
    id uuid PRIMARY KEY,
    practitioner uuid NOT NULL REFERENCES practitioner,
    url text NOT NULL CHECK (length(url) BETWEEN 8 AND 2000),   -- a secret of whoever keeps that calendar
    etag text,                              -- of the edition that was read last
    reaches timestamptz,                    -- up to when that edition was read
    added timestamptz NOT NULL,
    tried timestamptz,
    last_read timestamptz,
    last_error text,                        -- a code of telemed.scheduling.feeds.busy; NULL: the last try went well
    UNIQUE (practitioner, url)
);
COMMENT ON TABLE busy_calendar IS 'Addresses of a practitioner''s own calendars. Retention: until removed.';

CREATE TABLE busy (
    calendar uuid NOT NULL REFERENCES busy_calendar ON DELETE CASCADE,
    practitioner uuid NOT NULL REFERENCES practitioner,
    during tstzrange NOT NULL CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)),
    PRIMARY KEY (calendar, during)
);
CREATE INDEX busy_practitioner ON busy (practitioner);
COMMENT ON TABLE busy IS 'When a practitioner''s own calendar says they are busy: times, never titles or names. '
    'Retention: until the calendar says otherwise or is removed.';

-- Whose feed a secret opens, and that it was read. To know the secret is to be allowed. No row: unknown or revoked.
CREATE FUNCTION read_feed(secret_digest bytea, at timestamptz)
    RETURNS TABLE (practitioner uuid, name text, site_name text)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        UPDATE feed SET last_read = at
        WHERE digest = secret_digest AND revoked IS NULL AND (last_read IS NULL OR last_read < at - interval '5 min');
        RETURN QUERY SELECT p.id, concat_ws(' ', nullif(p.title, ''), p.name), site.name
            FROM feed JOIN practitioner p ON p.id = feed.practitioner AND p.active
            JOIN site ON site.id = p.site AND site.active
            WHERE feed.digest = secret_digest AND feed.revoked IS NULL;
    END $$;

-- What such a feed tells: booked times with the patient's initials, made here so that no name leaves the database.
CREATE FUNCTION feed_entries(secret_digest bytea, since timestamptz)
    RETURNS TABLE (id uuid, start timestamptz, "end" timestamptz, mode text, initials text, epoch integer, changed timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT a.id, lower(a.during), upper(a.during), a.mode,
            (SELECT string_agg(upper(left(part, 1)) || '.', ' ' ORDER BY place)
             FROM regexp_split_to_table(a.patient_name, '[[:space:]-]+') WITH ORDINALITY AS parts (part, place)
             WHERE part ~ '[[:alpha:]]'),
            a.epoch, a.changed
        FROM feed JOIN appointment a ON a.practitioner = feed.practitioner
        WHERE feed.digest = secret_digest AND feed.revoked IS NULL
          AND a.status IN ('booked', 'arrived', 'fulfilled') AND upper(a.during) > since
        ORDER BY lower(a.during), a.id $$;

-- Walls. Whoever works at the practice; a doctor's own page narrows it further (feed.manage).
ALTER TABLE feed ENABLE ROW LEVEL SECURITY;
CREATE POLICY feed_own ON feed FOR ALL USING (
    caller_role() = 'system' OR (caller_role() IN ('practitioner', 'staff') AND EXISTS (
        SELECT FROM practitioner WHERE practitioner.id = feed.practitioner AND practitioner.site = caller_site())));

ALTER TABLE busy_calendar ENABLE ROW LEVEL SECURITY;
CREATE POLICY busy_calendar_own ON busy_calendar FOR ALL USING (
    caller_role() = 'system' OR (caller_role() IN ('practitioner', 'staff') AND EXISTS (
        SELECT FROM practitioner WHERE practitioner.id = busy_calendar.practitioner AND practitioner.site = caller_site())));

ALTER TABLE busy ENABLE ROW LEVEL SECURITY;
CREATE POLICY busy_own ON busy FOR ALL USING (
    caller_role() = 'system' OR (caller_role() IN ('practitioner', 'staff') AND EXISTS (
        SELECT FROM practitioner WHERE practitioner.id = busy.practitioner AND practitioner.site = caller_site())));

REVOKE EXECUTE ON FUNCTION read_feed, feed_entries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read_feed, feed_entries TO telemed_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON feed, busy_calendar, busy TO telemed_app;

-- migrate:down
SELECT 'forward only';
