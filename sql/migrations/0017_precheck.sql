-- migrate:up
-- What a patient's line could bear when it was checked, and the reminder of the day before that asks for that check.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

-- The latest verdict alone, without the figures that it came from. Not the epoch's: a line stays what it is when the
-- appointment is moved.
CREATE TABLE precheck (
    appointment uuid PRIMARY KEY REFERENCES appointment ON DELETE CASCADE,
    level text NOT NULL CHECK (level IN ('phone', 'audio', 'still', 'small', 'full')),
    at timestamptz NOT NULL
);
COMMENT ON TABLE precheck IS 'What to expect of a patient''s line: connection metadata. '
    'Retention: 2 days after the appointment, at most 90 days after the check (V-04).';

ALTER TABLE precheck ENABLE ROW LEVEL SECURITY;
-- What a line can bear is said by the patient's own page; whoever sees the appointment reads it.
CREATE POLICY precheck_of_appointment ON precheck FOR SELECT USING (
    EXISTS (SELECT FROM appointment WHERE appointment.id = precheck.appointment));
CREATE POLICY precheck_own ON precheck FOR ALL USING (
    caller_role() = 'system' OR caller_role() = 'guest' AND appointment = caller_appointment());
CREATE POLICY precheck_purge ON precheck AS RESTRICTIVE FOR DELETE USING (caller_role() = 'system');
GRANT SELECT, INSERT, UPDATE, DELETE ON precheck TO telemed_app;

ALTER TABLE site DROP CONSTRAINT site_reminders_check, ADD CONSTRAINT site_reminders_check CHECK (reminders <@ '{72,24,2}');
ALTER TABLE site ALTER COLUMN reminders SET DEFAULT '{72,24,2}';
UPDATE site SET reminders = '{72,24,2}' WHERE reminders @> '{72,2}';
ALTER TABLE notice DROP CONSTRAINT notice_kind_check, ADD CONSTRAINT notice_kind_check CHECK (kind IN
    ('booked', 'moved', 'cancelled', 'reminder_72h', 'reminder_24h', 'reminder_2h', 'follow_up', 'offer'));

-- As before; who comes by video from home is asked on the day before to check device and line,
CREATE OR REPLACE FUNCTION tell(a appointment, kind text, at timestamptz, message text DEFAULT NULL) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ WITH meant AS (
            SELECT tell.kind, at AS due, concat_ws(' ', tell.kind, a.id, CASE WHEN tell.kind = 'moved' THEN a.epoch END) AS cause
            UNION ALL
            SELECT reminder.kind, reminder.due, concat_ws(' ', reminder.kind, a.id, extract(epoch FROM lower(a.during))::bigint)
            FROM site CROSS JOIN unnest(site.reminders) AS hours
            CROSS JOIN LATERAL (SELECT 'reminder_' || hours || 'h', lower(a.during) - hours * interval '1 hour') AS reminder (kind, due)
            WHERE site.id = a.site AND tell.kind IN ('booked', 'moved', 'follow_up') AND reminder.due > at + interval '1 hour'
              AND (hours <> 24 OR a.mode = 'video')),
        contact AS (SELECT a.email IS NOT NULL AS email, coalesce(a.phone ~ '^\+491[567]', false) AS mobile),
        written AS (
            INSERT INTO notice (appointment, site, kind, cause, channel, language, start, due, message, created)
            SELECT a.id, a.site, meant.kind, meant.cause, way.channel, a.language, lower(a.during), meant.due, tell.message, at
            FROM meant CROSS JOIN contact CROSS JOIN LATERAL (
                SELECT 'email' AS channel WHERE contact.email
                UNION ALL
                SELECT 'sms' WHERE contact.mobile
                    AND (NOT contact.email OR meant.kind IN ('moved', 'cancelled', 'reminder_2h'))
                UNION ALL
                SELECT 'phone' WHERE NOT contact.email AND NOT contact.mobile AND meant.kind IN ('moved', 'cancelled')
                    AND caller_role() IN ('practitioner', 'staff', 'system')) AS way
            ON CONFLICT (cause, channel) DO NOTHING
            RETURNING id, channel, due)
        SELECT enqueue('notice', id::text, CASE WHEN due <= at THEN now() ELSE due END, 'notice ' || id)
        FROM written WHERE channel <> 'phone' $$;

-- unless they have done so meanwhile.
CREATE OR REPLACE FUNCTION still_true(n notice, a appointment, at timestamptz) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT n.start > at AND CASE n.kind
        WHEN 'cancelled' THEN a.status = 'cancelled'
        WHEN 'offer' THEN a.status = 'held' AND a.expires > at
        WHEN 'reminder_24h' THEN a.status IN ('booked', 'arrived') AND lower(a.during) = n.start AND a.mode = 'video'
            AND NOT EXISTS (SELECT FROM precheck WHERE precheck.appointment = a.id)
        ELSE a.status IN ('booked', 'arrived') AND lower(a.during) = n.start END $$;

-- migrate:down
SELECT 'forward only';
