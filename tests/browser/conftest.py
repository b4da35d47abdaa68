"""Debian's Chromium and a running site with the cast and their opening hours."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import time, timedelta
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from telemed import app, clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.scheduling.hours import openings
from telemed.scheduling.hours.rules import Rule
from telemed.serving import serving
from telemed.settings import Settings
from telemed.wording import HERE
from tests import people

CHROMIUM = Path("/usr/bin/chromium")
LEAN = Path("/usr/bin/chromium-headless-shell")  # the same engine without windows: two thirds of the work
QUIET = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
)  # fmt: skip

Visitor = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for the run; its camera is a test picture and its microphone beeps."""
    if not LEAN.exists():
        pytest.fail("needs Debian's Chromium: apt-get install chromium-headless-shell")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=LEAN, args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture
def site_settings(settings: Settings) -> Settings:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return msgspec.structs.replace(settings, port=port)


@pytest.fixture
async def site(cast: Database, site_settings: Settings) -> AsyncIterator[str]:
    """The address of a running site. Bob has hours in the morning and now, Dora and Charlie at noon, on every day.

    localhost counts as secure, so `__Host-` cookies, camera and microphone work without TLS.
    """
    now = clock.now().astimezone(HERE)
    for doctor, start, hours in (
        (people.DR_BOB, time(now.hour), 3), (people.DR_BOB, time(8), 2), (people.DR_DORA, time(11), 2),
        (people.DR_CHARLIE, time(12), 2),
    ):  # fmt: skip
        end = time((start.hour + hours) % 24)
        yesterday = now.date() - timedelta(days=1)
        async with cast.transaction(SYSTEM) as tx:
            every_day = Rule.weekly((1, 2, 3, 4, 5, 6, 7), start, end, HERE.key, yesterday, on_holidays=True)
            await openings.add_rule(tx, doctor, every_day)
    for route in app.ROUTES:
        if route.limit is not None:
            route.limit._buckets.clear()  # all tests of a run come from one address, which no patient does
    async with serving(site_settings):
        yield site_settings.origin


@pytest.fixture
async def visitor(chromium: Browser, site: str) -> AsyncIterator[Visitor]:
    """Makes a fresh browser session on the site: `await visitor(locale="en", javascript=False, width=360)`."""
    async with AsyncExitStack() as stack:

        async def make(
            locale: str = "de", *, javascript: bool = True, width: int = 1280, height: int = 800
        ) -> BrowserContext:
            context = await chromium.new_context(
                base_url=site, locale=locale, timezone_id="Europe/Berlin", java_script_enabled=javascript,
                viewport={"width": width, "height": height}, permissions=["camera", "microphone"],
            )  # fmt: skip
            context.set_default_timeout(15_000)
            stack.push_async_callback(_close, context)
            return context

        yield make


async def _close(context: BrowserContext) -> None:
    """Chromium has been seen never to answer that it has closed a session; the others work on."""
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            await context.close()
