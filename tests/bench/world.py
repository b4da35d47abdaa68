"""The data that benchmarks run on: many practitioners with 30 days of openings, made in SQL because it is quick."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from telemed import pg
from telemed.db import Database
from telemed.directory.load import load
from tests import people

_PRACTITIONERS = """
    INSERT INTO practitioner (id, site, title, name, specialty)
    SELECT gen_random_uuid(), $2, 'Dr. med.', 'Nummer ' || n, 'general' FROM generate_series(1, $1::int) AS n
"""
_SERVICES = """
    INSERT INTO service (id, practitioner, name_de, name_en, duration, notice, grid, modes)
    SELECT gen_random_uuid(), practitioner.id, 'Videosprechstunde', 'Video consultation', '15 min', '10 min', '15 min',
           '{video}'
    FROM practitioner WHERE NOT EXISTS (SELECT FROM service WHERE service.practitioner = practitioner.id)
"""
_OPENINGS = """
    INSERT INTO opening (practitioner, during)
    SELECT practitioner.id, tstzrange(day + make_interval(hours => $2), day + make_interval(hours => $3))
    FROM practitioner, generate_series(date_trunc('day', now()), now() + make_interval(days => $1), '1 day') AS day
"""
_TAKEN = """
    INSERT INTO appointment (id, practitioner, service, site, mode, status, during, reserved, code_digest, patient_key,
                             patient_name, birth_date)
    SELECT id, practitioner, service, site, 'video', 'booked', during, during, sha256(id::text::bytea),
           sha256(id::text::bytea), 'Besetzt', '1950-01-01'
    FROM (SELECT gen_random_uuid() AS id, service.practitioner, service.id AS service, practitioner.site,
                 tstzrange(start, start + interval '15 min') AS during
          FROM service JOIN practitioner ON practitioner.id = service.practitioner
               JOIN opening ON opening.practitioner = practitioner.id,
               generate_series(lower(opening.during), upper(opening.during) - interval '15 min', '15 min') AS start
          WHERE start > now() AND random() < $1) AS taken
"""


async def clear(owner: asyncpg.Connection) -> None:
    await owner.execute("TRUNCATE data_file, place, postal_code, site, person, next_free, town CASCADE")


async def build(urls: pg.Urls, practitioners: int, *, hours: tuple[int, int] = (8, 16), taken: float = 0.0) -> None:
    """A fresh world: the cast's sites, `practitioners` at them, 30 days open between `hours`, a share `taken`."""
    owner = await asyncpg.connect(urls.owner)
    await clear(owner)
    db = await Database.open(urls.app, size=1)
    await load(owner)
    await people.arrive(db)
    await db.close()
    for site in (people.PRENZLAU, people.TEMPLIN):
        await owner.execute(_PRACTITIONERS, practitioners // 2, site)
    await owner.execute(_SERVICES)
    await owner.execute(_OPENINGS, 30, *hours)
    if taken:
        await owner.execute(_TAKEN, taken)
    await owner.execute("ANALYZE")
    await owner.close()


async def release(urls: pg.Urls, doctors: int, slots: int) -> tuple[datetime, dict[UUID, UUID]]:
    """A fresh world in which only so many doctors have so many quarters of an hour each, from the instant returned.

    With them, service -> practitioner.
    """
    await build(urls, doctors)
    start = people.tomorrow(0)
    owner = await asyncpg.connect(urls.owner)
    await owner.execute("TRUNCATE opening, next_free")
    rows = await owner.fetch("SELECT id, practitioner FROM service ORDER BY id LIMIT $1", doctors)
    await owner.executemany(
        "INSERT INTO opening (practitioner, during) VALUES ($1, tstzrange($2, $3))",
        [(row["practitioner"], start, start + slots * timedelta(minutes=15)) for row in rows],
    )
    await owner.execute("ANALYZE")
    await owner.close()
    return start, {row["id"]: row["practitioner"] for row in rows}


async def let_go(urls: pg.Urls) -> None:
    """Nothing is booked any more."""
    owner = await asyncpg.connect(urls.owner)
    await owner.execute("DELETE FROM appointment; ANALYZE")
    await owner.close()
