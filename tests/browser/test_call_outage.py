"""The server dies in the middle of a conversation: picture and sound go on, and both pages find back by themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import expect

from telemed.db import Database
from telemed.settings import Settings
from tests import people
from tests.browser.consulting import Visitor, booked, sees, talking
from tests.processes import Server, serving

pytestmark = pytest.mark.browser


@pytest.fixture
async def server(cast: Database, settings: Settings) -> AsyncIterator[Server]:
    await people.open_hours(cast, people.DR_BOB, people.soon() - timedelta(hours=1), 3)
    async with serving(settings) as running:
        yield running


@pytest.fixture
def site(server: Server) -> str:
    return server.url


@pytest.mark.rule("V-12")
async def test_the_conversation_outlives_the_server(cast: Database, visitor: Visitor, server: Server) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await server.kill()
        for page in (bob, alice):
            await expect(page.locator("#notices")).to_contain_text("Ihr Gespräch läuft weiter")
        for _ in range(6):
            await asyncio.gather(sees(bob, 15, 8), sees(alice, 15, 8))
            await asyncio.sleep(1)
        await server.start()
        back = time.monotonic()
        for page in (bob, alice):
            await expect(page.locator("#notices")).to_be_empty(timeout=6_000)
        print("back after", time.monotonic() - back)
        assert time.monotonic() - back < 5
        await alice.locator("#mic").click()
        await expect(bob.locator(".tile .muted")).to_be_visible()
        await asyncio.gather(sees(bob), sees(alice, 20))
        for page in (bob, alice):
            assert await page.evaluate("window.connections.length") == 1, "the connection was never built anew"
        await bob.locator("#hangup").click()
        await bob.locator("#ending [value=end]").click()
        await alice.wait_for_url("**/appointment/after")


async def test_stopped_and_started_again_in_good_order(cast: Database, visitor: Visitor, server: Server) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        assert await server.stop() == 0
        await server.start()
        for page in (bob, alice):
            await expect(page.locator("#notices")).to_be_empty(timeout=8_000)
        await asyncio.gather(sees(bob), sees(alice))
        assert await alice.evaluate("window.connections.length") == 1


async def test_a_page_that_is_reloaded_comes_straight_back(cast: Database, visitor: Visitor, server: Server) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await alice.reload()
        await expect(bob.locator("#empty")).to_be_visible()
        await expect(alice.locator(".mirror .dark")).to_be_hidden()
        await alice.locator("#join").click()
        await expect(alice.locator("#talk")).to_be_visible()
        await asyncio.gather(sees(bob), sees(alice))
