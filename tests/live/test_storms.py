"""Storms through the front door, on servers that are processes of their own: HTTP, JSON, keys, codes, tokens (B-13)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, timedelta
from itertools import cycle

import asyncpg
import pytest

from telemed.db import Database
from telemed.identity.callers import Caller
from telemed.identity.tokens import Keys
from telemed.pg import Urls
from telemed.scheduling.types import Patient
from telemed.settings import Settings
from tests import logins, people
from tests.crowd import Crowd, strangers
from tests.people import DR_BOB, DR_CHARLIE, DR_DORA, STATION, TALK, TALK_CHARLIE, TALK_DORA
from tests.processes import Server, Worker, serving
from tests.storms import count_deadlocks, judge, monday
from tests.ways import OverHttp

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)
MIXED = ["book"] * 4 + ["hold_and_book"] * 4 + ["move"] * 3 + ["cancel"] * 2 + ["expire", "arrive"]
DOCTORS = {TALK: DR_BOB, TALK_CHARLIE: DR_CHARLIE, TALK_DORA: DR_DORA}


@pytest.fixture
async def db(urls: Urls, empty: None) -> AsyncIterator[Database]:
    """Many clients in the test itself, too: they turn the clock."""
    database = await Database.open(urls.app, size=8)
    yield database
    await database.close()


@asynccontextmanager
async def crowd(
    db: Database, keys: Keys, servers: list[Server], slots: int, seed: int, patients: int = 60
) -> AsyncIterator[Crowd]:
    token = logins.token(keys, people.CALLERS["petra"])

    def tokens(_caller: Caller) -> str:
        return token

    async with OverHttp([server.port for server in servers], tokens) as way:
        yield Crowd(
            db=db, doctors=DOCTORS, starts=[NINE + QUARTER * n for n in range(slots)], stations=[STATION],
            length=QUARTER, dice=random.Random(seed), way=way,
            patients=[Patient(name, date(1970, 1, 1), "probe@example.org") for name in strangers(patients)],
        )  # fmt: skip


@pytest.mark.rule("B-13")
async def test_four_thousand_requests_for_forty_times(
    cast: Database, settings: Settings, keys: Keys, owner: asyncpg.Connection
) -> None:
    for practitioner in (DR_BOB, DR_DORA):
        await people.open_hours(cast, practitioner, NINE, 5)
    async with (
        serving(settings, TELEMED_BEHIND_PROXY="true") as server,
        crowd(cast, keys, [server], 20, seed=5, patients=2000) as everybody,
    ):
        everybody.doctors, everybody.assisted = {TALK: DR_BOB, TALK_DORA: DR_DORA}, 0
        before, began = await count_deadlocks(owner), time.monotonic()
        await everybody.run(clients=64, each=53, acts=["book"])
        await judge(everybody, owner, before, time.monotonic() - began)
    assert len(everybody.events) > 4000
    assert {event.outcome for event in everybody.events} == {"ok", "slot_taken"}
    assert len({it.id for it in everybody.booked}) == await owner.fetchval("SELECT count(*) FROM appointment") == 40
    assert len({it.code for it in everybody.booked}) == 40  # type: ignore[attr-defined]


@pytest.mark.rule("B-13")
async def test_monday_at_eight(cast: Database, settings: Settings, keys: Keys, owner: asyncpg.Connection) -> None:
    """A tenth of the real one, which is `python -m tests.bench monday`."""
    for practitioner in DOCTORS.values():
        await people.open_hours(cast, practitioner, NINE, 17 / 4)
    async with (
        serving(settings, TELEMED_BEHIND_PROXY="true") as server,
        crowd(cast, keys, [server], 17, seed=11, patients=500) as everybody,
    ):
        everybody.assisted = 0
        before, began = await count_deadlocks(owner), time.monotonic()
        await monday(everybody, patients=500)
        await judge(everybody, owner, before, time.monotonic() - began)


@pytest.mark.rule("B-13")
async def test_two_servers_and_a_worker_killed_at_random(
    cast: Database, settings: Settings, keys: Keys, owner: asyncpg.Connection
) -> None:
    for practitioner in DOCTORS.values():
        await people.open_hours(cast, practitioner, NINE, 10)
    dice = random.Random(6)
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(serving(settings, TELEMED_BEHIND_PROXY="true")) for _ in range(2)]
        worker = await stack.enter_async_context(Worker(settings, TELEMED_JOB_TIMEOUT="1"))
        everybody = await stack.enter_async_context(crowd(cast, keys, servers, 40, seed=7))
        before, began = await count_deadlocks(owner), time.monotonic()
        storm = asyncio.create_task(everybody.run(clients=32, each=50, acts=MIXED))
        for unlucky in cycle(("server", "worker")):
            await asyncio.sleep(0.3 + dice.random())
            if storm.done():
                break
            if unlucky == "server":
                server: Server = dice.choice(servers)
                await server.kill()
                await server.start()
            else:
                await worker.kill()
                worker = await stack.enter_async_context(Worker(settings, TELEMED_JOB_TIMEOUT="1"))
        await storm
        await judge(everybody, owner, before, time.monotonic() - began, may_lose=True)
        assert any(event.lost for event in everybody.events), "no request was ever interrupted: the test proved nothing"
        async with asyncio.timeout(20):
            while await owner.fetchval("SELECT count(*) FROM pgqueuer WHERE execute_after <= now()"):
                await asyncio.sleep(0.1)
    told = {row["appointment"] for row in await owner.fetch("SELECT appointment FROM notice WHERE kind = 'booked'")}
    assert {it.id for it in everybody.booked} <= told
