-- migrate:up
-- Hours a practice can live on: any recurrence by days, closures of a whole practice and of every year, who covers.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE rule ADD COLUMN recurrence text;            -- RFC 5545 section 3.3.10, over local dates from from_date on
UPDATE rule SET recurrence = 'FREQ=WEEKLY;'
    || CASE WHEN every_weeks > 1 THEN 'INTERVAL=' || every_weeks || ';' ELSE '' END
    || 'BYDAY=' || (SELECT string_agg(('{MO,TU,WE,TH,FR,SA,SU}'::text[])[day], ',' ORDER BY day)
                    FROM (SELECT DISTINCT unnest(weekdays)) AS opened (day));
ALTER TABLE rule
    ALTER COLUMN recurrence SET NOT NULL,
    ADD CHECK (recurrence ~ '^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*$' AND length(recurrence) <= 200),
    DROP COLUMN weekdays,
    DROP COLUMN every_weeks;

ALTER TABLE site ADD COLUMN on_holidays boolean NOT NULL DEFAULT false;     -- open on the public holidays of its state

-- A closure belongs to a site; whoever is closed and whoever covers work there, and the foreign keys hold that.
ALTER TABLE practitioner ADD CONSTRAINT practitioner_at_site UNIQUE (site, id);
ALTER TABLE closure
    ADD COLUMN site uuid REFERENCES site,
    ADD COLUMN yearly boolean NOT NULL DEFAULT false,       -- the same local dates in every later year too
    ADD COLUMN substitute uuid,                             -- who covers; nobody is reassigned (B-01)
    ALTER COLUMN practitioner DROP NOT NULL,                -- null: the whole practice
    DROP CONSTRAINT closure_practitioner_fkey;
UPDATE closure SET site = practitioner.site FROM practitioner WHERE practitioner.id = closure.practitioner;
ALTER TABLE closure
    ALTER COLUMN site SET NOT NULL,
    ADD CONSTRAINT closure_practitioner FOREIGN KEY (site, practitioner) REFERENCES practitioner (site, id),
    ADD CONSTRAINT closure_substitute FOREIGN KEY (site, substitute) REFERENCES practitioner (site, id),
    ADD CHECK (substitute IS NULL OR (practitioner IS NOT NULL AND substitute <> practitioner)),
    ADD CHECK (NOT yearly OR upper(during) - lower(during) < interval '366 days'),
    ADD CHECK (length(note) <= 200);
CREATE INDEX closure_site ON closure (site);

-- When a doctor is away and who covers: public, so that patients find the way; the note stays inside the practice.
CREATE FUNCTION substitutions(of_practitioner uuid, at timestamptz)
    RETURNS TABLE (start timestamptz, "end" timestamptz, yearly boolean, substitute uuid, name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT lower(c.during), upper(c.during), c.yearly, p.id, concat_ws(' ', nullif(p.title, ''), p.name)
        FROM closure c JOIN practitioner p ON p.id = c.substitute AND p.active
        WHERE c.practitioner = of_practitioner AND (c.yearly OR upper(c.during) > at) $$;

ALTER TABLE rule ENABLE ROW LEVEL SECURITY;
CREATE POLICY rule_own ON rule FOR ALL USING (
    caller_role() = 'system' OR (caller_role() IN ('practitioner', 'staff') AND EXISTS (
        SELECT FROM practitioner WHERE practitioner.id = rule.practitioner AND practitioner.site = caller_site())));
DROP POLICY closure_own ON closure;
CREATE POLICY closure_own ON closure FOR ALL USING (
    caller_role() = 'system' OR (caller_role() IN ('practitioner', 'staff') AND site = caller_site()));

REVOKE EXECUTE ON FUNCTION substitutions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION substitutions TO telemed_app;

-- migrate:down
SELECT 'forward only';
