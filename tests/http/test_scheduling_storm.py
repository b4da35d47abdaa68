"""The storm once more through the front door: HTTP, JSON, idempotency keys and codes (B-13)."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient

from telemed import limits
from telemed.db import Database
from tests import people
from tests.history import Event, Place, Places, Row, complaints
from tests.people import DR_BOB, DR_DORA, TALK, TALK_DORA

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)
DOCTORS = {str(TALK): str(DR_BOB), str(TALK_DORA): str(DR_DORA)}
CLIENTS, EACH = 64, 20


def places(service: str, start: datetime) -> Places:
    return frozenset({Place(DOCTORS[service], start, start + QUARTER)})


async def ask(client: TestClient, events: list[Event], body: dict[str, Any], key: str) -> dict[str, Any]:
    sent, start = time.monotonic(), datetime.fromisoformat(body["start"])
    async with client.post("/api/v1/appointments", json=body, headers={"Idempotency-Key": key}) as response:
        told = await response.json()
    outcome = "ok" if response.status == 201 else told["code"]
    offered = tuple(places(body["service"], datetime.fromisoformat(one)) for one in told.get("alternatives", ()))
    events.append(
        Event("book", sent, time.monotonic(), outcome, told.get("id"), places(body["service"], start), offered, key)
    )
    return told if response.status == 201 else {}


@pytest.mark.rule("B-13")
async def test_a_storm_over_http(
    client: TestClient, cast: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits.Limit, "spend", lambda self, client: None)  # everybody comes from one address here
    for practitioner in (DR_BOB, DR_DORA):
        await people.open_hours(cast, practitioner, NINE, 5)
    dice, events = random.Random(5), list[Event]()
    codes: dict[str, str] = {}

    async def one(number: int) -> None:
        for n in range(EACH):
            patient = {"name": f"Probe {chr(65 + number % 26)}{chr(65 + n)}", "birth_date": f"19{10 + number}-01-01"}
            start = NINE + QUARTER * dice.randrange(20)
            body = {"service": dice.choice(list(DOCTORS)), "start": start.isoformat(), "patient": patient}
            for _again in range(1 + (dice.random() < 0.2)):
                told = await ask(client, events, body, f"client-{number:02}-{n:02}")
                if told:
                    assert codes.setdefault(told["id"], told["code"]) == told["code"]

    began = time.monotonic()
    await asyncio.gather(*(one(number) for number in range(CLIENTS)))
    took = time.monotonic() - began
    found = await owner.fetch("SELECT id, practitioner, lower(during) AS a, upper(during) AS b FROM appointment")
    rows = [Row(str(r["id"]), frozenset({Place(str(r["practitioner"]), r["a"], r["b"])}), True) for r in found]
    assert {event.outcome for event in events} == {"ok", "slot_taken"}
    assert complaints(events, rows) == []
    assert len(rows) == len(codes) == 40
    delays = sorted((event.answered or 0) - event.sent for event in events)
    print(f"\n{len(events)} requests in {took:.1f} s, p99 {delays[len(delays) * 99 // 100] * 1000:.0f} ms")
