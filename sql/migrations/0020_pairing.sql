-- migrate:up
-- A station says what it is: how to find it, its devices, how one gets in, and that nobody overhears. Whoever assists
-- there has their training noted. Its screen is paired once by a code, and is known from then on until somebody ends it.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE station
    ADD COLUMN directions text NOT NULL DEFAULT '' CHECK (length(directions) <= 200),   -- for those who look for the room
    ADD COLUMN devices text[] NOT NULL DEFAULT '{}' CHECK (devices <@ '{printer,blood_pressure,oximeter,thermometer,scales,
        glucose,dermatoscope,otoscope,stethoscope}'),
    ADD COLUMN accessibility text[] NOT NULL DEFAULT '{}' CHECK (accessibility <@ '{step_free,wide_door,wheelchair_toilet,
        hearing_loop,seat_with_arms,parking}'),
    ADD COLUMN privacy text[] NOT NULL DEFAULT '{}' CHECK (privacy <@ '{door,sound,windows,screen,cameras}'),   -- P-03
    ADD COLUMN privacy_checked timestamptz,         -- when somebody last went through that list in the room,
    ADD COLUMN privacy_checked_by uuid REFERENCES person,
    ADD CHECK ((privacy_checked IS NULL) = (privacy_checked_by IS NULL));

CREATE TABLE training (
    person uuid NOT NULL REFERENCES person,
    topic text NOT NULL CHECK (topic IN ('telemedicine', 'confidentiality', 'medical_tasks', 'devices')),
    passed date NOT NULL,
    noted timestamptz NOT NULL,
    noted_by uuid NOT NULL REFERENCES person,
    PRIMARY KEY (person, topic)
);
COMMENT ON TABLE training IS 'What somebody who assists at a station has learnt, and when. Retention: as their login.';
ALTER TABLE training ENABLE ROW LEVEL SECURITY;
CREATE POLICY training_of_site ON training FOR ALL USING (
    caller_role() IN ('admin', 'system') OR caller_role() = 'assistant' AND EXISTS (
        SELECT FROM person WHERE person.id = training.person AND person.site = caller_site()));
GRANT SELECT, INSERT, UPDATE, DELETE ON training TO telemed_app;

-- A screen without a station shows a code; the code becomes a pairing when somebody who works there enters it. A paired
-- screen carries a badge (telemed/identity/badges.py) that changes every few minutes. Of two screens with copies of one
-- badge, the second to come back shows one that the other has changed meanwhile: then the pairing ends for both.
CREATE TABLE pairing (
    id uuid PRIMARY KEY,
    code_digest bytea UNIQUE,               -- HMAC of the code; gone when it is entered
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL,           -- of the code, and of fetching a first badge
    station uuid REFERENCES station,
    site uuid REFERENCES site,
    paired timestamptz,
    paired_by uuid REFERENCES person,
    serial integer NOT NULL DEFAULT 0,      -- of the badge that was shown last; 0: none yet
    badge text,                             -- its name,
    advanced timestamptz,                   -- when it came,
    seen timestamptz,                       -- and when it was shown last, not the one before it
    ended timestamptz,
    ended_by uuid REFERENCES person,
    why text CHECK (why IN ('staff', 'copied')),
    CHECK (num_nulls(station, site, paired, paired_by) IN (0, 4)),
    CHECK ((ended IS NULL) = (why IS NULL))
);
CREATE UNIQUE INDEX station_paired ON pairing (station) WHERE ended IS NULL;
COMMENT ON TABLE pairing IS 'Which browser is a station''s screen. Retention: a code two days; 90 days after its end.';
ALTER TABLE pairing ENABLE ROW LEVEL SECURITY;
CREATE POLICY pairing_site ON pairing FOR ALL USING (
    caller_role() IN ('admin', 'system') OR caller_role() = 'assistant' AND site = caller_site());
GRANT SELECT, INSERT, UPDATE, DELETE ON pairing TO telemed_app;

-- The caller as a station's screen.
CREATE FUNCTION caller_station() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.station', true), '')::uuid $$;
CREATE FUNCTION caller_pairing() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.pairing', true), '')::uuid $$;

-- Whether the calling screen is paired still. The wall asks it, so that an end of the pairing is felt by every query.
CREATE FUNCTION paired() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT EXISTS (SELECT FROM pairing WHERE id = caller_pairing() AND station = caller_station() AND ended IS NULL) $$;

-- Whether a badge is the one that a screen should have: the current one, its successor, or, for as long as answers to two
-- questions at once may be under way, the one before it. Also the one before it if the current one was used for less than
-- a minute: browsers write their cookies down some time later, and a screen whose power was cut comes back with the old one.
CREATE FUNCTION is_genuine(p pairing, shown_serial integer, shown text, at timestamptz) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT coalesce(shown_serial = p.serial + 1 OR shown_serial = p.serial AND shown = p.badge
                          OR shown_serial IN (p.serial - 1, p.serial) AND at < p.advanced + interval '20 s'
                          OR shown_serial = p.serial - 1 AND p.seen < p.advanced + interval '1 min', false) $$;

-- A screen sees what takes place at its station today, around midnight as staff do (0014_stations), and changes nothing.
CREATE POLICY appointment_screen ON appointment FOR SELECT USING (
    caller_role() = 'station' AND station = caller_station() AND (SELECT paired())
    AND during && (SELECT site_day(caller_site()) + tstzrange(caller_now() - interval '4 h', caller_now() + interval '1 h')));

-- The code on a screen, entered by somebody who works where the station is: that screen is the station's from now on.
-- No row: there is no such code (any more). A station that has a screen meets the unique index station_paired.
CREATE FUNCTION pair(digest bytea, with_station uuid, at timestamptz) RETURNS SETOF uuid
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ UPDATE pairing SET station = room.id, site = room.site, paired = at, paired_by = caller_person(), code_digest = NULL
        FROM station room
        WHERE pairing.code_digest = digest AND pairing.expires > at AND pairing.station IS NULL
          AND room.id = with_station AND room.active AND caller_role() = 'assistant' AND room.site = caller_site()
        RETURNING pairing.id $$;

REVOKE EXECUTE ON FUNCTION paired, pair FROM PUBLIC;
GRANT EXECUTE ON FUNCTION paired, pair TO telemed_app;

-- migrate:down
SELECT 'forward only';
