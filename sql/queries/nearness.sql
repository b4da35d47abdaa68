-- People who live near the practice come first (B-08).

-- name: rule
-- What a service's practice counts as near, and how far a postal code, or a station, is from it. No row: no such rule.
SELECT site.near_minutes, site.lat, site.lon, origin.lat AS from_lat, origin.lon AS from_lon
FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site ON site.id = p.site
LEFT JOIN LATERAL (
    SELECT avg(lat) AS lat, avg(lon) AS lon FROM postal_code WHERE :station::uuid IS NULL AND code = :postal_code::text
    HAVING count(*) > 0
    UNION ALL
    SELECT there.lat, there.lon FROM station JOIN site there ON there.id = station.site WHERE station.id = :station::uuid
) AS origin ON true
WHERE s.id = :service AND site.near_minutes IS NOT NULL;

-- name: kept
-- Free starts that only people nearby can book yet, and when each opens to everybody.
SELECT free.start, opens.at AS opens
FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site practice ON practice.id = p.site
CROSS JOIN LATERAL free_starts(
    ARRAY[s.id], ARRAY[true], :station, NULL, NULL, NULL, NULL, NULL, :earliest, :latest, :now, :most) AS free
JOIN opening o ON o.practitioner = p.id AND o.during @> free.start
CROSS JOIN LATERAL (
    SELECT opens_to_all(practice, s, start_number(o.during, free.start, s.grid), free.start) AS at) AS opens
WHERE s.id = :service AND practice.near_minutes IS NOT NULL AND opens.at > :now
ORDER BY free.start LIMIT :limit;

-- name: postal_code_at
-- The postal code nearest to a point, for whoever gave the name of a village.
SELECT code FROM postal_code
WHERE lat BETWEEN :lat::float8 - 0.4 AND :lat::float8 + 0.4 AND lon BETWEEN :lon::float8 - 0.6 AND :lon::float8 + 0.6
ORDER BY power(lat - :lat::float8, 2) + power(0.6 * (lon - :lon::float8), 2), code LIMIT 1;
