"""Everybody reads the directory; a site writes its own rows and no other's."""

from __future__ import annotations

import asyncpg
import pytest

from telemed.db import Database
from telemed.identity.callers import ANONYMOUS
from tests import people
from tests.people import CALLERS

CHANGES = {
    "site": ("UPDATE site SET phone = '+49' WHERE id = $1", people.PRENZLAU),
    "practitioner": ("UPDATE practitioner SET title = '' WHERE id = $1", people.DR_BOB),
    "service": ("UPDATE service SET active = false WHERE id = $1", people.TALK),
    "station": ("UPDATE station SET active = false WHERE id = $1", people.STATION),
}
OWN = {"site": "carla", "practitioner": "carla", "service": "bob", "station": "petra"}


@pytest.mark.parametrize("table", CHANGES)
async def test_everybody_reads(cast: Database, table: str) -> None:
    async with cast.transaction(ANONYMOUS) as tx:
        assert await tx.connection.fetchval(f"SELECT count(*) FROM {table}") > 0


@pytest.mark.parametrize("table", CHANGES)
async def test_only_their_own_site_writes(cast: Database, table: str) -> None:
    statement, row = CHANGES[table]
    for name, caller in {**CALLERS, "alice": ANONYMOUS}.items():
        async with cast.transaction(caller) as tx:
            status = await tx.connection.execute(statement, row)
        allowed = name == "ada" or caller.site == CALLERS[OWN[table]].site
        assert status == f"UPDATE {int(allowed)}", name


async def test_nobody_adds_a_service_to_another_practice(cast: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with cast.transaction(CALLERS["charlie"]) as tx:
            await tx.connection.execute(
                "INSERT INTO service (id, practitioner, name_de, name_en, duration, grid, modes)"
                " VALUES (gen_random_uuid(), $1, 'x', 'x', '15 min', '15 min', '{video}')",
                people.DR_BOB,
            )
