"""The line fails, or is another one: picture and sound come back by themselves, and both know what goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, async_playwright, expect

from telemed.db import Database
from telemed.settings import Settings
from tests.browser import weak
from tests.browser.conftest import LEAN, QUIET
from tests.browser.consulting import Visitor, booked, check_and_join, guest, looked_at, on_call, sees
from tests.processes import free_port
from tests.turn import LOOPBACK, Relay, relay

pytestmark = pytest.mark.browser
OUTAGE = 18  # seconds, after which a page that only waits for its browser is not yet back in a minute
WITHIN = 15  # seconds, on a machine that has much else to do; 5 and 6 are measured by `python -m tests.bench outages`
SOON = 10_000  # ms


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=LEAN, args=[*QUIET, "--allow-loopback-in-peer-connection"]
        )
        yield browser
        await browser.close()


@pytest.fixture
async def coturn(tmp_path: Path) -> AsyncIterator[Relay]:
    async with relay(tmp_path, "127.0.0.1", *LOOPBACK) as running:
        yield running


@pytest.fixture
def site_settings(settings: Settings, coturn: Relay) -> Settings:
    return msgspec.structs.replace(
        settings, port=free_port(), turn_urls=coturn.urls, turn_secret=coturn.secret, ice_policy="relay"
    )


@pytest.mark.rule("V-12")
async def test_an_outage_and_another_address(
    cast: Database, visitor: Visitor, chromium: Browser, coturn: Relay, site_settings: Settings
) -> None:
    made = await booked(cast)
    async with weak.access((coturn.host, coturn.port), site_settings.port) as line:
        context = await chromium.new_context(base_url=line.url, locale="de", viewport={"width": 360, "height": 740})
        await weak.put_behind(context, line.media)
        alice = await guest(context, made)
        await alice.goto("/appointment/room")
        await check_and_join(alice)
        bob = await on_call(visitor, made)
        await bob.locator("[data-act=admit]").click()
        await asyncio.gather(sees(alice), sees(bob))
        await weak.keep_diary(alice, bob)

        line.cut()
        gone = time.time()
        await expect(bob.locator("#notices")).to_contain_text("Die Verbindung zu Alice", timeout=SOON)
        await expect(alice.locator("#notices")).to_contain_text("Bitte bleiben Sie auf dieser Seite.", timeout=SOON)
        await expect(alice.locator("#notices p")).to_have_count(1)
        await looked_at(alice, "outage")
        await asyncio.sleep(gone + OUTAGE - time.time())
        line.mend()
        await weak.back([alice, bob], time.time(), WITHIN)
        for page in (alice, bob):
            await expect(page.locator("#notices")).not_to_contain_text("Verbindung")

        line.move()
        await weak.back([alice, bob], time.time(), WITHIN)
        for page in (alice, bob):
            await expect(page.locator("#notices")).not_to_contain_text("Verbindung")
            assert await page.evaluate("performance.getEntriesByType('navigation').length") == 1
