"""kill -9 while bookings pour in: what was acknowledged is there, nothing is there twice, everybody gets an answer."""

from __future__ import annotations

import asyncio
import itertools
import random
import uuid
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest

from telemed.db import Database
from telemed.settings import Settings
from tests import people
from tests.processes import Server, serving

CLIENTS, KILLS, SLOTS = 16, 3, 300


async def client(number: int, server: Server, starts: list[datetime], done: asyncio.Event) -> list[dict[str, Any]]:
    """Books one time after another until `done`; a lost answer is asked for again with the same key."""
    told: list[dict[str, Any]] = []
    chance = random.Random(number)
    async with aiohttp.ClientSession(headers={"X-Forwarded-For": f"10.0.0.{number}"}) as session:
        for turn in itertools.count():
            if done.is_set():
                return told
            wish = {
                "service": str(people.TALK),
                "start": chance.choice(starts).isoformat(),
                "patient": {"name": f"Patient Nummer {chr(65 + number)}{turn}", "birth_date": "1950-01-01"},
            }
            told.append({"wish": wish, **await insist(session, server, wish)})
    raise AssertionError("unreachable")


async def insist(session: aiohttp.ClientSession, server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    """Asks until there is an answer, for at most 30 seconds."""
    key = uuid.uuid4().hex
    lost = 0
    async with asyncio.timeout(30):
        while True:
            try:
                async with session.post(
                    f"{server.url}/api/v1/appointments", json=wish, headers={"Idempotency-Key": key}
                ) as answer:
                    if answer.status not in (429, 500, 503):
                        return {"status": answer.status, "lost": lost, "answer": await answer.json()}
                    assert answer.status != 500, await answer.text()
            except aiohttp.ClientError:
                lost += 1
            await asyncio.sleep(0.05)


@pytest.mark.rule("B-13")
async def test_bookings_survive_kill_nine(cast: Database, settings: Settings, owner: asyncpg.Connection) -> None:
    first = people.tomorrow()
    await people.open_hours(cast, people.DR_BOB, first, SLOTS / 4)
    starts = [first + timedelta(minutes=15 * n) for n in range(SLOTS)]
    done = asyncio.Event()
    async with serving(settings, TELEMED_BEHIND_PROXY="true") as server, asyncio.TaskGroup() as group:
        clients = [group.create_task(client(number, server, starts, done)) for number in range(CLIENTS)]
        for _ in range(KILLS):
            await asyncio.sleep(1.0)
            await server.kill()
            await server.start()
        await asyncio.sleep(0.5)
        done.set()
    told = [entry for task in clients for entry in task.result()]
    booked = [entry for entry in told if entry["status"] == 201]
    refused = [entry for entry in told if entry["status"] == 409]
    assert len(booked) + len(refused) == len(told)
    assert any(entry["lost"] for entry in told), "no request was ever interrupted: the test proved nothing"

    rows = {row["id"]: row for row in await owner.fetch("SELECT *, lower(during) AS start FROM appointment")}
    for entry in booked:
        row = rows[uuid.UUID(entry["answer"]["id"])]
        assert (row["status"], row["patient_name"]) == ("booked", entry["wish"]["patient"]["name"])
        assert row["start"] == datetime.fromisoformat(entry["wish"]["start"])
    assert len(rows) == len(booked), "a booking nobody was told of, although everybody insisted"
    assert len({row["start"] for row in rows.values()}) == len(rows)
    assert len({entry["answer"]["code"] for entry in booked}) == len(booked)
    for entry in refused:
        assert entry["answer"]["code"] == "slot_taken"
        assert entry["answer"]["taken"] == ["practitioner"]
