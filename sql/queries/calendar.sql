-- The practice's calendar, the people who call, and what is bookable for them. The walls leave each practice its own.

-- name: entries
-- Appointments, and holds that still run, of a while; of one practitioner or (NULL) all. `since` and `until` of what is
-- reserved; both null: put beside others.
SELECT shown.*, p.person AS practitioner_person, here_since(a) AS here_since, inside(a) AS inside,
       lower(a.reserved) AS reserved_since, upper(a.reserved) AS reserved_until
FROM appointment a JOIN practitioner p ON p.id = a.practitioner CROSS JOIN LATERAL shown(a)
WHERE a.site = :site AND (:practitioner::uuid IS NULL OR a.practitioner = :practitioner)
  AND lower(a.during) < :until AND lower(a.during) > :since::timestamptz - interval '1 day' AND upper(a.during) > :since
  AND CASE WHEN a.status = 'held' THEN a.expires > :now ELSE a.patient_name IS NOT NULL END
ORDER BY lower(a.during), a.id;

-- name: openings
-- Bookable time of a while.
SELECT o.practitioner, lower(o.during) AS start, upper(o.during) AS "end"
FROM opening o JOIN practitioner p ON p.id = o.practitioner
WHERE p.site = :site AND p.active AND (:practitioner::uuid IS NULL OR o.practitioner = :practitioner)
  AND lower(o.during) < :until AND upper(o.during) > :since
ORDER BY lower(o.during), o.practitioner;

-- name: closures
-- Time off that may meet a while; yearly ones are repeated by the reader.
SELECT c.id, c.practitioner, concat_ws(' ', nullif(p.title, ''), p.name) AS practitioner_name,
       lower(c.during) AS start, upper(c.during) AS "end", c.yearly, c.note
FROM closure c LEFT JOIN practitioner p ON p.id = c.practitioner
WHERE c.site = :site AND (:practitioner::uuid IS NULL OR c.practitioner IS NULL OR c.practitioner = :practitioner)
  AND lower(c.during) < :until AND (c.yearly OR upper(c.during) > :since)
ORDER BY lower(c.during), c.id;

-- name: services
-- What the practice itself can book, doctor by doctor.
SELECT s.id, s.name_de, s.name_en, s.duration, s.modes, p.id AS practitioner, p.title AS practitioner_title,
       p.name AS practitioner_name, p.specialty, site.id AS site, site.name AS site_name, site.town AS site_town,
       site.zone, s.first_assessment, s.patients
FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site ON site.id = p.site
WHERE site.id = :site AND s.active AND p.active AND s.modes && '{video,in_person}'
ORDER BY p.name, p.id, s.name_de, s.id;

-- name: people
-- Who has been booked at this practice and is not forgotten yet, by the beginnings of their names or by birth date; each
-- person once, as they were booked last.
SELECT * FROM (
    SELECT DISTINCT ON (a.patient_key) a.id, a.patient_name AS name, a.birth_date, a.email, a.phone, a.service, a.mode,
           lower(a.during) AS start
    FROM appointment a
    WHERE a.site = :site AND a.patient_name IS NOT NULL AND a.status <> 'held'
      AND lower(a.during) > :now::timestamptz - interval '90 days'
      AND (:born::date IS NULL OR a.birth_date = :born)
      AND ' ' || folded(a.patient_name) LIKE ALL (ARRAY(SELECT '% ' || folded(word) || '%' FROM unnest(:words::text[]) AS word))
    ORDER BY a.patient_key, a.created DESC, a.id) AS person
ORDER BY name, birth_date, id LIMIT :limit;
