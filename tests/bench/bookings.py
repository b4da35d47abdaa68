"""Bookings per second over HTTP, none in conflict, beside bare aiohttp and asyncpg doing the one insert."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import aiohttp
import asyncpg

from telemed import pg
from telemed.settings import Settings
from tests.bench import world
from tests.bench.floors import floor
from tests.bench.report import Figure
from tests.processes import serving

CLIENTS, BOOKINGS = 16, 1500


async def run(urls: pg.Urls, settings: Settings) -> list[Figure]:
    """Three rounds each, alternating; the better round counts for both."""
    await world.build(urls, 40, hours=(0, 24))
    owner = await asyncpg.connect(urls.owner)
    wishes = iter(await _wishes(owner))
    await owner.close()
    rates: dict[str, list[float]] = {"ours": [], "floor": []}
    async with serving(settings, TELEMED_BEHIND_PROXY="true") as server, floor(urls.app) as floor_url:
        for _ in range(3):
            rates["floor"].append(await _rate(f"{floor_url}/insert", wishes, 201))
            rates["ours"].append(await _rate(f"{server.url}/api/v1/appointments", wishes, 201, trim=True))
    ours, least = max(rates["ours"]), max(rates["floor"])
    return [
        Figure(
            "bookings over HTTP, no conflicts", f"{ours:.0f}/s", f"{least:.0f}/s", ours / least, "≥ 0.5",
            ours / least >= 0.5,
        )
    ]  # fmt: skip


async def _wishes(owner: asyncpg.Connection) -> list[dict[str, Any]]:
    rows = await owner.fetch(
        "SELECT service.id, practitioner.id AS practitioner, practitioner.site, start FROM service"
        " JOIN practitioner ON practitioner.id = service.practitioner"
        " JOIN opening ON opening.practitioner = practitioner.id,"
        " generate_series(lower(during), upper(during) - interval '15 min', '15 min') AS start"
        " WHERE start BETWEEN now() + interval '1 hour' AND now() + interval '29 days' ORDER BY random() LIMIT $1",
        CLIENTS + 6 * BOOKINGS + 600,
    )
    return [
        {
            "service": str(row["id"]), "practitioner": str(row["practitioner"]), "site": str(row["site"]),
            "start": row["start"].isoformat(),
            "patient": {"name": f"Patient {_letters(n)}", "birth_date": "1950-01-01"},
        }
        for n, row in enumerate(rows)
    ]  # fmt: skip


def _letters(number: int) -> str:
    return "".join(chr(97 + int(digit)) for digit in str(number))


async def _rate(url: str, wishes: Iterator[dict[str, Any]], expected: int, *, trim: bool = False) -> float:
    mine = list(islice(wishes, BOOKINGS))
    todo = iter(enumerate(mine))
    connector = aiohttp.TCPConnector(limit=CLIENTS)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def client() -> None:
            for number, wish in todo:
                body = {k: v for k, v in wish.items() if not trim or k not in ("practitioner", "site")}
                headers = {"X-Forwarded-For": f"10.1.{number % 250}.{number // 250}"}
                async with session.post(url, json=body, headers=headers) as answer:
                    assert answer.status == expected, await answer.text()

        started = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        return len(mine) / (time.perf_counter() - started)
