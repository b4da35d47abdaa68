-- migrate:up
-- Places and who works where. Public knowledge, readable by everyone; written by import, demo and administrators.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE place (
    id integer PRIMARY KEY,                 -- GeoNames id
    name text NOT NULL,
    state text NOT NULL,                    -- ISO 3166-2:DE without the country: BB, MV, …
    lat double precision NOT NULL,          -- degrees, WGS 84
    lon double precision NOT NULL,
    population integer NOT NULL,            -- 0: unknown
    search text NOT NULL                    -- lower case, umlauts as ae/oe/ue/ss: telemed.directory.places.search_key
);
CREATE INDEX place_search ON place (search text_pattern_ops);
CREATE INDEX place_search_trgm ON place USING gin (search gin_trgm_ops);
CREATE INDEX place_where ON place (lat, lon);
COMMENT ON TABLE place IS 'A town or village. Retention: kept (public data).';

CREATE TABLE postal_code (
    code text NOT NULL CHECK (code ~ '^[0-9]{5}$'),
    name text NOT NULL,
    state text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    PRIMARY KEY (code, name)
);
CREATE INDEX postal_code_where ON postal_code (lat, lon);
COMMENT ON TABLE postal_code IS 'A postal code and a place it serves. Retention: kept (public data).';

CREATE TABLE data_file (
    name text PRIMARY KEY,
    digest text NOT NULL                    -- SHA-256 of the file and of how it is read
);
COMMENT ON TABLE data_file IS 'Which edition of the places and postal codes is loaded. Retention: kept.';

CREATE TABLE site (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('practice', 'pharmacy', 'hub')),
    name text NOT NULL CHECK (name <> ''),
    street text NOT NULL,
    postal_code text NOT NULL,
    town text NOT NULL,
    place integer NOT NULL REFERENCES place,
    state text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    phone text NOT NULL,                    -- E.164
    zone text NOT NULL DEFAULT 'Europe/Berlin',
    active boolean NOT NULL DEFAULT true
);
CREATE INDEX site_place ON site (place) WHERE active AND kind = 'practice';
COMMENT ON TABLE site IS 'An address where people are: practice, pharmacy or hub. Retention: kept.';

CREATE TABLE person (
    id uuid PRIMARY KEY,
    login text NOT NULL UNIQUE CHECK (login = lower(login) AND login <> ''),
    name text NOT NULL CHECK (name <> ''),
    role text NOT NULL CHECK (role IN ('practitioner', 'staff', 'assistant', 'admin')),
    site uuid REFERENCES site,
    password text NOT NULL,                 -- argon2id
    active boolean NOT NULL DEFAULT true,
    created timestamptz NOT NULL DEFAULT now(),
    CHECK (role = 'admin' OR site IS NOT NULL)
);
COMMENT ON TABLE person IS 'Anyone with a login. Retention: until the login is removed.';

CREATE TABLE practitioner (
    id uuid PRIMARY KEY,
    site uuid NOT NULL REFERENCES site,
    person uuid UNIQUE REFERENCES person,   -- the login that may take the practitioner's seat
    title text NOT NULL DEFAULT '',
    name text NOT NULL CHECK (name <> ''),
    specialty text NOT NULL,                -- a code of telemed.directory.specialties
    languages text[] NOT NULL DEFAULT '{de}',   -- BCP 47
    active boolean NOT NULL DEFAULT true
);
CREATE INDEX practitioner_site ON practitioner (site);
CREATE INDEX practitioner_specialty ON practitioner (specialty) WHERE active;
COMMENT ON TABLE practitioner IS 'A doctor at a practice, named in public on purpose (B-01). Retention: kept.';

CREATE TABLE service (
    id uuid PRIMARY KEY,
    practitioner uuid NOT NULL REFERENCES practitioner,
    name_de text NOT NULL CHECK (name_de <> ''),
    name_en text NOT NULL CHECK (name_en <> ''),
    duration interval NOT NULL CHECK (duration BETWEEN '5 min' AND '8 h'),
    buffer_before interval NOT NULL DEFAULT '0' CHECK (buffer_before BETWEEN '0' AND '4 h'),
    buffer_after interval NOT NULL DEFAULT '0' CHECK (buffer_after BETWEEN '0' AND '4 h'),
    notice interval NOT NULL DEFAULT '10 min' CHECK (notice BETWEEN '0' AND '90 days'),
    horizon interval NOT NULL DEFAULT '30 days' CHECK (horizon BETWEEN '1 day' AND '366 days'),
    grid interval NOT NULL CHECK (grid BETWEEN '5 min' AND '8 h'),
    modes text[] NOT NULL CHECK (modes <@ '{video,assisted,in_person}' AND cardinality(modes) > 0),
    active boolean NOT NULL DEFAULT true
);
CREATE INDEX service_practitioner ON service (practitioner);
COMMENT ON TABLE service IS 'What can be booked with a practitioner. Retention: kept.';

CREATE TABLE station (
    id uuid PRIMARY KEY,
    site uuid NOT NULL REFERENCES site,
    name text NOT NULL CHECK (name <> ''),
    active boolean NOT NULL DEFAULT true
);
CREATE INDEX station_site ON station (site);
COMMENT ON TABLE station IS 'A private room with a screen and devices at a site. Retention: kept.';

-- Walls. The directory is public to read; a site writes its own; persons are seen by their own site only.
ALTER TABLE person ENABLE ROW LEVEL SECURITY;
CREATE POLICY person_read ON person FOR SELECT USING (
    id = caller_person()
    OR (caller_role() IN ('practitioner', 'staff', 'assistant') AND site = caller_site())
    OR caller_role() IN ('admin', 'system'));
CREATE POLICY person_write ON person FOR ALL USING (caller_role() IN ('admin', 'system'));

ALTER TABLE practitioner ENABLE ROW LEVEL SECURITY;
CREATE POLICY practitioner_read ON practitioner FOR SELECT USING (true);
CREATE POLICY practitioner_write ON practitioner FOR ALL USING (
    caller_role() IN ('admin', 'system') OR (caller_role() IN ('practitioner', 'staff') AND site = caller_site()));

ALTER TABLE site ENABLE ROW LEVEL SECURITY;
CREATE POLICY site_read ON site FOR SELECT USING (true);
CREATE POLICY site_write ON site FOR ALL USING (
    caller_role() IN ('admin', 'system') OR (caller_role() IN ('practitioner', 'staff', 'assistant') AND id = caller_site()));

ALTER TABLE service ENABLE ROW LEVEL SECURITY;
CREATE POLICY service_read ON service FOR SELECT USING (true);
CREATE POLICY service_write ON service FOR ALL USING (
    caller_role() IN ('admin', 'system') OR (caller_role() IN ('practitioner', 'staff') AND EXISTS (
        SELECT FROM practitioner WHERE practitioner.id = service.practitioner AND practitioner.site = caller_site())));

ALTER TABLE station ENABLE ROW LEVEL SECURITY;
CREATE POLICY station_read ON station FOR SELECT USING (true);
CREATE POLICY station_write ON station FOR ALL USING (
    caller_role() IN ('admin', 'system') OR (caller_role() = 'assistant' AND site = caller_site()));

GRANT SELECT ON place, postal_code, data_file, site, person, practitioner, service, station TO telemed_app;
GRANT INSERT, UPDATE ON site, person, practitioner, service, station TO telemed_app;
GRANT INSERT, DELETE ON place, postal_code TO telemed_app;

-- migrate:down
SELECT 'forward only';
