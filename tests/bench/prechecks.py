"""Twenty people check their line at once: how long each waits for a verdict, and whether it is the right one.

Each does what the page does (js/precheck/line.js): connects over three ways at once, measures one after the other, and
takes what is known by then. The floor is one of them, alone with the same probe. Between them and the probe is nothing
but loopback, so the right verdict is the best one.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path as Folder
from statistics import fmean
from typing import NamedTuple

import msgspec

from telemed import pg
from telemed.db import Database
from telemed.identity.tokens import Keys
from telemed.precheck import tickets
from telemed.precheck.types import Measured, Path, PathName
from telemed.precheck.verdict import judge
from telemed.settings import Settings
from tests.bench.floors import cpu_seconds
from tests.bench.report import Figure
from tests.prober import connected
from tests.processes import Probe, serving

AT_ONCE, ALONE = 20, 3
WAYS: tuple[PathName, ...] = ("direct", "udp", "tls")
LAST_START, END = 8.6, 9.9  # seconds, as in line.js: when no further way is begun, and when measuring ends


async def run(urls: pg.Urls, settings: Settings) -> list[Figure]:
    db = await Database.open(urls.app, size=1)
    keys = await Keys.load(db, settings.secret)
    await db.close()
    with tempfile.TemporaryDirectory(prefix="telemed-bench-") as home:
        async with serving(settings) as server, Probe(server.url, Folder(home)) as probe:
            alone = [await _check(probe.url, keys) for _ in range(ALONE)]
            before, started = cpu_seconds(probe.pid), time.monotonic()
            together = await asyncio.gather(*(_check(probe.url, keys) for _ in range(AT_ONCE)))
            busy = (cpu_seconds(probe.pid) - before) / (time.monotonic() - started)
    least, slowest = min(one.took for one in alone), max(one.took for one in together)
    right, right_alone = (sum(one.level == "full" for one in many) for many in (together, alone))
    ways, ways_alone = (fmean(one.ways for one in many) for many in (together, alone))
    return [
        Figure(f"precheck, {AT_ONCE} at once: until the last verdict (the probe used {busy:.0%} of a core)",
               f"{slowest:.1f} s", f"{least:.1f} s", slowest / least, "≤ 12 s", slowest <= 12),
        Figure("the same: verdicts as good as the line, and ways that they were judged by",
               f"{right} of {AT_ONCE}, {ways:.1f}", f"{right_alone} of {ALONE}, {ways_alone:.1f}", right / AT_ONCE,
               "all", right == AT_ONCE),
    ]  # fmt: skip


class _Checked(NamedTuple):
    """Seconds from the ticket to the verdict, its level, and how many ways were measured by then."""

    took: float
    level: str
    ways: int


async def _check(url: str, keys: Keys) -> _Checked:
    began = time.monotonic()
    ticket = keys.sign(tickets.TYP, tickets.AUDIENCE, {}, tickets.LIFETIME + timedelta(minutes=1))
    paths: list[Path] = []
    async with AsyncExitStack() as stack:
        opening = [stack.enter_async_context(connected(url, ticket)) for _ in WAYS]
        for name, page in zip(WAYS, await asyncio.gather(*opening), strict=True):
            left = END - (time.monotonic() - began)
            if left < END - LAST_START:
                break
            try:
                async with asyncio.timeout(left):
                    found = await page.measure()
            except TimeoutError:
                break
            paths.append(msgspec.convert({"name": name, **{key: found[key] for key in ("rtt", "up", "down")}}, Path))
        verdict = judge(Measured(WAYS, tuple(paths)))
    return _Checked(time.monotonic() - began, verdict.level, len(paths))
