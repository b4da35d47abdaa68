"""A server that swaps the fingerprints and sits in the middle reads everything, until the three words find it out."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import asyncpg
import pytest
from playwright.async_api import BrowserContext, WebSocketRoute, expect

from telemed.db import Database
from tests.browser.consulting import Visitor, booked, on_call, sees, waiting
from tests.browser.mallory import Mallory
from tests.browser.talks import kept, write

pytestmark = [pytest.mark.browser, pytest.mark.rule("V-01")]


@pytest.mark.parametrize("clever", [False, True], ids=["passes on the words", "plays along"])
async def test_the_words_find_it_out(cast: Database, visitor: Visitor, owner: asyncpg.Connection, clever: bool) -> None:
    made = await booked(cast)
    mallory = Mallory(str(made.id), clever=clever)
    alice, bob = await asyncio.gather(
        waiting(mallory.between(visitor, "patient"), made), on_call(mallory.between(visitor, "practitioner"), made)
    )
    await bob.locator("[data-act=admit]").click()
    for page in (alice, bob):
        await expect(page.locator("#checks .pair")).to_have_count(1, timeout=30_000)
    await write(alice, "Das soll niemand lesen")
    await expect(bob.locator("#lines .text")).to_have_text(["Das soll niemand lesen"], timeout=20_000)
    assert any("Das soll niemand lesen" in frame for frame in mallory.read), "nobody sat in the middle"
    if clever:
        read = []
        for page in (alice, bob):
            await expect(page.locator("#checks .three b")).to_have_count(3, timeout=20_000)
            read.append(await page.locator("#checks .three b").all_text_contents())
        assert read[0] != read[1], "three words are the same by chance once in 1,073,741,824 times"
    else:
        for page in (alice, bob):
            await expect(page.locator("#checks .result")).to_contain_text("Die Prüfung ist misslungen.", timeout=20_000)
            await expect(page.locator("#checks .result")).to_contain_text("Sagen Sie nichts Vertrauliches mehr")
        assert await kept(owner, made.id) == {"patient": False, "practitioner": False}
    await mallory.close()


async def test_a_certificate_that_changes_on_the_way_is_refused(cast: Database, visitor: Visitor) -> None:
    """After the words were compared, a description with another certificate would lead the call to somebody else."""
    made = await booked(cast)
    injected: list[WebSocketRoute] = []
    heard: list[dict[str, Any]] = []

    async def watched(**how: Any) -> BrowserContext:
        context = await visitor(**how)

        def sit(socket: WebSocketRoute) -> None:
            server = socket.connect_to_server()
            injected.append(socket)
            socket.on_message(server.send)

            def back(frame: str | bytes) -> None:
                heard.append(json.loads(frame))
                socket.send(frame)

            server.on_message(back)

        await context.route_web_socket("**/api/v1/socket", sit)
        return context

    alice, bob = await asyncio.gather(waiting(watched, made), on_call(visitor, made))
    await bob.locator("[data-act=admit]").click()
    await asyncio.gather(sees(alice, 5), sees(bob, 5))
    sent = next(message for message in reversed(heard) if message["type"] == "desc")
    other = re.sub(r"(a=fingerprint:sha-256 )\S+", r"\1" + ":".join(["AB"] * 32), sent["sdp"])
    other = re.sub(r"(a=ice-(?:ufrag|pwd):)(\S+)", lambda found: found[1] + found[2][::-1], other)
    other = other.replace("a=setup:active", "a=setup:actpass")
    injected[-1].send(json.dumps({**sent, "kind": "offer", "sdp": other}))
    await asyncio.sleep(1)
    assert await alice.evaluate("connections.at(-1).currentRemoteDescription.sdp.includes('AB:AB')") is False
    assert await alice.evaluate("connections.at(-1).signalingState") == "stable"
    await asyncio.gather(sees(alice, 20), sees(bob, 20))
