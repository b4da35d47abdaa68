"""What the call page costs on a line where each request is a wait: requests, bytes, and signalling until both see."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import BrowserContext, CDPSession, Page

from telemed.db import Database
from tests.browser.consulting import Visitor, booked, check_and_join, guest, sees, staff
from tests.browser.talks import linked

pytestmark = pytest.mark.browser
REQUESTS, ALL, SCRIPT = 15, 100_000, 40_000  # bytes as they travel
MESSAGES, SIGNALLING = 35, 30_000  # of one page; of text


class Meter:
    """Counts what one page fetches from now on, as it comes through the line: headers, compressed bodies."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self.bytes: dict[str, float] = {}

    async def attach(self, context: BrowserContext, page: Page) -> None:
        line: CDPSession = await context.new_cdp_session(page)
        line.on("Network.responseReceived", self._began)
        line.on("Network.loadingFinished", self._ended)
        await line.send("Network.enable")
        await line.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _began(self, event: dict[str, Any]) -> None:
        if not event["response"]["url"].startswith(("data:", "blob:")):
            self.kinds[event["requestId"]] = event["type"]

    def _ended(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.kinds:
            self.bytes[event["requestId"]] = event["encodedDataLength"]

    def weight(self, kind: str = "") -> float:
        return sum(size for one, size in self.bytes.items() if kind in self.kinds[one])


async def signalling(page: Page) -> list[str]:
    """Frames of the socket, both ways, so far."""
    frames: list[list[str]] = await page.evaluate("window.frames")
    return [text for way, text in frames if way in ("in", "out")]


async def test_the_page_is_light_and_the_way_in_is_short(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    contexts = await visitor(), await visitor()
    alice, bob = await guest(contexts[0], made), await staff(contexts[1])
    meters = Meter(), Meter()
    for context, page, meter in zip(contexts, (alice, bob), meters, strict=True):
        await meter.attach(context, page)
    await alice.goto("/appointment/room")
    await check_and_join(alice)
    await alice.locator("#waiting").wait_for()
    await bob.goto(f"/practice/appointments/{made.id}/room")
    await check_and_join(bob)
    await bob.locator("[data-act=admit]").click()
    await asyncio.gather(sees(alice), sees(bob))
    spoken = [await signalling(page) for page in (alice, bob)]
    await linked(alice, bob)  # messages, files and words are fetched by now
    for page, meter, frames in zip((alice, bob), meters, spoken, strict=True):
        told = {
            "requests": len(meter.kinds), "kB": meter.weight() / 1000, "of it script": meter.weight("Script") / 1000,
            "messages": len(frames), "kB of messages": sum(map(len, frames)) / 1000,
        }  # fmt: skip
        print(await page.title(), json.dumps(told))
        assert 5 < len(meter.kinds) <= REQUESTS, (told, list(meter.kinds.values()))
        assert meter.weight() <= ALL, told
        assert 0 < meter.weight("Script") <= SCRIPT, told
        assert 5 < len(frames) <= MESSAGES, (told, [frame[:60] for frame in frames])
        assert sum(map(len, frames)) <= SIGNALLING, told
