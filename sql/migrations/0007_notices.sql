-- migrate:up
-- What patients are told: written by the statement that causes it, sent by the worker, exactly one per cause and channel.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

-- How many hours before an appointment its patient is reminded, as the practice likes.
ALTER TABLE site ADD COLUMN reminders smallint[] NOT NULL DEFAULT '{72,2}' CHECK (reminders <@ '{72,2}');

-- queued -> sent; dead (given up, can be sent again); dropped (no longer true when it was due); done (told on the
-- telephone). Addresses are not copied here: they are read from the appointment when the notice is sent.
CREATE TABLE notice (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    appointment uuid REFERENCES appointment ON DELETE CASCADE,
    entry uuid,                             -- of the waiting list
    site uuid NOT NULL REFERENCES site,     -- the practice
    kind text NOT NULL CHECK (kind IN
        ('booked', 'moved', 'cancelled', 'reminder_72h', 'reminder_2h', 'follow_up', 'offer')),
    cause text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email', 'sms', 'phone')),     -- phone: the practice has to call
    language text NOT NULL CHECK (language IN ('de', 'en')),
    start timestamptz NOT NULL,             -- of the appointment that it tells of
    due timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'dead', 'dropped', 'done')),
    attempts smallint NOT NULL DEFAULT 0,
    last_error text,                        -- a word and a number, never an address
    message text,                           -- what the practice adds in its own words; erased when sent
    message_id text,                        -- as it was sent; the same again whenever it is repeated
    created timestamptz NOT NULL,
    sent timestamptz,
    UNIQUE (cause, channel),
    CHECK (num_nonnulls(appointment, entry) >= 1)
);
CREATE INDEX notice_appointment ON notice (appointment) WHERE appointment IS NOT NULL;
CREATE INDEX notice_for_people ON notice (site, created) WHERE status = 'dead' OR (channel = 'phone' AND status = 'queued');
CREATE INDEX notice_waiting ON notice (due) WHERE status = 'queued' AND channel <> 'phone';
COMMENT ON TABLE notice IS 'What a patient is told, when and how; without address. Retention: 90 days after it was due.';

-- The one way to write notices, with the owner's rights: callers may neither forge nor read them. The channels follow
-- from what contact the appointment has; what has to be seen soon goes both ways. With no contact, the practice has to
-- call, if it was the practice that changed something: a patient who did it themselves knows. Whoever has neither
-- e-mail nor mobile phone has the code on paper, so a booking needs no call. Reminders are due before the start, and
-- left out if that is over already, or almost.
CREATE FUNCTION tell(a appointment, kind text, at timestamptz, message text DEFAULT NULL) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ WITH meant AS (
            SELECT tell.kind, at AS due, concat_ws(' ', tell.kind, a.id, CASE WHEN tell.kind = 'moved' THEN a.epoch END) AS cause
            UNION ALL
            SELECT reminder.kind, reminder.due, concat_ws(' ', reminder.kind, a.id, extract(epoch FROM lower(a.during))::bigint)
            FROM site CROSS JOIN unnest(site.reminders) AS hours
            CROSS JOIN LATERAL (SELECT 'reminder_' || hours || 'h', lower(a.during) - hours * interval '1 hour') AS reminder (kind, due)
            WHERE site.id = a.site AND tell.kind IN ('booked', 'moved', 'follow_up') AND reminder.due > at + interval '1 hour'),
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

-- Whether a notice says what is still so, of an appointment that is still to come.
CREATE FUNCTION still_true(n notice, a appointment, at timestamptz) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT n.start > at AND CASE n.kind
        WHEN 'cancelled' THEN a.status = 'cancelled'
        WHEN 'offer' THEN a.status = 'held' AND a.expires > at
        ELSE a.status IN ('booked', 'arrived') AND lower(a.during) = n.start END $$;

ALTER TABLE notice ENABLE ROW LEVEL SECURITY;
CREATE POLICY notice_practice ON notice FOR ALL USING (
    caller_role() IN ('practitioner', 'staff') AND site = caller_site());
CREATE POLICY notice_system ON notice FOR ALL USING (caller_role() = 'system');

REVOKE EXECUTE ON FUNCTION tell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tell TO telemed_app;
GRANT SELECT, UPDATE, DELETE ON notice TO telemed_app;

-- migrate:down
SELECT 'forward only';
