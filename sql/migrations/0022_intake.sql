-- migrate:up
-- Before somebody talks to a doctor from a station, whoever assists there has seen who they are, has introduced everybody,
-- has looked whether anybody overhears, and has the patient's consent, or that of whoever may speak for them.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE intake (
    appointment uuid PRIMARY KEY REFERENCES appointment ON DELETE CASCADE,
    epoch integer NOT NULL,                 -- of the appointment: moved, or consent withdrawn, they are received anew
    taken timestamptz NOT NULL,
    taken_by uuid NOT NULL REFERENCES person,
    identity text NOT NULL CHECK (identity IN ('card', 'camera', 'known')),     -- how; nothing of the card is kept (V-21)
    representative text,                    -- who agreed for the patient, if not they themselves
    representing text CHECK (representing IN ('parent', 'guardian', 'attorney')),
    CHECK ((representative IS NULL) = (representing IS NULL))
);
COMMENT ON TABLE intake IS 'That somebody at a station was received as they should be. Retention: as names of appointments.';
ALTER TABLE intake ENABLE ROW LEVEL SECURITY;
CREATE POLICY intake_read ON intake FOR SELECT USING (
    caller_role() IN ('assistant', 'practitioner', 'staff')
    AND EXISTS (SELECT FROM appointment WHERE appointment.id = intake.appointment));
CREATE POLICY intake_take ON intake FOR INSERT WITH CHECK (
    caller_role() = 'assistant' AND EXISTS (SELECT FROM appointment WHERE appointment.id = intake.appointment));
CREATE POLICY intake_again ON intake FOR UPDATE USING (
    caller_role() = 'assistant' AND EXISTS (SELECT FROM appointment WHERE appointment.id = intake.appointment));
CREATE POLICY intake_system ON intake FOR ALL USING (caller_role() = 'system');
GRANT SELECT, INSERT, UPDATE, DELETE ON intake TO telemed_app;

-- Whether it was for the appointment as it stands, or as it took place: the end of a consultation is an epoch of its own.
CREATE FUNCTION was_for(i intake, a appointment) RETURNS boolean LANGUAGE sql IMMUTABLE
    AS $$ SELECT i.appointment = a.id AND i.epoch = CASE WHEN a.status = 'fulfilled' THEN a.epoch - 1 ELSE a.epoch END $$;
-- A ticket asks for it with the eyes of whoever wants one, and a screen sees no person's name.
CREATE FUNCTION taken_in(of_appointment uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT EXISTS (SELECT FROM intake JOIN appointment a ON a.id = intake.appointment
        WHERE a.id = of_appointment AND was_for(intake, a)) $$;
-- Who received them, for the doctor, who sees no other person of that site.
CREATE FUNCTION taken_in_by(of_appointment uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT concat_ws(', ', person.name, site.name, site.town) FROM intake JOIN person ON person.id = intake.taken_by
        LEFT JOIN site ON site.id = person.site WHERE intake.appointment = of_appointment $$;

REVOKE EXECUTE ON FUNCTION taken_in, taken_in_by FROM PUBLIC;
GRANT EXECUTE ON FUNCTION taken_in, taken_in_by TO telemed_app;

-- Who may be with the patient at a station without a seat of their own: who received them, and who agreed for them.
CREATE FUNCTION introduced(at_appointment uuid) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT coalesce(min(array_remove(ARRAY[taken_in_by(at_appointment), representative], NULL)), '{}')
        FROM intake WHERE appointment = at_appointment $$;
REVOKE EXECUTE ON FUNCTION introduced FROM PUBLIC;
GRANT EXECUTE ON FUNCTION introduced TO telemed_app;

-- migrate:down
SELECT 'forward only';
