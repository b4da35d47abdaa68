"""Many clients, few times: no overlap, no deadlock, nobody unanswered, nobody lied to (B-13)."""

from __future__ import annotations

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
from tests.crowd import Crowd
from tests.history import complaints
from tests.people import DR_BOB, DR_CHARLIE, DR_DORA, STATION, TALK, TALK_CHARLIE, TALK_DORA

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)
DOCTORS = {TALK: DR_BOB, TALK_CHARLIE: DR_CHARLIE, TALK_DORA: DR_DORA}
MIXED = ["book"] * 4 + ["hold_and_book"] * 4 + ["move"] * 3 + ["cancel"] * 2 + ["expire", "arrive"]


@pytest.fixture
async def crowded(cast: Database, urls: Urls, owner: asyncpg.Connection) -> AsyncIterator[Database]:
    """Three doctors for two hours, two stations, and as many connections as a busy node."""
    for practitioner in DOCTORS.values():
        await people.open_hours(cast, practitioner, NINE, 2)
    await owner.execute(
        "INSERT INTO station (id, site, name) VALUES ($1, $2, 'Raum 2')", people.fixed(43), people.GERSWALDE
    )
    database = await Database.open(urls.app, size=32)
    yield database
    await database.close()


def crowd(db: Database, seed: int, minutes: int = 15, patients: int = 40) -> Crowd:
    return Crowd(
        db=db, doctors=DOCTORS, starts=[NINE + timedelta(minutes=n) for n in range(0, 106, minutes)],
        stations=[STATION, people.fixed(43)], length=QUARTER, dice=random.Random(seed),
        patients=[Patient(f"Probe {chr(65 + n % 26)}{chr(97 + n // 26)}", date(1970, 1, 1)) for n in range(patients)],
    )  # fmt: skip


async def judge(crowd: Crowd, owner: asyncpg.Connection, deadlocks: int, took: float) -> None:
    assert crowd.failures == []
    assert complaints(crowd.events, await crowd.rows(owner)) == []
    assert await count_deadlocks(owner) == deadlocks
    delays = sorted((event.answered or 0) - event.sent for event in crowd.events)
    outcomes = Counter(f"{event.verb} {event.outcome}" for event in crowd.events)
    print(
        f"\n{len(delays)} requests in {took:.1f} s, p50 {delays[len(delays) // 2] * 1000:.0f} ms,"
        f" p99 {delays[len(delays) * 99 // 100] * 1000:.0f} ms, longest {delays[-1] * 1000:.0f} ms; {dict(outcomes)}"
    )


async def count_deadlocks(owner: asyncpg.Connection) -> int:
    await owner.execute("SELECT pg_stat_clear_snapshot()")
    found = await owner.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert isinstance(found, int)
    return found


@pytest.mark.rule("B-13")
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_storm_of_everything(crowded: Database, owner: asyncpg.Connection, seed: int) -> None:
    everybody, before, began = crowd(crowded, seed), await count_deadlocks(owner), time.monotonic()
    await everybody.run(clients=64, each=16, acts=MIXED)
    await judge(everybody, owner, before, time.monotonic() - began)


@pytest.mark.rule("B-13")
async def test_a_storm_for_few_times(crowded: Database, owner: asyncpg.Connection) -> None:
    everybody, before, began = crowd(crowded, 3, patients=500), await count_deadlocks(owner), time.monotonic()
    await everybody.run(clients=64, each=20, acts=["book"])
    await judge(everybody, owner, before, time.monotonic() - began)
    booked = [row for row in await everybody.rows(owner) if row.active]
    assert len(booked) == len(DOCTORS) * len(everybody.starts)


@pytest.mark.rule("B-13")
async def test_a_storm_of_swaps(crowded: Database, owner: asyncpg.Connection) -> None:
    """Everybody wants everybody's time, by shifts that overlap the old one too, and nobody waits in a circle."""
    await owner.execute("UPDATE service SET grid = '5 min', buffer_after = '5 min'")
    await owner.execute("UPDATE service SET buffer_after = '0'")
    everybody, before, began = crowd(crowded, 4, minutes=5), await count_deadlocks(owner), time.monotonic()
    await everybody.run(clients=16, each=4, acts=["book"])
    await everybody.run(clients=64, each=16, acts=["move"] * 6 + ["arrive"])
    await judge(everybody, owner, before, time.monotonic() - began)
    assert any(event.verb == "move" and event.worked for event in everybody.events)
