-- migrate:up
-- A station may have a gateway beside its screen: a process that sends what its cameras and its stethoscope see and hear.
-- It is paired by a code as the screen is, takes a seat of its own in the room, and only ever sends.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE pairing ADD COLUMN gateway boolean NOT NULL DEFAULT false;
DROP INDEX station_paired;
CREATE UNIQUE INDEX station_paired ON pairing (station) WHERE ended IS NULL AND NOT gateway;
CREATE UNIQUE INDEX station_gateway ON pairing (station) WHERE ended IS NULL AND gateway;
COMMENT ON TABLE pairing IS 'Which browser is a station''s screen, which process its gateway. Retention: a code two days; 90 days after its end.';

ALTER TABLE attendance DROP CONSTRAINT attendance_seat_check,
    ADD CONSTRAINT attendance_seat_check CHECK (seat IN ('patient', 'practitioner', 'assistant', 'gateway'));
ALTER TABLE seating DROP CONSTRAINT seating_seat_check,
    ADD CONSTRAINT seating_seat_check CHECK (seat IN ('patient', 'assistant', 'gateway'));
-- Called: they may come in by themselves, until the practitioner says otherwise.
ALTER TABLE seating DROP CONSTRAINT seating_state_check,
    ADD CONSTRAINT seating_state_check CHECK (state IN ('admitted', 'held', 'called', 'barred'));

-- A gateway sees less than a screen: the appointment at its station while the patient is there.
CREATE POLICY appointment_gateway ON appointment FOR SELECT USING (
    caller_role() = 'gateway' AND station = caller_station() AND (SELECT paired()) AND status = 'arrived'
    AND during && (SELECT site_day(caller_site()) + tstzrange(caller_now() - interval '4 h', caller_now() + interval '1 h')));

-- migrate:down
SELECT 'forward only';
