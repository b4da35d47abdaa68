-- migrate:up
-- What those who wait are told: how many are before them, whether the doctor is with somebody, and how late it is.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE practitioner
    ADD COLUMN late_minutes integer NOT NULL DEFAULT 0 CHECK (late_minutes BETWEEN 0 AND 240),
    ADD COLUMN late_note text CHECK (length(late_note) BETWEEN 1 AND 200),
    ADD COLUMN late_until timestamptz;      -- after that it is forgotten; nobody has to take it back in the evening

-- Whether the patient waits or talks; a line that was lost a moment ago costs nobody their place.
CREATE FUNCTION present(a appointment, at timestamptz) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT EXISTS (SELECT FROM attendance WHERE attendance.appointment = a.id AND seat = 'patient'
                         AND coalesce("left", 'infinity') > at - interval '2 min') $$;

-- migrate:down
SELECT 'forward only';
