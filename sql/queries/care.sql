-- The site's own care: whether its stations work today, and figures without persons.

-- name: note
-- How a station was found; the last look of a day counts.
INSERT INTO station_check (station, day, at, camera, microphone, line)
VALUES (:station, :day, :now, :camera, :microphone, :line)
ON CONFLICT (station, day) DO UPDATE SET (at, camera, microphone, line) = (excluded.at, excluded.camera, excluded.microphone, excluded.line);

-- name: stations
-- The stations of a site, and how each was found today.
SELECT station.id, station.name, k.at, k.camera, k.microphone, k.line
FROM station JOIN site ON site.id = station.site
LEFT JOIN station_check k ON k.station = station.id AND k.day = (:now::timestamptz AT TIME ZONE site.zone)::date
WHERE station.site = :site AND station.active ORDER BY station.name, station.id;

-- name: station
-- One station, and how it was found today.
SELECT station.id, station.name, k.at, k.camera, k.microphone, k.line
FROM station JOIN site ON site.id = station.site
LEFT JOIN station_check k ON k.station = station.id AND k.day = (:now::timestamptz AT TIME ZONE site.zone)::date
WHERE station.id = :station;

-- name: month
-- The figures of a month at the caller's site.
SELECT walk_ins, consultations, wait, checked, broken FROM month_figures(:month);
