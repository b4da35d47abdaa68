"""The server is stopped in good order, or a page is reloaded, in the middle of a conversation."""

from __future__ import annotations

import asyncio
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


async def test_stopped_and_started_again_in_good_order(cast: Database, visitor: Visitor, server: Server) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        assert await server.stop() == 0
        await server.start()
        for page in (bob, alice):
            await expect(page.locator("#notices")).not_to_contain_text("Server", timeout=8_000)
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
