"""Offers against walk-ins: no overlap, no deadlock, nobody passed over, nobody offered what they cannot take."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from telemed.db import Database
from telemed.pg import Urls
from telemed.scheduling.types import Patient
from telemed.scheduling.waitlist import offers
from tests import people
from tests.crowd import strangers
from tests.offers import Watch, judge_offers
from tests.people import DR_BOB, DR_DORA, STATION, TALK, TALK_DORA
from tests.queue import ACTS, Queue
from tests.storms import count_deadlocks, judge
from tests.waiting import WAYS

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)
DOCTORS = {TALK: DR_BOB, TALK_DORA: DR_DORA}


@pytest.fixture
async def crowded(cast: Database, urls: Urls) -> AsyncIterator[Database]:
    for practitioner in DOCTORS.values():
        await people.open_hours(cast, practitioner, NINE, 2)
    database = await Database.open(urls.app, size=32)
    yield database
    await database.close()


@pytest.mark.rule("B-13")
@pytest.mark.parametrize(("seed", "caps"), [(1, {}), (2, {TALK: 5, TALK_DORA: 6})], ids=["", "with daily caps"])
async def test_offers_against_walk_ins(
    crowded: Database, urls: Urls, owner: asyncpg.Connection, seed: int, caps: dict[UUID, int]
) -> None:
    for service, cap in caps.items():
        await owner.execute("UPDATE service SET daily_cap = $1 WHERE id = $2", cap, service)
    everybody = Queue(
        db=crowded, doctors=DOCTORS, starts=[NINE + n * QUARTER for n in range(8)], stations=[STATION],
        length=QUARTER, dice=random.Random(seed), assisted=0.2, caps=caps,
        patients=[Patient(name, date(1970, 1, 1)) for name in strangers(40)],
    )  # fmt: skip
    before, began = await count_deadlocks(owner), time.monotonic()
    databases = [await Database.open(urls.app, size=2) for _ in range(2)]
    async with Watch(urls.owner) as watch:
        workers = [asyncio.create_task(everybody.work(database)) for database in databases]
        try:
            await everybody.run(clients=64, each=16, acts=ACTS)
        finally:
            everybody.stopped = True
            await asyncio.gather(*workers)
            await asyncio.gather(*(database.close() for database in databases))
        for _ in range(3):
            await everybody.say_nothing()  # on a slow machine nobody may have until now
        for doctor in DOCTORS.values():
            await offers.fill(crowded, doctor, WAYS)
    took = time.monotonic() - began
    found = await judge_offers(everybody, watch, owner)
    assert found == [], found[0]
    await judge(everybody, owner, before, took)
    became = Counter(row[0] for row in await owner.fetch("SELECT status FROM offer"))
    print(f"{everybody.rounds} runs of the workers, {sum(became.values())} offers: {dict(became)}")
    assert became["accepted"] and became["declined"] and became["expired"]
