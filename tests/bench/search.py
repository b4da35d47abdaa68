"""Search for the earliest doctor near, over HTTP, beside the bare statements and a naive multirange query.

`python -m tests.bench search-100000` for that many practitioners.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import aiohttp
import asyncpg

from telemed import pg
from telemed.settings import Settings
from telemed.statements import statements
from tests.bench import country
from tests.bench.country import GERMANY, REGION
from tests.bench.report import Figure, percentile
from tests.processes import serving

SIZES, TIMES = (1000, 10_000), 150
ASKED = {"where": "17291", "specialty": "general", "sort": "earliest"}
VARIANTS = {
    "next week, evenings": {"when": "next-week", "time": "evening"},
    "nearest first": {"sort": "nearest"},
    "all specialties": {"specialty": ""},
}

# What one would write first: every practitioner's whole month as a multirange difference, then the least of each.
_NAIVE = """
    SELECT practitioner.id, (SELECT min(lower(free)) FROM unnest(
        (SELECT range_agg(during) FROM opening WHERE opening.practitioner = practitioner.id AND during && $1)
        - (SELECT coalesce(range_agg(reserved), '{}') FROM appointment WHERE appointment.practitioner = practitioner.id
           AND reserved && $1 AND status IN ('held', 'booked', 'arrived', 'fulfilled'))) AS free
        WHERE upper(free) - lower(free) >= interval '15 min') AS earliest
    FROM practitioner WHERE specialty = 'general' ORDER BY earliest LIMIT 10
"""
_REACHED = """
    SELECT place.id AS place, 20.0::float8 AS km FROM (SELECT DISTINCT place FROM town) AS town
    JOIN place ON place.id = town.place WHERE power(lat - 53.3, 2) + power(0.6 * (lon - 13.86), 2) < 1.1
"""


async def run(urls: pg.Urls, settings: Settings, size: int | None = None) -> list[Figure]:
    figures: list[Figure] = []
    for practitioners in (size,) if size else SIZES:
        async with country.built(urls, practitioners):
            for name, area in (("in all of Germany", GERMANY), ("all within two hours", REGION)):
                await country.settle(urls, area)
                figures += await _measured(urls, settings, practitioners, name)
    return figures


async def _measured(urls: pg.Urls, settings: Settings, practitioners: int, name: str) -> list[Figure]:
    title = f"search, {practitioners} practitioners {name}"
    async with serving(settings, TELEMED_BEHIND_PROXY="true") as server, aiohttp.ClientSession() as session:
        count = iter(range(10**6))

        async def ask(words: dict[str, str]) -> None:
            headers = {"X-Forwarded-For": f"10.2.{next(count) // 250 % 250}.{next(count) % 250}"}
            address = f"{server.url}/api/v1/practitioners"
            async with session.get(address, params=words, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                assert len((await answer.json())["practitioners"]) == 10

        usual = await _times(partial(ask, ASKED), TIMES)
        others = {which: await _times(partial(ask, ASKED | words), TIMES) for which, words in VARIANTS.items()}
    bare = percentile(await _times(await _bare(urls), TIMES), 0.5)
    naive = percentile(await _times(await _naive(urls), max(1, 30_000 // practitioners)), 0.5)
    most50, most99 = (0.05, 0.05) if practitioners <= 1000 else (0.02, 0.1) if practitioners <= 10_000 else (0.03, 0.15)
    figures = [_figure(f"{title}: p50 beside the bare SQL", percentile(usual, 0.5), bare, most50)]
    figures.append(_figure(f"{title}: p99 beside a naive query", percentile(usual, 0.99), naive, most99))
    for which, times in others.items():
        half = _ms(percentile(times, 0.5))
        what = f"{title}, {which}: p99 beside the bare SQL; p50 {half}"
        figures.append(_figure(what, percentile(times, 0.99), bare, most99))
    return figures


def _figure(title: str, ours: float, other: float, most: float) -> Figure:
    return Figure(title, _ms(ours), _ms(other), ours / other, f"≤ {most * 1000:.0f} ms", ours <= most)


async def _bare(urls: pg.Urls) -> Callable[[], Awaitable[None]]:
    """The two statements that matter, over one connection."""
    app = await asyncpg.connect(urls.app)
    towns = await app.fetch(_REACHED)
    now = datetime.now(UTC)
    values: dict[str, object] = {
        "places": [town["place"] for town in towns], "kilometres": [town["km"] for town in towns], "parts": [1, 2, 3],
        "specialty": "general", "mode": "video", "language": None, "earliest": now, "now": now, "sort": "earliest",
        "each": 11, "look": 34, "station": None, "since_time": None, "until_time": None,
    }  # fmt: skip

    async def bare() -> None:
        line = await _fetch(app, "directory.line", values)
        people = [row["practitioner"] for row in line[:15]]
        found = {
            "practitioners": people,
            "near": [True] * len(people),
            "earliest": line[0]["bound"] or now + timedelta(1),
        }
        assert await _fetch(app, "directory.first_starts", values | found | {"each": 4})

    return bare


async def _naive(urls: pg.Urls) -> Callable[[], Awaitable[None]]:
    owner = await asyncpg.connect(urls.owner)
    month = asyncpg.Range(datetime.now(UTC), None)

    async def naive() -> None:
        assert await owner.fetch(_NAIVE, month)

    return naive


async def _fetch(connection: asyncpg.Connection, name: str, values: dict[str, object]) -> list[asyncpg.Record]:
    statement = statements()[name]
    return await connection.fetch(statement.sql, *(values[parameter] for parameter in statement.parameters))


async def _times(run: Callable[[], Awaitable[None]], times: int) -> list[float]:
    for _ in range(10 if times > 20 else times // 2):  # connections and plans
        await run()
    found = []
    for _ in range(times):
        started = time.perf_counter()
        await run()
        found.append(time.perf_counter() - started)
    return found


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
