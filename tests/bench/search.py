"""Search for the earliest doctor near, over HTTP, beside the bare statement and a naive multirange query."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aiohttp
import asyncpg

from telemed import pg
from telemed.db import statements
from telemed.settings import Settings
from tests.bench import world
from tests.bench.report import Figure, percentile
from tests.processes import serving

PRACTITIONERS, TIMES = 1000, 120

# What one would write first: every practitioner's whole month as a multirange difference, then the least of each.
_NAIVE = """
    SELECT practitioner.id, (SELECT min(lower(free)) FROM unnest(
        (SELECT range_agg(during) FROM opening WHERE opening.practitioner = practitioner.id AND during && $1)
        - (SELECT coalesce(range_agg(reserved), '{}') FROM appointment WHERE appointment.practitioner = practitioner.id
           AND reserved && $1 AND status IN ('held', 'booked', 'arrived', 'fulfilled'))) AS free
        WHERE upper(free) - lower(free) >= interval '15 min') AS earliest
    FROM practitioner WHERE specialty = 'general' ORDER BY earliest LIMIT 10
"""


async def run(urls: pg.Urls, settings: Settings) -> list[Figure]:
    await world.build(urls, PRACTITIONERS, taken=0.5)
    owner = await asyncpg.connect(urls.owner)
    app = await asyncpg.connect(urls.app)
    month = asyncpg.Range(datetime.now(UTC), None)
    places = [row["place"] for row in await owner.fetch("SELECT DISTINCT place FROM site WHERE kind = 'practice'")]
    bare_sql = statements()["directory.found"]
    values = {
        "places": places, "kilometres": [20.0] * len(places), "specialty": "general", "mode": "video",
        "now": datetime.now(UTC), "look": 64, "sort": "earliest", "after_first": -1.0, "after_second": -1.0,
        "after": "00000000-0000-0000-0000-000000000000", "limit": 11,
    }  # fmt: skip
    arguments = [values[name] for name in bare_sql.parameters]

    async with serving(settings, TELEMED_BEHIND_PROXY="true") as server, aiohttp.ClientSession() as session:
        count = iter(range(10**6))

        async def ours() -> None:
            asked = {"where": "17291", "specialty": "general", "sort": "earliest"}
            headers = {"X-Forwarded-For": f"10.2.0.{next(count) % 250}"}
            async with session.get(f"{server.url}/api/v1/practitioners", params=asked, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                assert len((await answer.json())["practitioners"]) == 10

        async def bare() -> None:
            assert await app.fetch(bare_sql.sql, *arguments)

        async def naive() -> None:
            assert await owner.fetch(_NAIVE, month)

        await ours()
        measured = {name: await _times(run, n) for name, run, n in (
            ("ours", ours, TIMES), ("bare", bare, TIMES), ("naive", naive, 12))}  # fmt: skip
    await owner.close()
    await app.close()
    p50, p99 = (percentile(measured["ours"], share) for share in (0.5, 0.99))
    floor = percentile(measured["bare"], 0.5)
    slow = percentile(measured["naive"], 0.5)
    title = f"search, {PRACTITIONERS} practitioners, 30 days, half taken"
    return [
        Figure(f"{title}: p50 beside the bare SQL", _ms(p50), _ms(floor), p50 / floor, "shown", True),
        Figure(f"{title}: p99 beside a naive query", _ms(p99), _ms(slow), p99 / slow, "p99 ≤ 50 ms", p99 <= 0.05),
    ]


async def _times(run: Callable[[], Awaitable[None]], times: int) -> list[float]:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        await run()
        found.append(time.perf_counter() - started)
    return found


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
