"""The storm: 4,000 requests for 40 times, judged by their history, beside a bare server that does the one insert."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from telemed import pg
from telemed.db import Database
from telemed.scheduling.types import Patient
from telemed.settings import Settings
from tests import people
from tests.bench import world
from tests.bench.floors import floor
from tests.bench.report import Figure, percentile
from tests.crowd import Crowd, strangers
from tests.lean import Client
from tests.processes import serving
from tests.storms import count_deadlocks, judge
from tests.ways import OverHttp

REQUESTS, SLOTS = 4000, 20
QUARTER = timedelta(minutes=15)
Doctors = dict[UUID, UUID]


async def run(urls: pg.Urls, settings: Settings) -> list[Figure]:
    """A quarter, the whole, and four times the crowd; the same requests each time."""
    figures = []
    async with serving(settings, TELEMED_BEHIND_PROXY="true") as server, floor(urls.app) as floor_url:
        for clients in (16, 64, 256):
            start, doctors = await world.release(urls, 2, SLOTS)
            least, floor_took = await _at_floor(int(floor_url.rpartition(":")[2]), clients, start, doctors)
            await world.let_go(urls)
            delays, took = await _ours(urls, server.port, clients, start, doctors)
            p99, floor_p99 = percentile(delays, 0.99), percentile(least, 0.99)
            ours, rate = len(delays) / took, REQUESTS / floor_took
            what = f"storm: {REQUESTS} requests for {2 * SLOTS} times by {clients} clients"
            judged = " (no overlap, no deadlock, every loser's alternatives free)"
            aim, reached = ("p99 ≤ 500 ms", p99 <= 0.5) if clients == 64 else ("growth", True)
            figures += [
                Figure(f"{what}: p99{judged}", _ms(p99), _ms(floor_p99), p99 / floor_p99, aim, reached),
                Figure(f"{what}: answers", f"{ours:.0f}/s", f"{rate:.0f}/s", ours / rate, "shown", True),
            ]
    return figures


async def _ours(urls: pg.Urls, port: int, clients: int, start: datetime, doctors: Doctors) -> tuple[list[float], float]:
    owner, db = await asyncpg.connect(urls.owner), await Database.open(urls.app)
    async with OverHttp([port]) as way:
        crowd = Crowd(
            db=db, doctors=doctors, starts=[start + QUARTER * n for n in range(SLOTS)], stations=[], length=QUARTER,
            dice=random.Random(clients), way=way,
            patients=[Patient(name, date(1950, 1, 1)) for name in strangers(3000)],
        )  # fmt: skip
        before, began = await count_deadlocks(owner), time.monotonic()
        await crowd.run(clients, REQUESTS * 5 // 6 // clients, ["book"])  # one in five asks twice
        took = time.monotonic() - began
        delays = await judge(crowd, owner, before, took)
    await db.close()
    await owner.close()
    return delays, took


async def _at_floor(port: int, clients: int, start: datetime, doctors: Doctors) -> tuple[list[float], float]:
    dice, delays = random.Random(clients), list[float]()
    todo = iter(range(REQUESTS))

    async def one() -> None:
        client = Client(port)
        for number in todo:
            service, doctor = dice.choice(list(doctors.items()))
            wish = {
                "practitioner": doctor, "service": service, "site": people.PRENZLAU,
                "start": start + QUARTER * dice.randrange(SLOTS), "patient": {"name": f"Probe {number}"},
            }  # fmt: skip
            sent = time.monotonic()
            told = await client.ask("POST", "/insert", wish)
            delays.append(time.monotonic() - sent)
            assert told.status in (201, 409), told
        client.close()

    began = time.monotonic()
    await asyncio.gather(*(one() for _ in range(clients)))
    return delays, time.monotonic() - began


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
