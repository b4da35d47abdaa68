-- migrate:up
-- The house: extensions, the app's role, and the functions that tell the walls (row-level security) who is asking.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The caller of the current transaction, set by telemed.db.transaction with set_config(…, is_local => true).
-- An unset setting reads as '' or NULL: nobody, who passes no wall.
CREATE FUNCTION caller_role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.role', true), '') $$;
CREATE FUNCTION caller_person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.person', true), '')::uuid $$;
CREATE FUNCTION caller_site() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.site', true), '')::uuid $$;
CREATE FUNCTION caller_appointment() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.appointment', true), '')::uuid $$;

GRANT USAGE ON SCHEMA public TO telemed_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO telemed_app;

-- migrate:down
SELECT 'forward only';
