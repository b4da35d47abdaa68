"""A call over a line that gets worse and better, beside a bare call page over the same line in the same browser.

One of two pages reaches its relay through `tests/netem.py`: 2 Mbit/s, 300 kbit/s, 60 kbit/s, ten seconds of nothing,
2 Mbit/s again, then with 5 % of all packets lost; 30 ms each way, and what would wait longer than 300 ms is lost.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from playwright.async_api import Browser, BrowserContext, Page

from telemed import pg
from telemed.consultation.turn import credentials
from telemed.db import Database
from telemed.settings import Settings
from tests import netem, turn
from tests.bench import world
from tests.bench.report import Figure
from tests.browser.consulting import LARGE, WATCHED, booked, on_call, sees, waiting
from tests.browser.lines import Span, put_behind, reach, spans, speaking
from tests.conftest import SECRET
from tests.processes import free_port, serving

BARE = Path(__file__).with_name("bare.html")
GOOD = {"kbit": 2_000.0, "delay": 0.03, "queue": 0.3, "loss": 0.0}
FIRST = 8  # seconds on a new line that are not counted, and
LOSSY = 20  # when packets are lost: a page looks at that for longer before it believes it
LAST = 10  # those that are
HIGH = 720


@dataclass
class Course:
    """What both ends received; seconds until both had moving video and the full size again."""

    spans: dict[str, list[Span]] = field(default_factory=dict)
    moving: float = 0.0
    full: float = 0.0

    def made_up(self, line: str) -> float:
        """Share of the sound that was concealed, at the worse end."""
        return max(span.made_up for span in self.spans[line])

    def fps(self, line: str) -> float:
        return min(span.fps for span in self.spans[line])

    def about(self, line: str) -> str:
        freezes, rtt = sum(one.freezes for one in self.spans[line]), max(one.rtt for one in self.spans[line])
        return f"{freezes} freezes, {rtt:.0f} ms"


async def run(urls: pg.Urls, settings: Settings, *, loss_alone: bool = False) -> list[Figure]:
    await world.build(urls, 2, hours=(0, 24))
    chosen = msgspec.structs.replace(settings, port=free_port(), secret=SECRET)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        async with turn.relay(directory, "127.0.0.1", *turn.LOOPBACK) as relay, speaking(directory) as browser:
            async with netem.udp((relay.host, relay.port)) as line, _bare(browser, relay, line) as pages:
                bare = await _course(pages, line, loss_alone)
            async with netem.udp((relay.host, relay.port)) as line, _ours(browser, urls, chosen, relay, line) as pages:
                ours = await _course(pages, line, loss_alone)
    return _losses(ours, bare) if loss_alone else [*_narrow(ours, bare), *_losses(ours, bare)]


async def _course(pages: list[Page], line: netem.Line, loss_alone: bool) -> Course:
    found = Course()

    async def over(name: str, settles: float, **figures: float) -> None:
        line.shape(**figures)
        await asyncio.sleep(settles)
        found.spans[name] = await spans(pages, LAST)

    await asyncio.sleep(FIRST)
    if not loss_alone:
        await over("300", FIRST, kbit=300)
        await over("60", FIRST, kbit=60)
        await line.outage(10)
        line.shape(**GOOD)
        found.moving = await reach(pages, 10, 0, 60)
        found.full = found.moving + await reach(pages, 0, HIGH, 75 - found.moving)
    await over("5 %", LOSSY, loss=0.05)
    return found


def _sound(ours: Course, bare: Course, line: str, what: str, most: float | None) -> Figure:
    """`most` of the sound may be made up; None: half of what the bare page makes up."""
    mine, theirs = ours.made_up(line), bare.made_up(line)
    return Figure(
        f"{what}: sound made up in the last {LAST} s, worse end (freezes of both, round trip)",
        f"{mine:.1%} ({ours.about(line)})", f"{theirs:.1%} ({bare.about(line)})",
        mine / theirs if theirs else None, "≤ 0.5 times" if most is None else f"≤ {most:.0%}",
        mine <= (theirs / 2 if most is None else most),
    )  # fmt: skip


def _pictures(ours: Course, bare: Course, line: str, what: str) -> Figure:
    mine, theirs = ours.fps(line), bare.fps(line)
    return Figure(f"{what}: pictures a second, worse end", f"{mine:.0f}", f"{theirs:.0f}",
                  mine / theirs if theirs else None, "≥ 10", mine >= 10)  # fmt: skip


def _narrow(ours: Course, bare: Course) -> list[Figure]:
    def back(what: str, mine: float, theirs: float, aim: float) -> Figure:
        return Figure(f"10 s of nothing, then 2 Mbit/s: {what}", f"{mine:.1f} s", f"{theirs:.1f} s",
                      mine / theirs, f"≤ {aim:.0f} s", mine <= aim)  # fmt: skip

    return [
        _sound(ours, bare, "300", "300 kbit/s", 0.01),
        _pictures(ours, bare, "300", "300 kbit/s"),
        _sound(ours, bare, "60", "60 kbit/s", 0.02),
        back("video moves at both ends", ours.moving, bare.moving, 5),
        back(f"and is {HIGH} lines high", ours.full, bare.full, 60),
    ]


def _losses(ours: Course, bare: Course) -> list[Figure]:
    what = "2 Mbit/s, 5 % lost"
    return [_sound(ours, bare, "5 %", what, None), _pictures(ours, bare, "5 %", what)]


@asynccontextmanager
async def _ours(
    browser: Browser, urls: pg.Urls, settings: Settings, relay: turn.Relay, line: netem.Line
) -> AsyncIterator[list[Page]]:
    """Patient (behind the line) and doctor, seeing each other."""
    line.shape(**GOOD)
    environment = {
        "TELEMED_TURN_URLS": relay.urls[0], "TELEMED_TURN_SECRET": relay.secret, "TELEMED_ICE_POLICY": "relay",
    }  # fmt: skip
    async with serving(settings, **environment) as server:

        async def visitor(*, behind: bool = False) -> BrowserContext:
            context = await browser.new_context(base_url=server.url, locale="de")
            await context.add_init_script(LARGE)
            if behind:
                await put_behind(context, line.port)
            return context

        db = await Database.open(urls.app, size=2)
        made = await booked(db)
        await db.close()
        alice, bob = await asyncio.gather(waiting(visitor, made, behind=True), on_call(visitor, made))
        await asyncio.sleep(4)  # until Chromium's test camera films for WebRTC too
        await bob.locator("[data-act=admit]").click()
        await asyncio.gather(sees(alice), sees(bob))
        yield [alice, bob]
        for page in (alice, bob):
            await page.context.close()


@asynccontextmanager
async def _bare(browser: Browser, relay: turn.Relay, line: netem.Line) -> AsyncIterator[list[Page]]:
    line.shape(**GOOD)
    username, credential = credentials(relay.secret, "bare", timedelta(hours=1))
    server = {"urls": relay.urls[0], "username": username, "credential": credential}
    alice, bob = [await (await browser.new_context(base_url="http://localhost")).new_page() for _ in range(2)]
    await put_behind(alice.context, line.port)
    for page, other in ((alice, bob), (bob, alice)):
        await page.add_init_script(LARGE + WATCHED)
        await page.expose_function("tell", _telling(other))
        await page.route("**/bare", lambda route: route.fulfill(path=BARE))
        await page.goto("/bare")
    for page, polite in ((bob, True), (alice, False)):
        await page.evaluate(f"start({json.dumps(server)}, {json.dumps(polite)})")
    await asyncio.gather(sees(alice), sees(bob))
    yield [alice, bob]
    for page in (alice, bob):
        await page.context.close()


def _telling(other: Page) -> Any:
    async def tell(text: str) -> None:
        await other.evaluate("(text) => hear(text)", text)

    return tell
