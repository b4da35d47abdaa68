"""Offers against walk-ins: no overlap, no deadlock, nobody passed over, nobody offered what they cannot take."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta

import asyncpg
import pytest

from telemed.db import Database
from telemed.pg import Urls
from telemed.scheduling.types import Patient
from tests import people
from tests.crowd import strangers
from tests.people import DR_BOB, DR_DORA, STATION, TALK, TALK_DORA
from tests.queue import Queue
from tests.storms import count_deadlocks, judge

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)
DOCTORS = {TALK: DR_BOB, TALK_DORA: DR_DORA}
ACTS = ["book"] * 4 + ["hold_and_book"] * 2 + ["move"] + ["cancel"] * 5 + ["join"] * 3 + ["join_earlier"] + [
    "accept"] * 5 + ["decline"] * 2 + ["say_nothing"] * 2 + ["withdraw", "expire"]  # fmt: skip


@pytest.fixture
async def crowded(cast: Database, urls: Urls) -> AsyncIterator[Database]:
    for practitioner in DOCTORS.values():
        await people.open_hours(cast, practitioner, NINE, 2)
    database = await Database.open(urls.app, size=32)
    yield database
    await database.close()


@pytest.mark.rule("B-13")
@pytest.mark.parametrize("seed", [1, 2])
async def test_offers_against_walk_ins(crowded: Database, urls: Urls, owner: asyncpg.Connection, seed: int) -> None:
    everybody = Queue(
        db=crowded, doctors=DOCTORS, starts=[NINE + n * QUARTER for n in range(8)], stations=[STATION],
        length=QUARTER, dice=random.Random(seed), assisted=0.2,
        patients=[Patient(name, date(1970, 1, 1)) for name in strangers(40)],
    )  # fmt: skip
    before, began = await count_deadlocks(owner), time.monotonic()
    databases = [await Database.open(urls.app, size=2) for _ in range(2)]
    workers = [asyncio.create_task(everybody.work(database)) for database in databases]
    try:
        await everybody.run(clients=64, each=16, acts=ACTS)
    finally:
        everybody.stopped = True
        await asyncio.gather(*workers)
        await asyncio.gather(*(database.close() for database in databases))
    assert await everybody.judge_offers(owner) == []
    await judge(everybody, owner, before, time.monotonic() - began)
    twice = "SELECT count(*) FROM offer a JOIN offer b ON a.id < b.id AND a.practitioner = b.practitioner"
    assert await owner.fetchval(f"{twice} AND a.start = b.start AND a.status = 'open' AND b.status = 'open'") == 0
    left = "SELECT count(*) FROM appointment a JOIN offer o ON o.appointment = a.id WHERE a.status = 'held'"
    assert await owner.fetchval(f"{left} AND o.status = 'accepted'") == 0
    became = Counter(row[0] for row in await owner.fetch("SELECT status FROM offer"))
    print(f"{len(everybody.given_out)} runs of the workers, {sum(became.values())} offers: {dict(became)}")
    assert became["accepted"] and became["declined"] and became["expired"]
