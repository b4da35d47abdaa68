-- migrate:up
-- Who was let into a room, or removed from it for good: what has to survive a restart of the server.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE seating (
    appointment uuid NOT NULL REFERENCES appointment ON DELETE CASCADE,
    epoch integer NOT NULL,                 -- of the appointment: moved, withdrawn or ended, everybody starts anew
    seat text NOT NULL CHECK (seat IN ('patient', 'assistant')),
    state text NOT NULL CHECK (state IN ('admitted', 'held', 'barred')),
    at timestamptz NOT NULL,
    PRIMARY KEY (appointment, epoch, seat)
);
COMMENT ON TABLE seating IS 'Who was let into a room or removed: connection metadata. Retention: at most 90 days (V-04).';

ALTER TABLE seating ENABLE ROW LEVEL SECURITY;
CREATE POLICY seating_of_appointment ON seating FOR ALL USING (
    EXISTS (SELECT FROM appointment WHERE appointment.id = seating.appointment));

GRANT SELECT, INSERT, UPDATE ON seating TO telemed_app;

-- migrate:down
SELECT 'forward only';
