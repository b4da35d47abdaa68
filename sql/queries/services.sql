-- What can be booked with the doctors of a practice, and what the practice as a whole settles: nearness, reminders.

-- name: offered
-- What can or could be booked with a practitioner, as the practice edits it; what is offered comes first.
SELECT id, practitioner, name_de, name_en, duration, buffer_before, buffer_after, notice, horizon, grid, modes, patients,
       languages, daily_cap, first_assessment, cancel_until, active
FROM service WHERE practitioner = :practitioner ORDER BY active DESC, duration, id;

-- name: one
-- One of them, and where its practitioner works.
SELECT s.id, s.practitioner, p.site, concat_ws(' ', nullif(p.title, ''), p.name) AS practitioner_name, name_de, name_en,
       duration, buffer_before, buffer_after, notice, horizon, grid, modes, patients, s.languages, daily_cap,
       first_assessment, cancel_until, s.active
FROM service s JOIN practitioner p ON p.id = s.practitioner WHERE s.id = :service;

-- name: add
-- Something new that can be booked.
INSERT INTO service (id, practitioner, name_de, name_en, duration, buffer_before, buffer_after, notice, horizon, grid, modes,
                     patients, languages, daily_cap, first_assessment, cancel_until)
VALUES (:id, :practitioner, :name_de, :name_en, :duration, :buffer_before, :buffer_after, :notice, :horizon, :grid, :modes,
        :patients, :languages, :daily_cap, :first_assessment, :cancel_until);

-- name: change
-- Other terms for it; what is booked keeps its own time.
UPDATE service SET name_de = :name_de, name_en = :name_en, duration = :duration, buffer_before = :buffer_before,
    buffer_after = :buffer_after, notice = :notice, horizon = :horizon, grid = :grid, modes = :modes,
    patients = :patients, languages = :languages, daily_cap = :daily_cap, first_assessment = :first_assessment,
    cancel_until = :cancel_until
WHERE id = :service;

-- name: offer
-- Whether it can be booked at all.
UPDATE service SET active = :active WHERE id = :service;

-- name: settings
-- What a practice has settled.
SELECT id, name, town, zone, near_minutes, near_share, near_until, head_start, reminders FROM site WHERE id = :site;

-- name: settle
-- What it settles now.
UPDATE site SET near_minutes = :near_minutes, near_share = :near_share, near_until = :near_until, head_start = :head_start,
    reminders = :reminders
WHERE id = :site;
