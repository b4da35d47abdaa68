"""Many practitioners in many real towns, 30 days of openings, half of the slots taken.

Made in SQL, with indexes, constraints and triggers away meanwhile, because row by row it would take hours.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import asyncpg

from telemed import pg
from telemed.directory.load import load
from tests.bench import world


class Area(NamedTuple):
    """A rectangle in degrees."""

    south: float
    north: float
    west: float
    east: float


GERMANY: Final = Area(47.0, 55.1, 5.8, 15.1)
REGION: Final = Area(52.6, 53.9, 12.9, 14.5)  # about two hours around Prenzlau, without Berlin

# Practices in towns of 10,000 and more (not in districts of larger ones), as many as the town has people.
_SITES = """
    WITH town AS (
        SELECT *, sum(population) OVER (ORDER BY id) - population AS since, sum(population) OVER (ORDER BY id) AS until
        FROM place WHERE population >= 10000 AND lat BETWEEN $2 AND $3 AND lon BETWEEN $4 AND $5 AND NOT EXISTS (
            SELECT FROM place AS whole WHERE whole.population > place.population
            AND abs(whole.lat - place.lat) < 0.1 AND abs(whole.lon - place.lon) < 0.15)),
    practice AS (
        SELECT n, (n - 0.5) / $1::int * (SELECT max(until) FROM town) AS at FROM generate_series(1, $1::int) AS n)
    INSERT INTO site (id, kind, name, street, postal_code, town, place, state, lat, lon, phone)
    SELECT gen_random_uuid(), 'practice', 'Praxis ' || n, 'Markt 1', '17291', name, id, state, lat, lon, '+493984000000'
    FROM practice JOIN town ON at >= since AND at < until
"""
_PRACTITIONERS = """
    INSERT INTO practitioner (id, site, title, name, specialty)
    SELECT gen_random_uuid(), site.id, 'Dr. med.', site.name || ' ' || n, 'general'
    FROM site, generate_series(1, 2) AS n
"""
_SERVICES = """
    INSERT INTO service (id, practitioner, name_de, name_en, duration, notice, grid, modes)
    SELECT gen_random_uuid(), practitioner.id, 'Videosprechstunde', 'Video consultation', '30 min', '10 min', '30 min',
           '{video}' FROM practitioner
"""
# Four hours a weekday: half of them in the morning, a quarter after noon, a quarter into the evening.
_OPENINGS = """
    INSERT INTO opening (practitioner, during)
    SELECT id, tstzrange((day + hours) AT TIME ZONE 'Europe/Berlin', (day + hours + '4 h') AT TIME ZONE 'Europe/Berlin')
    FROM (SELECT id, ('{8 h,8 h,13 h,15 h}'::interval[])[1 + mod(row_number() OVER (), 4)] AS hours FROM practitioner)
         AS practitioner,
         generate_series(date_trunc('day', now() AT TIME ZONE 'Europe/Berlin'), now() + interval '30 d', '1 day') AS day
    WHERE extract(isodow FROM day) < 6
"""
_SLOTS = """
    CREATE TEMP TABLE slot AS
    SELECT p.id AS practitioner, s.id AS service, p.site, o.id AS opening, start, random() < 0.5 AS taken,
           CASE WHEN hour < 12 THEN 1 WHEN hour < 17 THEN 2 ELSE 3 END AS part
    FROM opening o JOIN practitioner p ON p.id = o.practitioner JOIN service s ON s.practitioner = p.id
    CROSS JOIN generate_series(lower(o.during), upper(o.during) - interval '30 min', '30 min') AS start
    CROSS JOIN LATERAL (SELECT extract(hour FROM start AT TIME ZONE 'Europe/Berlin') AS hour) AS local
"""
_TAKEN = """
    INSERT INTO appointment (id, practitioner, service, site, mode, status, during, reserved, code_digest, patient_key,
                             patient_name, birth_date)
    SELECT id, practitioner, service, site, 'video', 'booked', during, during, uuid_send(id), uuid_send(id), 'B',
           '1950-01-01'
    FROM (SELECT gen_random_uuid() AS id, *, tstzrange(start, start + interval '30 min') AS during
          FROM slot WHERE taken) AS it
"""
_BOUNDS = """
    INSERT INTO next_free
    SELECT s.id, opening, p.id, site.place, p.specialty, s.modes, p.languages, s.notice, s.grid, part,
           min(start) FILTER (WHERE NOT taken), max(start), NULL::timestamptz
    FROM slot JOIN service s ON s.id = slot.service JOIN practitioner p ON p.id = s.practitioner
    JOIN site ON site.id = p.site
    GROUP BY s.id, opening, p.id, site.id, part HAVING NOT bool_and(taken)
    UNION ALL
    SELECT s.id, NULL, p.id, site.place, p.specialty, s.modes, p.languages, s.notice, s.grid, 0, 'infinity',
           'infinity', NULL
    FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site ON site.id = p.site
"""
_TOWNS = """
    INSERT INTO town SELECT DISTINCT place.id, p.specialty, place.lat, place.lon
    FROM practitioner p JOIN site ON site.id = p.site JOIN place ON place.id = site.place
"""
_SAME = """
    SELECT count(*) FROM (
        (SELECT service, opening, part, start, last FROM next_free WHERE service = ANY ($1)
         EXCEPT SELECT service, opening, part, start, last FROM bounds($1, NULL))
        UNION ALL
        (SELECT service, opening, part, start, last FROM bounds($1, NULL)
         EXCEPT SELECT service, opening, part, start, last FROM next_free WHERE service = ANY ($1))) AS differences
"""
_TABLES = ["opening", "appointment", "next_free"]


async def build(urls: pg.Urls, practitioners: int, area: Area) -> None:
    """A fresh world with two practitioners in each of `practitioners / 2` practices."""
    owner = await asyncpg.connect(urls.owner)
    await world.clear(owner)
    await load(owner)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'")
    constraints = await owner.fetch(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS away,"
        " format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS back"
        " FROM pg_constraint WHERE contype IN ('x', 'u') AND conrelid::regclass::text = ANY ($1)", _TABLES,
    )  # fmt: skip
    indexes = await owner.fetch(
        "SELECT format('DROP INDEX %s', indexrelid::regclass) AS away, pg_get_indexdef(indexrelid) AS back"
        " FROM pg_index"
        " WHERE indrelid::regclass::text = ANY ($1)"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)", _TABLES,
    )  # fmt: skip
    for one in (*constraints, *indexes):
        await owner.execute(one["away"])
    await owner.execute(_SITES, practitioners // 2, *area)
    for statement in (_PRACTITIONERS, _SERVICES, _OPENINGS, _SLOTS, _TAKEN, _BOUNDS, _TOWNS):
        await owner.execute(statement)
    for one in (*constraints, *indexes):
        await owner.execute(one["back"])
    await owner.execute("VACUUM ANALYZE")
    some = [row["id"] for row in await owner.fetch("SELECT id FROM service ORDER BY id LIMIT 20")]
    assert await owner.fetchval(_SAME, some) == 0, "the bounds made here are those that the triggers make"
    await owner.close()
