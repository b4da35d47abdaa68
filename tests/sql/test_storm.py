"""Many clients, few times: no overlap, no deadlock, nobody unanswered, nobody lied to (B-13)."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from telemed.db import Database
from telemed.identity.callers import Caller
from telemed.pg import Urls
from telemed.scheduling.types import Patient
from tests import people
from tests.crowd import Crowd, strangers
from tests.people import DR_BOB, DR_CHARLIE, DR_DORA, STATION, TALK, TALK_CHARLIE, TALK_DORA
from tests.storms import count_deadlocks, judge

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
        patients=[Patient(name, date(1970, 1, 1)) for name in strangers(patients)],
    )  # fmt: skip


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


@pytest.mark.rule("B-13")
async def test_a_storm_of_second_thoughts(crowded: Database, owner: asyncpg.Connection) -> None:
    """A full calendar: times are given up and wanted back, while others wait for exactly that."""
    everybody, before, began = crowd(crowded, 8, patients=400), await count_deadlocks(owner), time.monotonic()
    everybody.assisted = 0
    await everybody.run(clients=24, each=8, acts=["book"])
    await everybody.run(clients=64, each=10, acts=["rebook"] * 3 + ["cancel", "book", "book", "hold_and_book"])
    await judge(everybody, owner, before, time.monotonic() - began)
    assert Counter(event.outcome for event in everybody.events if event.verb == "cancel")["ok"] > 100


@pytest.mark.rule("B-13")
async def test_forty_doctors_share_three_stations(cast: Database, urls: Urls, owner: asyncpg.Connection) -> None:
    """The scarce things are rooms, assistants and patients, not doctors: three of each kind at one time, no more."""
    doctors, rooms, assistants = await many_doctors(owner, 40), [STATION], [people.CALLERS["petra"]]
    for n in (1, 2):
        rooms.append(people.fixed(42 + n))
        await owner.execute("INSERT INTO station (id, site, name) VALUES ($1, $2, 'Raum')", rooms[-1], people.GERSWALDE)
        colleague = people.fixed(600 + n)
        await owner.execute(
            "INSERT INTO person (id, login, name, role, site, password) VALUES ($1, $2, 'Pia', 'assistant', $3, '')",
            colleague, f"pia{n}", people.GERSWALDE,
        )  # fmt: skip
        assistants.append(Caller("assistant", colleague, people.GERSWALDE))
    database = await Database.open(urls.app, size=32)
    everybody = crowd(database, 9, patients=60)
    everybody.doctors, everybody.stations, everybody.assistants = doctors, rooms, assistants
    everybody.assisted = everybody.beside = 0.8
    before, began = await count_deadlocks(owner), time.monotonic()
    await everybody.run(clients=64, each=16, acts=MIXED)
    await judge(everybody, owner, before, time.monotonic() - began)
    await database.close()
    taken = Counter(place.resource for row in await everybody.rows(owner) if row.active for place in row.places)
    assert min(taken[str(room)] for room in rooms) >= len(everybody.starts) // 2, "hardly anybody wanted a room"


async def many_doctors(owner: asyncpg.Connection, number: int) -> dict[UUID, UUID]:
    """So many doctors at Prenzlau with two open hours each: service -> practitioner."""
    doctors = {people.fixed(1000 + n): people.fixed(2000 + n) for n in range(number)}
    await owner.executemany(
        "INSERT INTO practitioner (id, site, name, specialty) VALUES ($1, $2, 'Nummer', 'general')",
        [(doctor, people.PRENZLAU) for doctor in doctors.values()],
    )
    await owner.executemany(
        "INSERT INTO service (id, practitioner, name_de, name_en, duration, notice, grid, modes)"
        " VALUES ($1, $2, 'Video', 'Video', '15 min', '10 min', '15 min', '{video,assisted}')",
        list(doctors.items()),
    )
    await owner.executemany(
        "INSERT INTO opening (practitioner, during) VALUES ($1, tstzrange($2, $3))",
        [(doctor, NINE, NINE + timedelta(hours=2)) for doctor in doctors.values()],
    )
    return doctors
