-- What waits for somebody at the practice, as counts; the lines stand in templates/desk/todo.html.

-- name: counts
-- Each column is a field of telemed.desk.todo.Todo; a subject without one here counts as nothing to do.
SELECT (SELECT count(*) FROM assessment WHERE site = :site AND patient_name IS NOT NULL) AS assessments,
       (SELECT count(*) FROM appointment a WHERE a.site = :site AND a.status IN ('booked', 'arrived')
            AND lower(a.during) > :now AND NOT a.kept_outside AND a.override_reason IS NULL
            AND lower(a.during) < :now + (SELECT coalesce(max(s.horizon), interval '30 days') FROM service s
                                          WHERE s.practitioner = a.practitioner AND s.active)
            AND NOT EXISTS (SELECT FROM opening o WHERE o.practitioner = a.practitioner AND o.during @> a.during)) AS outside,
       (SELECT count(*) FROM notice n JOIN appointment a ON a.id = n.appointment
        WHERE n.site = :site AND n.status = 'dead' AND n.entry IS NULL AND n.ride IS NULL AND still_true(n, a, :now)) AS notices,
       (SELECT count(*) FROM notice n JOIN appointment a ON a.id = n.appointment
        WHERE n.site = :site AND n.channel = 'phone' AND n.status = 'queued' AND still_true(n, a, :now)) AS calls,
       (SELECT count(*) FROM offer o WHERE o.site = :site AND o.status = 'open' AND o.channel = 'phone'
            AND o.expires > :now) AS offers;
