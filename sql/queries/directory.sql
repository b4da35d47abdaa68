-- Places, the towns where doctors are, and who works there. Public knowledge: the walls let everybody read it.

-- name: loaded
-- Which edition of a data file is in the database.
SELECT digest FROM data_file WHERE name = :name;

-- name: remember_loaded
-- This edition is in now.
INSERT INTO data_file (name, digest) VALUES (:name, :digest) ON CONFLICT (name) DO UPDATE SET digest = excluded.digest;

-- name: put_places
-- The places of the new edition; those that are there already are changed, so that a site keeps its place.
INSERT INTO place (id, name, state, lat, lon, population, search)
SELECT * FROM unnest(:ids::integer[], :names::text[], :states::text[], :lats::float8[], :lons::float8[],
                     :populations::integer[], :keys::text[])
ON CONFLICT (id) DO UPDATE SET name = excluded.name, state = excluded.state, lat = excluded.lat, lon = excluded.lon,
    population = excluded.population, search = excluded.search;

-- name: drop_places
-- Places that the new edition has no more, unless a site is there.
DELETE FROM place WHERE id <> ALL (:ids::integer[]) AND NOT EXISTS (SELECT FROM site WHERE site.place = place.id);

-- name: drop_postal_codes
-- All of them, before the new edition comes in the same transaction.
DELETE FROM postal_code;

-- name: put_postal_codes
-- The postal codes of the new edition.
INSERT INTO postal_code (code, name, state, lat, lon)
SELECT * FROM unnest(:codes::text[], :names::text[], :states::text[], :lats::float8[], :lons::float8[]);

-- name: postal_code
-- The middle of a postal code and the largest place it serves; for an unknown code the nearest number that begins alike.
WITH served AS MATERIALIZED (
    SELECT * FROM postal_code WHERE code = (
        SELECT code FROM postal_code
        WHERE code BETWEEN left(:code::text, 3) || '00' AND left(:code::text, 3) || '99'
        ORDER BY code = :code::text DESC, left(code, 4) = left(:code::text, 4) DESC,
                 abs(code::integer - :code::text::integer), code
        LIMIT 1)),
box AS (SELECT min(lat) AS south, max(lat) AS north, min(lon) AS west, max(lon) AS east FROM served),
around AS MATERIALIZED (
    SELECT place.name, place.lat, place.lon, place.population FROM box JOIN place
    ON place.lat BETWEEN south - 0.2 AND north + 0.2 AND place.lon BETWEEN west - 0.3 AND east + 0.3)
SELECT code AS postal_code, avg(lat) AS lat, avg(lon) AS lon, count(*) AS places,
       (array_agg(name ORDER BY population DESC NULLS LAST, name))[1] AS name,
       (array_agg(state ORDER BY population DESC NULLS LAST, name))[1] AS state
FROM served
LEFT JOIN LATERAL (
    SELECT max(around.population) AS population FROM around
    WHERE around.name = served.name AND around.lat BETWEEN served.lat - 0.2 AND served.lat + 0.2
      AND around.lon BETWEEN served.lon - 0.3 AND served.lon + 0.3) AS size ON true
GROUP BY code;

-- name: places_named
-- Places of that name, and those whose name goes on with another word: `schwedt` finds `schwedt oder`.
SELECT id, name, state, lat, lon, population, search FROM place
WHERE search = :key::text OR search LIKE :key::text || ' %'
ORDER BY population DESC, id LIMIT 100;

-- name: places_beginning
-- Places whose name begins so.
SELECT id, name, state, lat, lon, population, search FROM place
WHERE search LIKE :key::text || '%' ORDER BY population DESC, id LIMIT 100;

-- name: places_like
-- Places that somebody may have meant who mistyped; the closest by trigrams.
SELECT id, name, state, lat, lon, population, search FROM place
WHERE search % :key::text ORDER BY search <-> :key::text, population DESC, id LIMIT 60;

-- name: places_around
-- Places of that name around a point, the nearest first: what a postal code before a name is for.
SELECT id, name, state, lat, lon, population, search FROM place
WHERE search = :key::text AND lat BETWEEN :lat - 0.4 AND :lat + 0.4 AND lon BETWEEN :lon - 0.6 AND :lon + 0.6
ORDER BY power(lat - :lat, 2) + power(0.6 * (lon - :lon), 2), id LIMIT 1;

-- name: place_at
-- The place nearest to a point with its postal code: `17268 Gerswalde`. Of a city the district, which finds the city too.
SELECT postal.code || ' ' || place.name
FROM place CROSS JOIN LATERAL (
    SELECT code FROM postal_code
    WHERE lat BETWEEN place.lat - 0.4 AND place.lat + 0.4 AND lon BETWEEN place.lon - 0.6 AND place.lon + 0.6
    ORDER BY power(lat - place.lat, 2) + power(0.6 * (lon - place.lon), 2), code LIMIT 1) AS postal
WHERE place.lat BETWEEN :lat::float8 - 0.2 AND :lat::float8 + 0.2 AND place.lon BETWEEN :lon::float8 - 0.3 AND :lon::float8 + 0.3
ORDER BY power(place.lat - :lat, 2) + power(0.6 * (place.lon - :lon), 2), place.id LIMIT 1;

-- name: candidates
-- What tells places of one name apart: a postal code and a larger town nearby. Those near our practices come first.
SELECT place.name, place.state, place.lat, place.lon, postal.code AS postal_code,
       larger.name AS near, larger.lat AS near_lat, larger.lon AS near_lon
FROM place
CROSS JOIN LATERAL (
    SELECT code FROM postal_code
    WHERE lat BETWEEN place.lat - 0.4 AND place.lat + 0.4 AND lon BETWEEN place.lon - 0.6 AND place.lon + 0.6
    ORDER BY power(lat - place.lat, 2) + power(0.6 * (lon - place.lon), 2), code LIMIT 1) AS postal
LEFT JOIN LATERAL (
    SELECT other.name, other.lat, other.lon FROM place AS other
    WHERE place.population < 10000 AND other.population >= 10000
      AND power(other.lat - place.lat, 2) + power(0.6 * (other.lon - place.lon), 2) > 0.001  -- 3 km: not itself
      AND other.lat BETWEEN place.lat - 0.6 AND place.lat + 0.6 AND other.lon BETWEEN place.lon - 1 AND place.lon + 1
    ORDER BY power(other.lat - place.lat, 2) + power(0.6 * (other.lon - place.lon), 2), other.id LIMIT 1) AS larger ON true
LEFT JOIN LATERAL (
    SELECT min(power(site.lat - place.lat, 2) + power(0.6 * (site.lon - place.lon), 2)) AS distance FROM site
    WHERE site.active AND site.kind = 'practice') AS practice ON true
WHERE place.id = ANY (:places::integer[])
ORDER BY practice.distance, place.population DESC, place.id;

-- name: towns
-- The towns in a rectangle where somebody who fits can be booked, and how many.
SELECT place.id AS place, place.name, place.state, place.lat, place.lon, place.population,
       count(DISTINCT site.id) AS practices, count(*) AS practitioners
FROM site JOIN place ON place.id = site.place JOIN practitioner p ON p.site = site.id AND p.active
WHERE site.active AND site.kind = 'practice' AND (:specialty::text IS NULL OR p.specialty = :specialty)
  AND place.lat BETWEEN :south::float8 AND :north::float8 AND place.lon BETWEEN :west::float8 AND :east::float8
  AND EXISTS (SELECT FROM service s
              WHERE s.practitioner = p.id AND s.active AND (:mode::text IS NULL OR :mode = ANY (s.modes)))
GROUP BY place.id;

-- name: in_order
-- For this transaction: where an index has the order asked for, it is read in that order and no further than needed.
-- PostgreSQL would rather sort, because it thinks that a town has few rows; the largest have hundreds of times as many.
SELECT set_config('enable_sort', 'off', true);

-- name: towns_around
-- The places in a rectangle where somebody who fits can be booked; how many practitioners at least, counted up to :enough.
SELECT place.id AS place, place.name, place.state, place.lat, place.lon, place.population, practitioners
FROM (SELECT place, sum(found.practitioners)::integer AS practitioners FROM town
      CROSS JOIN LATERAL (
          SELECT count(DISTINCT practitioner) AS practitioners FROM (
              SELECT practitioner FROM next_free n
              WHERE n.specialty = town.specialty AND n.place = town.place AND n.part = 0
                AND :mode::text = ANY (n.modes) AND (:language::text IS NULL OR :language = ANY (n.languages))
              LIMIT :enough::integer) AS those) AS found
      WHERE (:specialty::text IS NULL OR town.specialty = :specialty)
        AND town.lat BETWEEN :south::float8 AND :north::float8 AND town.lon BETWEEN :west::float8 AND :east::float8
      GROUP BY place) AS town
JOIN place ON place.id = town.place WHERE practitioners > 0;

-- name: line
-- Practitioners in the order in which they could be free at the earliest, by the bounds of migration 0010_next_free. From
-- each town and part of the day come the first `each`. Where there are more, whoever is not among them stands behind
-- (cut_first, cut_second, cut_practitioner); nulls: nobody is missing.
WITH probed AS MATERIALIZED (
    SELECT town.place, km, n.practitioner, n.start, n.number,
           CASE WHEN n.start >= n.since THEN n.start
                ELSE n.start + n.grid * ceil(extract(epoch FROM n.since - n.start) / extract(epoch FROM n.grid))::float8
           END AS bound
    FROM unnest(:places::integer[], :kilometres::float8[]) AS town (place, km)
    CROSS JOIN unnest(:parts::smallint[]) AS part
    CROSS JOIN LATERAL (
        SELECT *, row_number() OVER (ORDER BY start, practitioner) AS number FROM (
            (SELECT practitioner, start, grid, greatest(:earliest::timestamptz, :now::timestamptz + notice) AS since
             FROM next_free
             WHERE :specialty::text IS NOT NULL AND specialty = :specialty AND place = town.place AND next_free.part = part.part
               AND start > :earliest - interval '13 hours' AND last >= greatest(:earliest, :now + notice)
               AND :mode::text = ANY (modes) AND (:language::text IS NULL OR :language = ANY (languages))
             ORDER BY start, practitioner LIMIT :each::integer)
            UNION ALL
            (SELECT practitioner, start, grid, greatest(:earliest, :now + notice)
             FROM next_free
             WHERE :specialty IS NULL AND place = town.place AND next_free.part = part.part
               AND start > :earliest - interval '13 hours' AND last >= greatest(:earliest, :now + notice)
               AND :mode = ANY (modes) AND (:language IS NULL OR :language = ANY (languages))
             ORDER BY start, practitioner LIMIT :each)) AS first) AS n),
cut AS (
    SELECT first_key, second_key, CASE WHEN start >= :earliest THEN practitioner ELSE '00000000-0000-0000-0000-000000000000'
                                  END AS practitioner
    FROM probed CROSS JOIN LATERAL order_keys(:sort::text, km, greatest(start, :earliest))
    WHERE number = :each ORDER BY 1, 2, 3 LIMIT 1),
line AS (
    SELECT candidate.*, first_key, second_key
    FROM (SELECT practitioner, place, km, min(bound) AS bound FROM probed GROUP BY practitioner, place, km) AS candidate
    CROSS JOIN LATERAL order_keys(:sort, km, bound)
    ORDER BY first_key, second_key, practitioner LIMIT :look::integer)
SELECT line.practitioner, line.km, nullif(line.bound, 'infinity') AS bound, line.first_key, line.second_key,
       cut.first_key AS cut_first, cut.second_key AS cut_second, cut.practitioner AS cut_practitioner,
       p.title, p.name, p.specialty, p.languages, site.id AS site, site.name AS site_name, site.street,
       site.postal_code, site.phone, site.zone, line.place, site.lat, site.lon, site.near_minutes
FROM line JOIN practitioner p ON p.id = line.practitioner JOIN site ON site.id = p.site LEFT JOIN cut ON true
ORDER BY line.first_key, line.second_key, line.practitioner;

-- name: first_starts
-- The first free starts that some practitioners really have from an instant on, in order, and of which service.
WITH wanted AS (
    SELECT s.id AS service, p.id AS practitioner, asked.near
    FROM unnest(:practitioners::uuid[], :near::boolean[]) AS asked (practitioner, near)
    JOIN practitioner p ON p.id = asked.practitioner
    JOIN service s ON s.practitioner = p.id AND s.active AND :mode::text = ANY (s.modes)
        AND (:language::text IS NULL OR :language = ANY (coalesce(s.languages, p.languages))))
SELECT wanted.practitioner, wanted.service, array_agg(free.start ORDER BY free.start) AS starts
FROM wanted JOIN free_starts(
    ARRAY(SELECT service FROM wanted ORDER BY service), ARRAY(SELECT near FROM wanted ORDER BY service), :station::uuid,
    NULL, NULL, NULL, :since_time::time, :until_time::time, :earliest::timestamptz, 'infinity', :now::timestamptz,
    :each::integer) AS free USING (service)
GROUP BY wanted.practitioner, wanted.service;

-- name: tighten
-- Reckons bounds anew whose start is over before `soon`, or that are only roughly right because time was freed. How many
-- it found.
SELECT tighten_next_free(:now, :soon, :settled, :most);

-- name: services
-- What can be booked with some practitioners, the shortest first.
SELECT id, practitioner, name_de, name_en, duration, modes, patients, first_assessment FROM service
WHERE practitioner = ANY (:practitioners::uuid[]) AND active ORDER BY practitioner, duration, id;

-- name: practitioner
-- One practitioner who can be found.
SELECT p.id, p.title, p.name, p.specialty, p.languages, p.site
FROM practitioner p JOIN site ON site.id = p.site WHERE p.id = :practitioner::uuid AND p.active AND site.active;

-- name: site
-- One site in use.
SELECT id, kind, name, street, postal_code, town, state, lat, lon, phone, zone FROM site
WHERE id = :site::uuid AND active;

-- name: sites_near
-- The nearest sites of a kind; without one, those that have a station. And that of one station, however far.
SELECT id, kind, name, street, postal_code, town, state, lat, lon, phone, zone
FROM (SELECT site.*, row_number() OVER (ORDER BY distance, id) AS number, distance FROM site
      CROSS JOIN LATERAL (SELECT power(lat - :lat::float8, 2) + power(cos(radians(:lat::float8)) * (lon - :lon::float8), 2)
                          AS distance) AS away
      WHERE active AND (kind = :kind::text OR (:kind::text IS NULL AND id IN (SELECT site FROM station WHERE active)))) AS near
WHERE number <= :limit::integer OR id = (SELECT site FROM station WHERE station.id = :station::uuid AND active)
ORDER BY number;

-- name: stations
-- The stations in use at some sites.
SELECT id, site, name FROM station WHERE site = ANY (:sites::uuid[]) AND active ORDER BY site, name, id;
