-- migrate:up
-- What the practice's desk needs: who is here, people found by name as it is said on the telephone, an appointment put
-- beside others moved back into the hours, and a time taken again after "did not come" was a mistake.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

-- Since when the patient's page is open; a break of up to five minutes does not count.
CREATE FUNCTION here_since(a appointment) RETURNS timestamptz
    LANGUAGE sql STABLE
    AS $$ SELECT max(one.joined) FROM attendance one
        WHERE one.appointment = a.id AND one.seat = 'patient'
          AND EXISTS (SELECT FROM attendance still WHERE still.appointment = a.id AND still.seat = 'patient' AND still."left" IS NULL)
          AND NOT EXISTS (SELECT FROM attendance before WHERE before.appointment = a.id AND before.seat = 'patient'
                          AND before.joined < one.joined
                          AND (before."left" IS NULL OR before."left" > one.joined - interval '5 min')) $$;

-- Whether the patient has been let in.
CREATE FUNCTION inside(a appointment) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT EXISTS (SELECT FROM seating WHERE seating.appointment = a.id AND seating.epoch = a.epoch
                         AND seat = 'patient' AND state = 'admitted') $$;

-- A name as it is compared by ear: Ährenfeld, Aehrenfeld and ahrenfeld are one.
CREATE FUNCTION folded(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT replace(replace(replace(replace(translate(lower(name), 'äöüéèêáàâóòôúùûíìîçñłńśźżęąć-', 'aoueeeaaaooouuuiiicnlnszzeac '),
                                         'ß', 'ss'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u') $$;

-- As before; an appointment that was put beside others reserves its time like any other once it moves into the hours.
CREATE OR REPLACE FUNCTION moved_to(a appointment, start timestamptz, OUT during tstzrange, OUT reserved tstzrange)
    LANGUAGE sql STABLE
    AS $$ SELECT tstzrange(start, start + (upper(a.during) - lower(a.during))),
        CASE WHEN isempty(a.reserved) THEN (
            SELECT tstzrange(start - s.buffer_before, start + (upper(a.during) - lower(a.during)) + s.buffer_after)
            FROM service s WHERE s.id = a.service)
        ELSE tstzrange(
            start - (lower(a.during) - lower(a.reserved)), start + (upper(a.reserved) - lower(a.during))) END $$;

-- Wins the whole of an appointment's time once more, as `claim` does for a new one: "did not come" had given it away.
CREATE FUNCTION claim_again(of_appointment appointment) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ DECLARE
        claimed uuid;
    BEGIN
        INSERT INTO appointment (id, practitioner, service, site, station, station_site, assistant, mode, status, expires,
                                 reserved, during, patient_key, cap_day, cap_place, override_reason)
        VALUES (gen_random_uuid(), of_appointment.practitioner, of_appointment.service, of_appointment.site,
                of_appointment.station, of_appointment.station_site, of_appointment.assistant, of_appointment.mode,
                'held', '-infinity', of_appointment.reserved, of_appointment.during, of_appointment.patient_key,
                of_appointment.cap_day, of_appointment.cap_place, of_appointment.override_reason)
        ON CONFLICT DO NOTHING RETURNING id INTO claimed;
        DELETE FROM appointment WHERE id = claimed;
        RETURN claimed IS NOT NULL;
    END $$;

REVOKE EXECUTE ON FUNCTION claim_again FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_again TO telemed_app;

-- migrate:down
SELECT 'forward only';
