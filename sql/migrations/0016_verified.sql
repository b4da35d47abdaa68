-- migrate:up
-- Whether both sides of a consultation saw the same three words: yes or no from each, never the words.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE verified (
    appointment uuid NOT NULL REFERENCES appointment ON DELETE CASCADE,
    epoch integer NOT NULL,                 -- of the appointment
    seat text NOT NULL CHECK (seat IN ('patient', 'practitioner')),
    match boolean NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (appointment, epoch, seat)
);
COMMENT ON TABLE verified IS 'Whether the words on both screens were the same: connection metadata. Retention: at most 90 days (V-04).';

-- The room alone, which speaks as the appointment's guest, and whoever exports or erases: no staff, no other seat.
ALTER TABLE verified ENABLE ROW LEVEL SECURITY;
CREATE POLICY verified_in_the_room ON verified FOR ALL USING (
    caller_role() = 'system' OR (caller_role() = 'guest' AND appointment = caller_appointment()));
CREATE POLICY verified_purge ON verified AS RESTRICTIVE FOR DELETE USING (caller_role() = 'system');

GRANT SELECT, INSERT, UPDATE, DELETE ON verified TO telemed_app;

-- migrate:down
SELECT 'forward only';
