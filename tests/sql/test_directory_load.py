"""All German places and postal codes get into the database, once."""

from __future__ import annotations

import asyncpg

from telemed.db import Database
from telemed.directory.load import load
from tests import people


async def test_loads_once(owner: asyncpg.Connection, db: Database) -> None:
    assert await load(owner) is True
    assert await owner.fetchval("SELECT count(*) FROM place") == 15_409
    assert await owner.fetchval("SELECT count(*) FROM postal_code") == 16_476
    prenzlau = await owner.fetchrow("SELECT name, state, search, population FROM place WHERE id = 2852218")
    assert prenzlau is not None and tuple(prenzlau) == ("Prenzlau", "BB", "prenzlau", 20899)
    assert await owner.fetchval("SELECT search FROM place WHERE name = 'Brüssow'") == "bruessow"
    assert await load(owner) is False


async def test_a_new_edition_replaces_the_old_but_sites_keep_their_place(
    owner: asyncpg.Connection, db: Database
) -> None:
    await people.arrive(db)
    await owner.execute(
        "INSERT INTO place VALUES (1, 'Gone', 'BB', 53, 13, 0, 'gone'), (2, 'Kept', 'BB', 53, 13, 0, 'kept');"
        "UPDATE site SET place = 2 WHERE name = 'Dorfladen';"
        "INSERT INTO postal_code VALUES ('00001', 'Gone', 'BB', 53, 13);"
        "INSERT INTO data_file VALUES ('places', 'an older edition')"
    )
    assert await load(owner) is True
    assert await owner.fetchval("SELECT array_agg(name) FROM place WHERE id < 10") == ["Kept"]
    assert not await owner.fetchval("SELECT count(*) FROM postal_code WHERE code = '00001'")
    assert await owner.fetchval("SELECT name FROM place WHERE id = 2852218") == "Prenzlau"


async def test_nothing_is_loaded_by_halves(owner: asyncpg.Connection, db: Database) -> None:
    transaction = owner.transaction()
    await transaction.start()
    await load(owner)
    await transaction.rollback()
    assert await owner.fetchval("SELECT (SELECT count(*) FROM place) + (SELECT count(*) FROM data_file)") == 0
