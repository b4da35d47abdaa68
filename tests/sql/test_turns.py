"""Connections are given in the order of asking, and nothing of a transaction is left on them."""

from __future__ import annotations

import asyncio

import pytest

from telemed import db
from telemed.db import Database
from telemed.errors import Unavailable
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.pg import Urls


async def test_nobody_is_overtaken_by_those_who_ask_later(urls: Urls) -> None:
    database, asked, served = await Database.open(urls.app, size=1), list[int](), list[int]()

    async def one(number: int) -> None:
        asked.append(number)
        async with database.transaction(ANONYMOUS):
            served.append(number)

    async with asyncio.TaskGroup() as group:
        while len(served) < 3:  # somebody comes in every turn of the loop, so also when a connection is given back
            group.create_task(one(len(asked)))
            await asyncio.sleep(0)
    await database.close()
    assert served == asked


async def test_who_waits_too_long_is_told_so(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "PATIENCE", 0.05)
    database = await Database.open(urls.app, size=1)
    async with database.transaction(ANONYMOUS):
        with pytest.raises(Unavailable):
            async with database.transaction(ANONYMOUS):
                raise AssertionError("two at once on one connection")
    async with database.transaction(ANONYMOUS) as tx:
        assert await tx.connection.fetchval("SELECT true")
    await database.close()


async def test_a_transaction_leaves_nothing_behind(urls: Urls) -> None:
    database = await Database.open(urls.app, size=1)
    async with database.transaction(SYSTEM, replan=False) as tx:
        assert await tx.connection.fetchval("SHOW plan_cache_mode") == "force_generic_plan"
        assert await tx.connection.fetchval("SELECT caller_role()") == "system"
    async with database.transaction(ANONYMOUS) as tx:
        assert await tx.connection.fetchval("SHOW plan_cache_mode") == "auto"
        assert await tx.connection.fetchval("SELECT caller_role()") == "anonymous"
    await database.close()
