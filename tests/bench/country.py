"""Many practitioners in many real towns, 30 days of openings, half of the slots taken.

Made in SQL, with indexes, constraints and triggers away meanwhile, because row by row it would take hours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import asyncpg

from telemed import pg
from telemed.db import Database
from telemed.directory import bounds
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

_SITES = """
    INSERT INTO site (id, kind, name, street, postal_code, town, place, state, lat, lon, phone)
    SELECT gen_random_uuid(), 'practice', 'Praxis ' || n, 'Markt 1', '17291', name, id, state, lat, lon, '+493984000000'
    FROM generate_series(1, $1::int) AS n, (SELECT * FROM place ORDER BY population DESC LIMIT 1) AS anywhere
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
         (SELECT now() AT TIME ZONE 'Europe/Berlin' AS local) AS clock,
         generate_series(date_trunc('day', local), local + interval '30 d', '1 day') AS day
    WHERE extract(isodow FROM day) < 6
"""
_SLOTS = """
    CREATE UNLOGGED TABLE bench_slot AS
    SELECT row_number() OVER () AS n, p.id AS practitioner, s.id AS service, p.site, o.id AS opening, start,
           random() < 0.5 AS taken, CASE WHEN hour < 12 THEN 1 WHEN hour < 17 THEN 2 ELSE 3 END AS part
    FROM opening o JOIN practitioner p ON p.id = o.practitioner JOIN service s ON s.practitioner = p.id
    CROSS JOIN generate_series(lower(o.during), upper(o.during) - interval '30 min', '30 min') AS start
    CROSS JOIN LATERAL (SELECT extract(hour FROM start AT TIME ZONE 'Europe/Berlin') AS hour) AS local
"""
_TAKEN = """
    INSERT INTO appointment (id, practitioner, service, site, mode, status, during, reserved, code_digest, patient_key,
                             patient_name, birth_date)
    SELECT id, practitioner, service, site, 'video', 'booked', during, during, uuid_send(id), uuid_send(id), 'B',
           '1950-01-01'
    FROM (SELECT lpad(to_hex(n), 32, '0')::uuid AS id, *, tstzrange(start, start + interval '30 min') AS during
          FROM bench_slot WHERE taken) AS it
"""
# What the worker would leave of them: what is over is not among them.
_BOUNDS = """
    CREATE UNLOGGED TABLE bench_bound AS
    SELECT service, opening, part::smallint, min(start) FILTER (WHERE NOT taken) AS start, max(start) AS last
    FROM bench_slot GROUP BY service, opening, part HAVING NOT bool_and(taken) AND max(start) > now()
"""
# Practices in towns of 10,000 and more (not in districts of larger ones), as many as the town has people.
_SETTLED = """
    WITH town AS (
        SELECT *, sum(population) OVER (ORDER BY id) - population AS since, sum(population) OVER (ORDER BY id) AS until
        FROM place WHERE population >= 10000 AND lat BETWEEN $1 AND $2 AND lon BETWEEN $3 AND $4 AND NOT EXISTS (
            SELECT FROM place AS whole WHERE whole.population > place.population
            AND abs(whole.lat - place.lat) < 0.1 AND abs(whole.lon - place.lon) < 0.15)),
    practice AS (
        SELECT id AS site, (row_number() OVER (ORDER BY id) - 0.5) / count(*) OVER () * total AS at
        FROM site, (SELECT sum(population) AS total FROM town) AS everybody)
    UPDATE site SET town = town.name, place = town.id, state = town.state, lat = town.lat, lon = town.lon
    FROM practice JOIN town ON at >= since AND at < until WHERE site.id = practice.site
"""
_NEXT_FREE = """
    INSERT INTO next_free
    SELECT s.id, opening, p.id, site.place, p.specialty, s.modes, p.languages, s.notice, s.grid, part, start, last,
           NULL::timestamptz
    FROM (SELECT * FROM bench_bound UNION ALL SELECT id, NULL, 0, 'infinity', 'infinity' FROM service) AS bound
    JOIN service s ON s.id = bound.service JOIN practitioner p ON p.id = s.practitioner JOIN site ON site.id = p.site
"""
_TOWNS = """
    INSERT INTO town SELECT DISTINCT place.id, p.specialty, place.lat, place.lon
    FROM practitioner p JOIN site ON site.id = p.site JOIN place ON place.id = site.place
"""
_SAME = """
    WITH made AS (
        SELECT service, opening, part, start, last FROM next_free WHERE service = ANY ($1) AND last > now() + '1 h'),
    real AS (
        SELECT service, opening, part, start, last FROM bounds($1, NULL) WHERE last > now() + '1 h')
    SELECT count(*) FROM ((TABLE made EXCEPT TABLE real) UNION ALL (TABLE real EXCEPT TABLE made)) AS differences
"""
_INDEXES = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition,
           conrelid::regclass::text AS table, pg_get_constraintdef(c.oid) AS constraint
    FROM pg_index LEFT JOIN pg_constraint c ON conindid = indexrelid AND contype IN ('x', 'u')
    WHERE indrelid::regclass::text = ANY ($1) AND NOT indisprimary
"""


@asynccontextmanager
async def built(urls: pg.Urls, practitioners: int) -> AsyncIterator[None]:
    """A fresh world with two practitioners in each of `practitioners / 2` practices; where, `settle` says.

    Meanwhile what forbids double bookings is an index and no constraint: to compare nine million appointments with each
    other takes ten times as long. Afterwards the world is empty.
    """
    owner = await _owner(urls)
    await world.clear(owner)
    await load(owner)
    indexes = await owner.fetch(_INDEXES, ["opening", "appointment"])
    for one in indexes:
        await owner.execute(
            f"ALTER TABLE {one['table']} DROP CONSTRAINT {one['name']}"
            if one["constraint"]
            else f"DROP INDEX {one['name']}"
        )
    await owner.execute(_SITES, practitioners // 2)
    for statement in (_PRACTITIONERS, _SERVICES, _OPENINGS, _SLOTS):
        await owner.execute(statement)
    await _two_at_a_time(urls, [_TAKEN, _BOUNDS])
    await _two_at_a_time(urls, [one["definition"] for one in indexes])
    await owner.execute("DROP TABLE bench_slot")
    await owner.execute("VACUUM ANALYZE")
    try:
        yield
    finally:
        await world.clear(owner)
        await owner.execute("DROP TABLE bench_bound")
        for one in indexes:
            if one["constraint"]:
                await owner.execute(f"DROP INDEX {one['name']}")
                await owner.execute(f"ALTER TABLE {one['table']} ADD CONSTRAINT {one['name']} {one['constraint']}")
        await owner.close()


async def settle(urls: pg.Urls, area: Area) -> None:
    """The practices move to the towns of an area, and the worker has just been there."""
    owner = await _owner(urls)
    await owner.execute("TRUNCATE next_free, town")
    indexes = await owner.fetch(_INDEXES, ["next_free"])
    for one in indexes:
        await owner.execute(f"DROP INDEX {one['name']}")
    await owner.execute(_SETTLED, *area)
    await owner.execute(_NEXT_FREE)
    await owner.execute(_TOWNS)
    await _two_at_a_time(urls, [one["definition"] for one in indexes])
    some = [row["id"] for row in await owner.fetch("SELECT id FROM service ORDER BY id LIMIT 20")]
    assert await owner.fetchval(_SAME, some) == 0, "the bounds made here are those that the triggers make"
    db = await Database.open(urls.app, size=1)
    await bounds.tighten(db)
    await db.close()
    await owner.execute("VACUUM ANALYZE site, town, next_free")
    await owner.close()


async def _owner(urls: pg.Urls) -> asyncpg.Connection:
    owner = await asyncpg.connect(urls.owner)
    await owner.execute(
        "SET session_replication_role = replica; SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'"
    )
    return owner


async def _two_at_a_time(urls: pg.Urls, statements: Iterable[str]) -> None:
    waiting = iter(statements)

    async def lane() -> None:
        owner = await _owner(urls)
        for statement in waiting:
            await owner.execute(statement)
        await owner.close()

    await asyncio.gather(lane(), lane())
