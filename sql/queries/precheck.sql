-- What patients' lines could bear when they were checked.

-- name: note
-- The latest check counts. Once the consultation is over nobody needs one.
INSERT INTO precheck (appointment, level, at)
SELECT id, :level::text, :now::timestamptz FROM appointment WHERE id = :appointment AND status IN ('booked', 'arrived')
ON CONFLICT (appointment) DO UPDATE SET (level, at) = (EXCLUDED.level, EXCLUDED.at);

-- name: latest
-- What to expect of an appointment's patient.
SELECT level, at FROM precheck WHERE appointment = :appointment;
