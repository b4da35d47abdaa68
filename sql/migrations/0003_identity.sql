-- migrate:up
-- Keys that sign tokens, and refresh tokens in families so that a stolen one is noticed (RFC 9700 section 4.14.2).
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE signing_key (
    kid text PRIMARY KEY,                   -- the private key is derived from TELEMED_SECRET and this; none is stored
    created timestamptz NOT NULL DEFAULT now(),
    retired timestamptz                     -- signs no more; verifies until its last token has expired
);
COMMENT ON TABLE signing_key IS 'Names of the Ed25519 keys behind the JWKS. Retention: a day after retirement.';

CREATE TABLE refresh_token (
    id uuid PRIMARY KEY,
    family uuid NOT NULL,                   -- one login; reuse of a spent token ends the whole family
    person uuid NOT NULL REFERENCES person,
    digest bytea NOT NULL UNIQUE,           -- SHA-256 of the opaque token
    created timestamptz NOT NULL DEFAULT now(),
    expires timestamptz NOT NULL,
    spent timestamptz,
    revoked timestamptz
);
CREATE INDEX refresh_token_family ON refresh_token (family);
COMMENT ON TABLE refresh_token IS 'A login that can be renewed. Retention: until it expires.';

ALTER TABLE refresh_token ENABLE ROW LEVEL SECURITY;
CREATE POLICY refresh_token_own ON refresh_token FOR ALL USING (caller_role() = 'system' OR person = caller_person());

GRANT SELECT, INSERT, UPDATE, DELETE ON signing_key, refresh_token TO telemed_app;

-- migrate:down
SELECT 'forward only';
