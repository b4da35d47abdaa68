"""How long after an outage, or a change of address, picture and sound are back, beside a bare page on the same line.

The patient's page and relay are both behind tests/netem.py (4 Mbit/s, 20 ms); relay only, over UDP and over TLS.
Counted is what getStats says on both sides, every 50 ms: frames decoded, and sound that was not made up.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from telemed import pg
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.settings import Settings
from tests.bench import bare, world
from tests.bench.report import Figure
from tests.browser import weak
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.consulting import LARGE, booked, check_and_join, guest, on_call, sees
from tests.conftest import SECRET
from tests.processes import free_port, serving
from tests.turn import LOOPBACK, Relay, relay

AIMS = {10: 4.0, 18: 5.0, 25: 8.0, "move": 6.0}  # seconds of outage, or a change of address: seconds until all is back
STEPS: dict[str, tuple[int | str, ...]] = {"udp": (10, 18, 25, "move"), "tls": (18, "move")}
NEVER = 20  # seconds that are waited
CALM = 2  # seconds of good line between two steps


@dataclass
class Call:
    """Two pages that see each other, the first one behind the line."""

    line: weak.Access
    pages: list[Page]


async def run(urls: pg.Urls, settings: Settings) -> list[Figure]:
    await world.build(urls, 2, hours=(0, 24))
    with tempfile.TemporaryDirectory() as directory:
        async with (
            async_playwright() as playwright,
            relay(Path(directory), "127.0.0.1", *LOOPBACK) as turn,
        ):
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=[*QUIET, "--allow-loopback-in-peer-connection", "--ignore-certificate-errors"],
            )
            figures = []
            for way, steps in STEPS.items():
                async with _ours(browser, urls, settings, turn, way) as call:
                    ours = await _measure(call, steps)
                async with _bare(browser, turn, way) as call:
                    floor = await _measure(call, steps)
                figures += [_figure(way, step, ours[step], floor[step]) for step in steps]
            await browser.close()
    return figures


def _figure(way: str, step: int | str, ours: float, floor: float) -> Figure:
    what = "change of address" if step == "move" else f"outage of {step} s"
    aim = AIMS[step]
    ratio = ours / floor if max(ours, floor) < NEVER else None
    return Figure(
        f"{what}, relayed over {way.upper()}: picture and sound back on both sides",
        _seconds(ours), _seconds(floor), ratio, f"≤ {aim:g} s", ours <= aim,
    )  # fmt: skip


def _seconds(took: float) -> str:
    return f"{took:.1f} s" if took < NEVER else f"not in {NEVER} s"


async def _measure(call: Call, steps: tuple[int | str, ...]) -> dict[int | str, float]:
    took = {}
    for step in steps:
        await asyncio.gather(*(sees(page) for page in call.pages))
        await weak.keep_diary(*call.pages)
        await asyncio.sleep(CALM)
        if isinstance(step, int):
            call.line.cut()
            await asyncio.sleep(step)
            call.line.mend()
        else:
            call.line.move()
        try:
            took[step] = max(await weak.back(call.pages, time.time(), NEVER))
        except TimeoutError:
            took[step] = float(NEVER)
            for page in call.pages:
                await page.reload()
    return took


@asynccontextmanager
async def _line(
    browser: Browser, turn: Relay, port: int, way: str
) -> AsyncIterator[tuple[weak.Access, BrowserContext]]:
    """The line of a subscriber to the site at `port` and to the relay, and a browser session behind it."""
    ports = {"udp": turn.port, "tls": turn.tls_port}
    async with weak.access((turn.host, ports[way]), port, stream=way == "tls") as line:
        context = await browser.new_context(base_url=line.url, locale="de")
        await context.add_init_script(LARGE)
        await weak.put_behind(context, line.media, *{"udp": ("turn", "udp"), "tls": ("turns", "tcp")}[way])
        yield line, context
        await context.close()


@asynccontextmanager
async def _ours(browser: Browser, urls: pg.Urls, settings: Settings, turn: Relay, way: str) -> AsyncIterator[Call]:
    chosen = msgspec.structs.replace(settings, port=free_port(), secret=SECRET)
    environment = {
        "TELEMED_TURN_URLS": turn.urls[0], "TELEMED_TURN_SECRET": turn.secret, "TELEMED_ICE_POLICY": "relay",
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(chosen, **environment))
        line, context = await stack.enter_async_context(_line(browser, turn, chosen.port, way))
        near = await browser.new_context(base_url=f"http://localhost:{chosen.port}", locale="de")
        await near.add_init_script(LARGE)
        stack.push_async_callback(near.close)
        db = await Database.open(urls.app, size=2)
        stack.push_async_callback(db.close)
        async with db.transaction(SYSTEM) as tx:  # the call before this one may stand in the same quarter of an hour
            await tx.connection.execute("UPDATE appointment SET status = 'cancelled'")
        made = await booked(db)
        alice = await guest(context, made)
        await alice.goto("/appointment/room")
        await check_and_join(alice)

        async def visit() -> BrowserContext:
            return near

        bob = await on_call(visit, made)
        await bob.locator("[data-act=admit]").click()
        yield Call(line, [alice, bob])


@asynccontextmanager
async def _bare(browser: Browser, turn: Relay, way: str) -> AsyncIterator[Call]:
    async with bare.serving() as port, _line(browser, turn, port, way) as (line, context):
        near = await browser.new_context(base_url=f"http://localhost:{port}")
        pages = []
        for one, polite in ((context, True), (near, False)):
            page = await one.new_page()
            await page.goto(bare.address(turn, turn.urls, polite=polite))
            pages.append(page)
        yield Call(line, pages)
        await near.close()
