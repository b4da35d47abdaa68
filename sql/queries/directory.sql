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
WITH chosen AS (
    SELECT code FROM postal_code
    WHERE code BETWEEN left(:code::text, 3) || '00' AND left(:code::text, 3) || '99'
    ORDER BY code = :code::text DESC, left(code, 4) = left(:code::text, 4) DESC, abs(code::integer - :code::text::integer), code
    LIMIT 1)
SELECT code AS postal_code, avg(lat) AS lat, avg(lon) AS lon, count(*) AS places,
       (array_agg(name ORDER BY population DESC NULLS LAST, name))[1] AS name,
       (array_agg(state ORDER BY population DESC NULLS LAST, name))[1] AS state
FROM postal_code JOIN chosen USING (code)
LEFT JOIN LATERAL (
    SELECT max(place.population) AS population FROM place
    WHERE place.name = postal_code.name AND place.lat BETWEEN postal_code.lat - 0.2 AND postal_code.lat + 0.2
      AND place.lon BETWEEN postal_code.lon - 0.3 AND postal_code.lon + 0.3) AS size ON true
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

-- name: found
-- The practitioners of some towns with their earliest free start, in the order asked for. A row's place in that order is
-- (first_key, second_key, practitioner), so that the list can go on after any row. Free starts cost much, opening hours
-- little: nobody is free before they open, so practitioners line up by that, only the first `look` are looked at, and a
-- row is told only if nobody further back in the line can still overtake it.
WITH candidate AS (
    SELECT p.id AS practitioner, town.km, array_agg(s.id) AS services, min(opens.at) AS opens
    FROM unnest(:places::integer[], :kilometres::float8[]) AS town (place, km)
    JOIN site ON site.place = town.place AND site.active AND site.kind = 'practice'
    JOIN practitioner p ON p.site = site.id AND p.active AND (:specialty::text IS NULL OR p.specialty = :specialty)
    JOIN service s ON s.practitioner = p.id AND s.active AND :mode::text = ANY (s.modes)
    LEFT JOIN LATERAL (
        SELECT greatest(lower(o.during), :now::timestamptz + s.notice) AS at FROM opening o
        WHERE o.practitioner = p.id AND upper(o.during) >= :now::timestamptz + s.notice + s.duration
        ORDER BY lower(o.during) LIMIT 1) AS opens ON true
    GROUP BY p.id, town.km),
line AS (
    SELECT candidate.*, keys.*, row_number() OVER (ORDER BY keys.first_key, keys.second_key, practitioner) AS place
    FROM candidate
    CROSS JOIN LATERAL (SELECT coalesce(extract(epoch FROM opens)::float8, 1e12) AS epoch) AS moment
    CROSS JOIN LATERAL (SELECT CASE :sort::text WHEN 'nearest' THEN km ELSE epoch END AS first_key,
                               CASE :sort::text WHEN 'nearest' THEN epoch ELSE km END AS second_key) AS keys
    ORDER BY place LIMIT :look::integer + 1),
looked_at AS (SELECT practitioner, km, unnest(services) AS service FROM line WHERE place <= :look::integer),
earliest AS (
    SELECT DISTINCT ON (practitioner) practitioner, service, km, start
    FROM looked_at LEFT JOIN free_starts(
        ARRAY(SELECT service FROM looked_at), NULL, NULL, NULL, :now::timestamptz, 'infinity', :now::timestamptz, 1
    ) AS free USING (service)
    ORDER BY practitioner, start NULLS LAST, service),
ranked AS (
    SELECT earliest.*, keys.* FROM earliest
    CROSS JOIN LATERAL (SELECT coalesce(extract(epoch FROM start)::float8, 1e12) AS epoch) AS moment
    CROSS JOIN LATERAL (SELECT CASE :sort::text WHEN 'nearest' THEN km ELSE epoch END AS first_key,
                               CASE :sort::text WHEN 'nearest' THEN epoch ELSE km END AS second_key) AS keys)
SELECT ranked.practitioner, p.title, p.name, p.specialty, p.languages, site.id AS site, site.name AS site_name,
       site.street, site.postal_code, site.phone, site.zone, site.place, ranked.start AS earliest,
       CASE WHEN ranked.start IS NOT NULL THEN ranked.service END AS earliest_service, first_key, second_key
FROM ranked JOIN practitioner p ON p.id = ranked.practitioner JOIN site ON site.id = p.site
WHERE (first_key, second_key, ranked.practitioner) > (:after_first::float8, :after_second::float8, :after::uuid)
  AND NOT EXISTS (SELECT FROM line WHERE line.place > :look::integer
                  AND (line.first_key, line.second_key, line.practitioner) < (ranked.first_key, ranked.second_key, ranked.practitioner))
ORDER BY first_key, second_key, ranked.practitioner LIMIT :limit::integer;

-- name: services
-- What can be booked with some practitioners, the shortest first.
SELECT id, practitioner, name_de, name_en, duration, modes FROM service
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
-- The nearest sites of a kind; without one, those that have a station.
SELECT id, kind, name, street, postal_code, town, state, lat, lon, phone, zone FROM site
WHERE active AND (kind = :kind::text OR (:kind::text IS NULL
                  AND EXISTS (SELECT FROM station WHERE station.site = site.id AND station.active)))
ORDER BY power(lat - :lat::float8, 2) + power(cos(radians(:lat::float8)) * (lon - :lon::float8), 2), id LIMIT :limit::integer;

-- name: stations
-- The stations in use at some sites.
SELECT id, site, name FROM station WHERE site = ANY (:sites::uuid[]) AND active ORDER BY site, name, id;
