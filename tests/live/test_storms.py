"""Storms through the front door, on servers that are processes of their own: HTTP, JSON, keys, codes, tokens (B-13)."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, timedelta
from itertools import cycle
from typing import Any, TypeVar

import asyncpg
import pytest

from telemed.db import Database
from telemed.identity.callers import SYSTEM, Caller
from telemed.identity.tokens import Keys
from telemed.pg import Urls
from telemed.scheduling.types import Patient
from telemed.settings import Settings
from tests import logins, people
from tests.crowd import Crowd, strangers
from tests.offers import Watch, judge_offers
from tests.people import DR_BOB, DR_CHARLIE, DR_DORA, STATION, TALK, TALK_CHARLIE, TALK_DORA
from tests.processes import Server, Worker, serving
from tests.queue import ACTS, Queue
from tests.storms import count_deadlocks, judge, monday
from tests.ways import OverHttp

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)
MIXED = ["book"] * 4 + ["hold_and_book"] * 4 + ["move"] * 3 + ["cancel"] * 2 + ["expire", "arrive"]
C = TypeVar("C", bound=Crowd)
DOCTORS = {TALK: DR_BOB, TALK_CHARLIE: DR_CHARLIE, TALK_DORA: DR_DORA}


@pytest.fixture
async def db(urls: Urls, empty: None) -> AsyncIterator[Database]:
    """Many clients in the test itself, too: they turn the clock."""
    database = await Database.open(urls.app, size=8)
    yield database
    await database.close()


@asynccontextmanager
async def crowd(
    db: Database, keys: Keys, servers: list[Server], slots: int, seed: int, patients: int = 60, kind: type[C] = Crowd,
    **more: Any,
) -> AsyncIterator[C]:  # fmt: skip
    token = logins.token(keys, people.CALLERS["petra"])

    def tokens(_caller: Caller) -> str:
        return token

    async with OverHttp([server.port for server in servers], tokens) as way:
        yield kind(
            db=db, starts=[NINE + QUARTER * n for n in range(slots)], stations=[STATION], length=QUARTER,
            dice=random.Random(seed), way=way,
            patients=[Patient(name, date(1970, 1, 1), "probe@example.org") for name in strangers(patients)],
            **{"doctors": DOCTORS} | more,
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
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(serving(settings, TELEMED_BEHIND_PROXY="true")) for _ in range(2)]
        everybody = await stack.enter_async_context(crowd(cast, keys, servers, 40, seed=7))
        before, began = await count_deadlocks(owner), time.monotonic()
        await killing(stack, settings, servers, 6, everybody.run(clients=32, each=20, acts=MIXED))
        await judge(everybody, owner, before, time.monotonic() - began, may_lose=True)
        assert any(event.lost for event in everybody.events), "no request was ever interrupted: the test proved nothing"
        await nothing_left_to_do(owner)
    told = {row["appointment"] for row in await owner.fetch("SELECT appointment FROM notice WHERE kind = 'booked'")}
    assert {it.id for it in everybody.booked} <= told


@pytest.mark.rule("B-13")
async def test_offers_while_two_servers_and_the_worker_are_killed_at_random(
    cast: Database, urls: Urls, settings: Settings, keys: Keys, owner: asyncpg.Connection
) -> None:
    """Patients are reached by telephone, so that no message has to go out."""
    for practitioner in (DR_BOB, DR_DORA):
        await people.open_hours(cast, practitioner, NINE, 2)
    await owner.execute("UPDATE service SET daily_cap = 6 WHERE id = $1", TALK)
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(serving(settings, TELEMED_BEHIND_PROXY="true")) for _ in range(2)]
        watch = await stack.enter_async_context(Watch(urls.owner))
        everybody = await stack.enter_async_context(crowd(
            cast, keys, servers, 8, seed=12, kind=Queue, doctors={TALK: DR_BOB, TALK_DORA: DR_DORA}, caps={TALK: 6},
            assisted=0.2, reached="phone",
        ))  # fmt: skip
        before, began = await count_deadlocks(owner), time.monotonic()
        await killing(stack, settings, servers, 8, everybody.run(clients=24, each=16, acts=ACTS))
        took = time.monotonic() - began
        async with cast.transaction(SYSTEM) as tx:  # the round that the clock sends every three minutes
            await tx.value("jobs.enqueue", entrypoint="offers", payload="", due=None, dedupe="offers")
        await nothing_left_to_do(owner)
        for act in ("join", "cancel"):  # what is free from now on is offered because of it, not by the round
            await everybody.run(clients=4, each=4, acts=[act])
            await nothing_left_to_do(owner)
    complaints = await judge_offers(everybody, watch, owner)
    assert complaints == [], complaints[0]
    await judge(everybody, owner, before, took, may_lose=True)
    became = Counter(row[0] for row in await owner.fetch("SELECT status FROM offer"))
    print(dict(became))
    assert became["accepted"] and became["declined"] and became["expired"]


async def killing(
    stack: AsyncExitStack, settings: Settings, servers: list[Server], seed: int, storm: Coroutine[Any, Any, None]
) -> None:  # fmt: skip
    """kill -9 for one of the servers, then for the worker, and so on until the storm is over; each comes back at once.
    A worker is there in the end.
    """
    dice = random.Random(seed)
    worker = await stack.enter_async_context(Worker(settings, TELEMED_JOB_TIMEOUT="1"))
    running = asyncio.create_task(storm)
    for unlucky in cycle(("server", "worker")):
        await asyncio.sleep(0.3 + dice.random())
        if running.done():
            break
        if unlucky == "server":
            server = dice.choice(servers)
            await server.kill()
            await server.start()
        else:
            await worker.kill()
            worker = await stack.enter_async_context(Worker(settings, TELEMED_JOB_TIMEOUT="1"))
    await running


async def nothing_left_to_do(owner: asyncpg.Connection) -> None:
    """Waits for the worker to have done all that is due."""
    async with asyncio.timeout(20):
        while await owner.fetchval("SELECT count(*) FROM pgqueuer WHERE execute_after <= now()"):
            await asyncio.sleep(0.1)
