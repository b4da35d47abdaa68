"""A call outlives its server: kill -9 in the middle, picture and sound go on, both pages find back by themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from telemed.db import Database
from telemed.settings import Settings
from tests import people
from tests.browser.consulting import FIGURES, Visitor, booked, on_call, sees, waiting
from tests.browser.talks import linked, write
from tests.clusters import clustered
from tests.processes import free_port, serving

pytestmark = pytest.mark.browser
JOINED = """window.frames.filter(([way, text]) => way === "in" && /"type":"(joined|resumed)"/.test(text)).length"""

LOST = """window.frames.some(([way]) => way === "closed")"""


async def joined(page: Page, times: int, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await page.evaluate(JOINED) < times:
            await page.wait_for_timeout(100)


@asynccontextmanager
async def visitors(chromium: Browser, address: str) -> AsyncIterator[Visitor]:
    """Makes fresh browser sessions on a server of its own."""
    async with AsyncExitStack() as stack:

        async def visitor(**_: Any) -> Any:
            context = await chromium.new_context(base_url=address, locale="de")
            stack.push_async_callback(context.close)
            return context

        yield visitor


@pytest.mark.rule("V-12")
async def test_kill_nine_in_a_call(cast: Database, settings: Settings, chromium: Browser) -> None:
    await people.open_hours(cast, people.DR_BOB, people.soon(), 2)
    made = await booked(cast)
    chosen = msgspec.structs.replace(settings, port=free_port())
    async with serving(chosen) as server, visitors(chromium, server.url) as visitor:
        alice, bob = await asyncio.gather(waiting(visitor, made), on_call(visitor, made))
        await bob.locator("[data-act=admit]").click()
        await asyncio.gather(sees(alice), sees(bob))
        await linked(alice, bob)
        before = [await page.evaluate(JOINED) for page in (alice, bob)]

        await server.kill()
        for page in (bob, alice):
            await expect(page.locator("#notices")).to_contain_text("Ihr Gespräch läuft weiter")
        # 30 seconds without any server: they can write, and the figures of each side go on growing to the very end.
        await write(alice, "Hören Sie mich noch?")
        await expect(bob.locator("#lines .text")).to_have_text(["Hören Sie mich noch?"])
        for _ in range(6):
            await asyncio.gather(sees(alice, 30, 10), sees(bob, 30, 10))
            await asyncio.sleep(4)
        await server.start()
        back = time.monotonic()
        for page in (bob, alice):
            await expect(page.locator("#notices")).not_to_contain_text("Server", timeout=10_000)
        assert time.monotonic() - back < 8

        await asyncio.gather(*(joined(page, times + 1, 10) for page, times in zip((alice, bob), before, strict=True)))
        await asyncio.gather(sees(alice), sees(bob))
        for page in (alice, bob):
            figures = await page.evaluate(FIGURES)
            assert figures["states"] == ["connected"]
            assert await page.evaluate("window.connections.length") == 1, "the connection was made anew"
            assert await page.evaluate("performance.getEntriesByType('navigation').length") == 1
        # And the room works again: she mutes herself, the doctor ends, both are told.
        await alice.locator("#mic").click()
        await expect(bob.locator(".tile .muted")).to_be_visible()
        await bob.locator("#hangup").click()
        await bob.locator("#ending [value=end]").click()
        await bob.wait_for_url("**/after")
        await alice.wait_for_url("**/appointment/after")


@pytest.mark.rule("V-12")
async def test_a_node_and_a_broker_die_in_a_call(cast: Database, settings: Settings, chromium: Browser) -> None:
    """Of two nodes of telemed and three of NATS, one each is killed; the pages go on at the other without a reload."""
    await people.open_hours(cast, people.DR_BOB, people.soon(), 2)
    made = await booked(cast)
    async with (
        clustered(settings) as cluster,
        visitors(chromium, cluster.address.replace("127.0.0.1", "localhost")) as visitor,
    ):
        alice, bob = await asyncio.gather(waiting(visitor, made), on_call(visitor, made))
        await bob.locator("[data-act=admit]").click()
        await asyncio.gather(sees(alice), sees(bob))

        await (await cluster.leader()).kill()
        for node in cluster.nodes:  # one that a page is on
            await node.kill()
            await asyncio.sleep(1)
            if any([await page.evaluate(LOST) for page in (alice, bob)]):
                break
            await node.start()
        else:
            raise AssertionError("no page lost its socket")
        await asyncio.gather(sees(alice, 60), sees(bob, 60))
        for hidden in (False, True):
            await bob.locator("#mic").click()
            muted = expect(alice.locator(".tile .muted"))
            await (muted.to_be_hidden(timeout=30_000) if hidden else muted.to_be_visible(timeout=30_000))
        for page in (alice, bob):
            await expect(page.locator("#notices")).not_to_contain_text("Server")
            assert (await page.evaluate(FIGURES))["states"] == ["connected"]
            assert await page.evaluate("window.connections.length") == 1, "the connection was made anew"
            assert await page.evaluate("performance.getEntriesByType('navigation').length") == 1
