-- migrate:up
-- What comes after: the ride home or to the practice; and the site's own care: whether its stations work this morning, and
-- the figures of a month, which name nobody.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

-- When a citizen bus or an on-call taxi goes from a site, on its wall clock. Ended instead of deleted: rides that were
-- asked of it may still have to be called off.
CREATE TABLE ride (
    id uuid PRIMARY KEY,
    site uuid NOT NULL REFERENCES site,
    kind text NOT NULL CHECK (kind IN ('bus', 'taxi')),
    weekdays smallint[] NOT NULL CHECK (weekdays <> '{}' AND weekdays <@ '{1,2,3,4,5,6,7}'),     -- ISO 8601
    since time NOT NULL,
    until time NOT NULL CHECK (since < until),
    direction text NOT NULL CHECK (length(direction) BETWEEN 1 AND 120),
    email text NOT NULL,                    -- of the operator
    phone text NOT NULL,
    ended timestamptz
);
CREATE INDEX ride_site ON ride (site) WHERE ended IS NULL;
COMMENT ON TABLE ride IS 'Citizen buses and on-call taxis of a site. Retention: 90 days after they were taken off its page.';
ALTER TABLE ride ENABLE ROW LEVEL SECURITY;
CREATE POLICY ride_read ON ride FOR SELECT USING (true);
CREATE POLICY ride_own ON ride FOR ALL USING (caller_role() = 'system' OR caller_role() = 'assistant' AND site = caller_site());
GRANT SELECT, INSERT, UPDATE, DELETE ON ride TO telemed_app;

-- A ride that a patient has asked for. Place and time follow from the appointment; nothing else is told to the operator.
CREATE TABLE ride_request (
    id uuid PRIMARY KEY,
    appointment uuid NOT NULL REFERENCES appointment ON DELETE CASCADE,
    ride uuid NOT NULL REFERENCES ride,
    leg text NOT NULL CHECK (leg IN ('there', 'home')),
    at timestamptz NOT NULL,                -- there: to arrive by; home: to be fetched at
    consent_version text NOT NULL,
    consented timestamptz NOT NULL,
    asked_by uuid REFERENCES person,        -- on the patient's behalf (P-05)
    called_off timestamptz
);
CREATE UNIQUE INDEX ride_asked ON ride_request (appointment, leg) WHERE called_off IS NULL;
COMMENT ON TABLE ride_request IS 'Rides that patients asked for. Retention: two days after the ride.';
ALTER TABLE ride_request ENABLE ROW LEVEL SECURITY;
CREATE POLICY ride_request_of_appointment ON ride_request FOR ALL USING (
    caller_role() = 'system' OR caller_role() IN ('guest', 'assistant')
        AND EXISTS (SELECT FROM appointment WHERE appointment.id = ride_request.appointment));
GRANT SELECT, INSERT, UPDATE, DELETE ON ride_request TO telemed_app;

-- From which site the rides of an appointment go: from the station; to a practice from where the call before it was. A
-- walk-in has none until the doctor has come: before that it may be given back to the queue (tidy_walk_ins), and its
-- appointment is deleted with all that hangs on it.
CREATE FUNCTION ride_site(of_appointment uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT coalesce(a.station_site, before.station_site)
        FROM appointment a LEFT JOIN appointment before ON before.id = a.follow_up_of
        WHERE a.id = of_appointment AND (NOT EXISTS (SELECT FROM walk_in WHERE walk_in.id = a.id)
            OR EXISTS (SELECT FROM attendance WHERE attendance.appointment = a.id AND seat = 'practitioner')) $$;

ALTER TABLE notice ADD COLUMN ride uuid REFERENCES ride_request ON DELETE CASCADE;
CREATE INDEX notice_ride ON notice (ride) WHERE ride IS NOT NULL;
ALTER TABLE notice DROP CONSTRAINT notice_kind_check, ADD CONSTRAINT notice_kind_check CHECK (kind IN
    ('booked', 'moved', 'cancelled', 'reminder_72h', 'reminder_24h', 'reminder_2h', 'follow_up', 'offer', 'ride', 'ride_off'));
ALTER TABLE notice ADD CHECK ((ride IS NOT NULL) = (kind IN ('ride', 'ride_off')));
COMMENT ON TABLE notice IS 'What a patient is told, when and how; without address. Retention: 90 days after it was due; of a ride, with the ride.';

-- The operator is told of a ride, or that it is off: once, by whatever statement asked for it or called it off.
CREATE FUNCTION tell_operator(r ride_request, at timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ WITH written AS (
            INSERT INTO notice (appointment, site, ride, kind, cause, channel, language, start, due, created)
            SELECT a.id, a.site, r.id, kind, kind || ' ' || r.id, 'email', 'de', r.at, tell_operator.at, tell_operator.at
            FROM appointment a CROSS JOIN (SELECT CASE WHEN r.called_off IS NULL THEN 'ride' ELSE 'ride_off' END) AS what (kind)
            WHERE a.id = r.appointment
            ON CONFLICT (cause, channel) DO NOTHING RETURNING id)
        SELECT enqueue('notice', id::text, now(), 'notice ' || id) FROM written $$;

-- What an appointment was moved or cancelled from, or where nobody came, needs no ride; the operator is told so.
CREATE FUNCTION call_off_rides(of_appointment uuid, at timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ WITH off AS (
            UPDATE ride_request SET called_off = call_off_rides.at
            WHERE appointment = of_appointment AND called_off IS NULL RETURNING ride_request AS it)
        SELECT tell_operator(it, call_off_rides.at) FROM off $$;

-- How the letter to the operator fares; callers see no notices.
CREATE FUNCTION ride_letter(of_request uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT status FROM notice WHERE ride = of_request AND kind = 'ride' $$;

-- As before; and the rides of what was moved or cancelled are called off.
CREATE OR REPLACE FUNCTION tell(a appointment, kind text, at timestamptz, message text DEFAULT NULL) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT call_off_rides(a.id, tell.at) WHERE tell.kind IN ('moved', 'cancelled');
        WITH meant AS (
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

-- How a station was found on a morning; the last look of a day counts. No line: this installation cannot measure it.
CREATE TABLE station_check (
    station uuid NOT NULL REFERENCES station,
    day date NOT NULL,
    at timestamptz NOT NULL,
    camera text NOT NULL CHECK (camera IN ('ok', 'weak', 'bad')),
    microphone text NOT NULL CHECK (microphone IN ('ok', 'weak', 'bad')),
    line text CHECK (line IN ('ok', 'weak', 'bad')),
    PRIMARY KEY (station, day)
);
COMMENT ON TABLE station_check IS 'Whether camera, microphone and line of a station work; no persons. Retention: 90 days.';
ALTER TABLE station_check ENABLE ROW LEVEL SECURITY;
CREATE POLICY station_check_read ON station_check FOR SELECT USING (
    caller_role() IN ('assistant', 'practitioner', 'staff', 'system') OR caller_role() = 'station' AND station = caller_station());
CREATE POLICY station_check_note ON station_check FOR INSERT WITH CHECK (
    caller_role() = 'station' AND station = caller_station() AND (SELECT paired()));
CREATE POLICY station_check_again ON station_check FOR UPDATE USING (
    caller_role() = 'station' AND station = caller_station() AND (SELECT paired()));
CREATE POLICY station_check_system ON station_check FOR ALL USING (caller_role() = 'system');
GRANT SELECT, INSERT, UPDATE, DELETE ON station_check TO telemed_app;

-- What is left of walk-ins when they go, two days later: counts of a month.
CREATE TABLE walk_in_month (
    site uuid NOT NULL REFERENCES site,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    came integer NOT NULL,
    called_in integer NOT NULL,             -- by a doctor, who gave them an appointment at once
    waited interval NOT NULL,               -- all of those together
    PRIMARY KEY (site, month)
);
COMMENT ON TABLE walk_in_month IS 'How many walked into a site in a month, and how long they waited; no persons. Retention: kept.';
ALTER TABLE walk_in_month ENABLE ROW LEVEL SECURITY;
CREATE POLICY walk_in_month_system ON walk_in_month FOR ALL USING (caller_role() = 'system');
GRANT SELECT, INSERT, UPDATE, DELETE ON walk_in_month TO telemed_app;

-- The figures of a site's month, for those who work there. A count below five could be somebody, and is not told (null).
CREATE FUNCTION month_figures(in_month date)
    RETURNS TABLE (walk_ins bigint, consultations bigint, wait interval, checked bigint, broken bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT CASE WHEN w.came >= 5 THEN w.came END, CASE WHEN c.held >= 5 THEN c.held END,
            CASE WHEN w.called_in >= 5 THEN w.waited / w.called_in END, s.checked, s.broken
        FROM site
        CROSS JOIN LATERAL (SELECT in_month::timestamp AT TIME ZONE zone AS since,
            (in_month + interval '1 month') AT TIME ZONE zone AS until) AS span
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(part.came), 0)::bigint AS came, coalesce(sum(part.called_in), 0)::bigint AS called_in,
                   coalesce(sum(part.waited), '0') AS waited
            FROM (SELECT m.came, m.called_in, m.waited FROM walk_in_month m WHERE m.site = site.id AND m.month = in_month
                  UNION ALL
                  SELECT 1, (walk_in.status = 'accepted')::integer,
                         CASE WHEN walk_in.status = 'accepted' THEN walk_in.changed - walk_in.came ELSE '0' END
                  FROM walk_in WHERE walk_in.site = site.id AND walk_in.came >= span.since AND walk_in.came < span.until) AS part) AS w
        CROSS JOIN LATERAL (
            SELECT count(*) AS held FROM appointment a WHERE a.station_site = site.id AND a.status = 'fulfilled'
              AND lower(a.during) >= span.since AND lower(a.during) < span.until) AS c
        CROSS JOIN LATERAL (
            SELECT count(*) AS checked, count(*) FILTER (WHERE 'bad' IN (k.camera, k.microphone, k.line)) AS broken
            FROM station_check k JOIN station ON station.id = k.station
            WHERE station.site = site.id AND k.day >= in_month AND k.day < in_month + interval '1 month') AS s
        WHERE caller_role() = 'assistant' AND site.id = caller_site() $$;

REVOKE EXECUTE ON FUNCTION ride_site, tell_operator, call_off_rides, ride_letter, month_figures FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ride_site, tell_operator, call_off_rides, ride_letter, month_figures TO telemed_app;

-- migrate:down
SELECT 'forward only';
