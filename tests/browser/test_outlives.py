"""A call outlives its server: kill -9 in the middle, picture and sound go on, both pages find back by themselves."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from telemed.db import Database
from telemed.settings import Settings
from tests import people
from tests.browser.consulting import FIGURES, booked, on_call, sees, waiting
from tests.browser.talks import linked, write
from tests.processes import free_port, serving

pytestmark = pytest.mark.browser
JOINED = """window.frames.filter(([way, text]) => way === "in" && /"type":"(joined|resumed)"/.test(text)).length"""


async def joined(page: Page, times: int, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await page.evaluate(JOINED) < times:
            await page.wait_for_timeout(100)


@pytest.mark.rule("V-12")
async def test_kill_nine_in_a_call(cast: Database, settings: Settings, chromium: Browser) -> None:
    await people.open_hours(cast, people.DR_BOB, people.soon(), 2)
    made = await booked(cast)
    chosen = msgspec.structs.replace(settings, port=free_port())
    async with serving(chosen) as server, AsyncExitStack() as stack:

        async def visitor(**_: Any) -> Any:
            context = await chromium.new_context(base_url=server.url, locale="de")
            stack.push_async_callback(context.close)
            return context

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
