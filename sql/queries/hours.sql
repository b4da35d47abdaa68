-- When practices are open: rules and closures, the openings made of them, and appointments that lie outside.

-- name: add_rule
-- A recurring opening; the openings are to be rebuilt after it, and after each of the next five.
INSERT INTO rule (id, practitioner, recurrence, start_time, end_time, zone, from_date, until_date, on_holidays)
VALUES (:id, :practitioner, :recurrence, :start_time, :end_time, :zone, :from_date, :until_date, :on_holidays);

-- name: change_rule
-- Other days or times for a recurring opening.
UPDATE rule SET recurrence = :recurrence, start_time = :start_time, end_time = :end_time, zone = :zone,
    from_date = :from_date, until_date = :until_date, on_holidays = :on_holidays
WHERE id = :id;

-- name: end_rule
-- The last day of a recurring opening; the row stays, and with it what it was.
UPDATE rule SET until_date = :until_date WHERE id = :id;

-- name: remove_rule
-- A recurring opening that is to have no openings any more.
DELETE FROM rule WHERE id = :id;

-- name: add_closure
-- Time off, of one practitioner or (NULL) of everybody at the site.
INSERT INTO closure (id, site, practitioner, during, yearly, substitute, note)
VALUES (:id, :site, :practitioner, tstzrange(:start, :end), :yearly, :substitute, :note);

-- name: remove_closure
-- Time off that is not taken after all.
DELETE FROM closure WHERE id = :id;

-- name: set_on_holidays
-- Whether a practice is open on public holidays.
UPDATE site SET on_holidays = :on_holidays WHERE id = :site;

-- name: rules
-- What opens a practitioner's time.
SELECT id, recurrence, start_time, end_time, zone, from_date, until_date, on_holidays
FROM rule WHERE practitioner = :practitioner ORDER BY from_date, start_time, id;

-- name: rule
-- One recurring opening, and whose.
SELECT rule.id, practitioner, site, recurrence, start_time, end_time, rule.zone, from_date, until_date, on_holidays
FROM rule JOIN practitioner ON practitioner.id = rule.practitioner WHERE rule.id = :id;

-- name: closing
-- What closes a practitioner's time again: their own time off and that of the whole practice.
SELECT lower(during) AS start, upper(during) AS "end", yearly
FROM closure JOIN practitioner ON practitioner.site = closure.site
WHERE practitioner.id = :practitioner AND (closure.practitioner IS NULL OR closure.practitioner = practitioner.id)
  AND (yearly OR upper(during) > :since);

-- name: closures
-- A practice's time off that is not over, with the names of who is away and who covers.
SELECT c.id, c.site, c.practitioner, concat_ws(' ', nullif(away.title, ''), away.name) AS practitioner_name,
       lower(c.during) AS start, upper(c.during) AS "end", c.yearly,
       c.substitute, concat_ws(' ', nullif(covers.title, ''), covers.name) AS substitute_name, c.note
FROM closure c LEFT JOIN practitioner away ON away.id = c.practitioner LEFT JOIN practitioner covers ON covers.id = c.substitute
WHERE c.site = :site AND (c.yearly OR upper(c.during) > :now) ORDER BY lower(c.during), c.id;

-- name: closure
-- Whose time off that is.
SELECT id, site, practitioner FROM closure WHERE id = :id;

-- name: substitutions
-- When a doctor is away and who covers; for patients.
SELECT start, "end", yearly, substitute, name FROM substitutions(:practitioner, :now);

-- name: reach
-- How far ahead a practitioner's openings are needed, whose public holidays count, and whether they close.
SELECT site.zone, site.state, site.on_holidays,
       coalesce(max(service.horizon) FILTER (WHERE service.active), interval '30 days') AS horizon
FROM practitioner JOIN site ON site.id = practitioner.site LEFT JOIN service ON service.practitioner = practitioner.id
WHERE practitioner.id = :practitioner GROUP BY site.id;

-- name: lock_openings
-- One change of a practitioner's hours at a time.
SELECT pg_advisory_xact_lock(hashtextextended('opening ' || :practitioner::uuid, 0));

-- name: drop_openings
-- Openings that are no longer meant; the others stay as they are.
DELETE FROM opening WHERE practitioner = :practitioner AND during NOT IN (
    SELECT tstzrange(start, "end") FROM unnest(:starts::timestamptz[], :ends::timestamptz[]) AS meant (start, "end"));

-- name: add_openings
-- Openings that are newly meant.
INSERT INTO opening (practitioner, during)
SELECT :practitioner, tstzrange(start, "end")
FROM unnest(:starts::timestamptz[], :ends::timestamptz[]) AS meant (start, "end")
WHERE NOT EXISTS (SELECT FROM opening WHERE practitioner = :practitioner AND during = tstzrange(start, "end"));

-- name: practitioners
-- Whose openings time itself makes grow: every active practitioner with hours.
SELECT id FROM practitioner WHERE active AND EXISTS (SELECT FROM rule WHERE rule.practitioner = practitioner.id)
ORDER BY id;

-- name: practitioners_at
-- Whom a closure of the whole practice concerns; in order, so that two changes never wait for each other in a circle.
SELECT id FROM practitioner WHERE site = :site ORDER BY id;

-- name: practitioner
-- Somebody whose hours are asked for, and where they work.
SELECT p.id, p.site, concat_ws(' ', nullif(p.title, ''), p.name) AS name, site.zone
FROM practitioner p JOIN site ON site.id = p.site WHERE p.id = :practitioner;

-- name: hours_site
-- Where a whole practice closes, and by which clock.
SELECT id, zone FROM site WHERE id = :site;

-- name: audit
-- Who changed what a practice offers: hours, services, settings; only ids.
INSERT INTO audit (at, role, person, site, verb, detail)
VALUES (:now, caller_role(), caller_person(), coalesce(caller_site(), :site), :verb, :detail);

-- name: outside
-- Booked appointments of the future that no opening holds any more, and that nobody has decided to keep. Only as far as
-- openings reach.
SELECT shown.* FROM appointment a CROSS JOIN LATERAL shown(a)
WHERE a.site = :site AND a.status IN ('booked', 'arrived') AND lower(a.during) > :now
  AND NOT a.kept_outside AND a.override_reason IS NULL
  AND lower(a.during) < :now + (SELECT coalesce(max(s.horizon), interval '30 days') FROM service s
                                WHERE s.practitioner = a.practitioner AND s.active)
  AND NOT EXISTS (SELECT FROM opening o WHERE o.practitioner = a.practitioner AND o.during @> a.during)
ORDER BY lower(a.during), a.id LIMIT :limit;

-- name: keep
-- An appointment outside the hours that takes place all the same.
WITH kept AS (
    UPDATE appointment SET kept_outside = true, changed = :now
    WHERE id = :id AND status IN ('booked', 'arrived') AND NOT kept_outside
    RETURNING id, site)
INSERT INTO audit (at, role, person, site, verb, appointment)
SELECT :now, caller_role(), caller_person(), coalesce(caller_site(), site), 'appointment.keep', id FROM kept;

-- name: site_hours
-- When a site takes people who have booked one of its stations from elsewhere.
SELECT weekday, since, until FROM site_hours WHERE site = :site ORDER BY weekday, since;

-- name: drop_site_hours
-- Its hours, before the new ones come in the same transaction.
DELETE FROM site_hours WHERE site = :site;

-- name: add_site_hours
-- Its new hours.
INSERT INTO site_hours (site, weekday, since, until)
SELECT :site, * FROM unnest(:weekdays::smallint[], :since::time[], :until::time[]);

-- name: site_reach
-- By which clock and whose public holidays; no row: a site without stations, where nobody asks for hours.
SELECT zone, state, on_holidays FROM site WHERE id = :site AND EXISTS (SELECT FROM station WHERE station.site = site.id);

-- name: site_closing
-- What closes a whole site.
SELECT lower(during) AS start, upper(during) AS "end", yearly FROM closure
WHERE site = :site AND practitioner IS NULL AND (yearly OR upper(during) > :since);

-- name: drop_site_openings
-- Openings of a site that are no longer meant.
DELETE FROM site_opening WHERE site = :site AND during NOT IN (
    SELECT tstzrange(start, "end") FROM unnest(:starts::timestamptz[], :ends::timestamptz[]) AS meant (start, "end"));

-- name: add_site_openings
-- Openings of a site that are newly meant; whoever waits for its rooms is looked at again.
WITH added AS (
    INSERT INTO site_opening (site, during)
    SELECT :site, tstzrange(start, "end")
    FROM unnest(:starts::timestamptz[], :ends::timestamptz[]) AS meant (start, "end")
    WHERE NOT EXISTS (SELECT FROM site_opening WHERE site = :site AND during = tstzrange(start, "end"))
    RETURNING site)
SELECT refill(NULL, station.id) FROM station WHERE site = (SELECT site FROM added LIMIT 1);

-- name: sites_with_hours
-- Sites whose openings time itself makes grow.
SELECT id FROM site WHERE EXISTS (SELECT FROM station WHERE station.site = site.id)
  AND (EXISTS (SELECT FROM site_hours WHERE site_hours.site = site.id)
       OR EXISTS (SELECT FROM closure WHERE closure.site = site.id AND practitioner IS NULL))
ORDER BY id;
