"""Monday at eight: a week of times is released, ten people want each; they hold, book, give back or walk away."""

from __future__ import annotations

import random
import time
from datetime import date, timedelta

import asyncpg

from telemed import pg
from telemed.db import Database
from telemed.scheduling.types import Patient
from telemed.settings import Settings
from tests.bench import world
from tests.bench.report import Figure, percentile
from tests.crowd import Crowd, strangers
from tests.processes import serving
from tests.storms import count_deadlocks, judge, monday
from tests.ways import OverHttp

DOCTORS = 5
QUARTER = timedelta(minutes=15)


async def run(urls: pg.Urls, settings: Settings) -> list[Figure]:
    """The whole, after a tenth and a third of it."""
    figures = []
    async with serving(settings, TELEMED_BEHIND_PROXY="true") as server:
        for slots in (50, 150, 500):
            delays, took = await _monday(urls, server.port, slots)
            what = f"Monday: {slots} times, {slots * 10} patients"
            p99 = percentile(delays, 0.99)
            aim, reached = ("p99 ≤ 500 ms", p99 <= 0.5) if slots == 500 else ("growth", True)
            figures += [
                Figure(
                    f"{what}: p99 (every time booked, nobody lied to)", f"{p99 * 1000:.0f} ms", "", None, aim, reached
                ),
                Figure(f"{what}: answers", f"{len(delays) / took:.0f}/s", "", None, "shown", True),
            ]
    return figures


async def _monday(urls: pg.Urls, port: int, slots: int) -> tuple[list[float], float]:
    start, doctors = await world.release(urls, DOCTORS, slots // DOCTORS)
    owner, db = await asyncpg.connect(urls.owner), await Database.open(urls.app)
    async with OverHttp([port]) as way:
        crowd = Crowd(
            db=db, doctors=doctors, stations=[], length=QUARTER, way=way,
            starts=[start + QUARTER * n for n in range(slots // DOCTORS)], dice=random.Random(slots),
            patients=[Patient(name, date(1950, 1, 1)) for name in strangers(slots * 10)],
        )  # fmt: skip
        before, began = await count_deadlocks(owner), time.monotonic()
        await monday(crowd, slots * 10)
        took = time.monotonic() - began
        delays = await judge(crowd, owner, before, took)
    await db.close()
    await owner.close()
    return delays, took
