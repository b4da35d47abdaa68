"""A picture over a weak line: it takes its time, and speech and letters do not wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, async_playwright, expect

from telemed.db import Database
from telemed.settings import Settings
from tests.browser.conftest import LEAN, QUIET
from tests.browser.consulting import Visitor, booked, talking
from tests.browser.talks import HEARD, SEEN, STALLED, TYPED, chosen, concealed, linked, on_disk, until_state
from tests.netem import Line, udp
from tests.processes import free_port
from tests.turn import LOOPBACK, relay

pytestmark = pytest.mark.browser


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Without this flag Chromium offers no relay that is on loopback."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=LEAN, args=[*QUIET, "--allow-loopback-in-peer-connection"]
        )
        yield browser
        await browser.close()


@pytest.fixture
async def line(settings: Settings, tmp_path: Path) -> AsyncIterator[tuple[Line, Settings]]:
    """Both pages reach their relay through it, and so each other."""
    async with relay(tmp_path, "127.0.0.1", *LOOPBACK) as turn, udp((turn.host, turn.port)) as weak:
        urls = (f"turn:127.0.0.1:{weak.port}?transport=udp",)
        yield (
            weak,
            msgspec.structs.replace(
                settings, port=free_port(), turn_urls=urls, turn_secret=turn.secret, ice_policy="relay"
            ),
        )


@pytest.fixture
def site_settings(line: tuple[Line, Settings]) -> Settings:
    return line[1]


@pytest.mark.rule("A-03")
@pytest.mark.rule("V-12")
async def test_speech_and_letters_come_first(
    cast: Database, visitor: Visitor, line: tuple[Line, Settings], tmp_path: Path
) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        line[0].shape(kbit=1_000, delay=0.02)
        await asyncio.sleep(5)
        start = await bob.evaluate(HEARD)
        await asyncio.sleep(5)
        before = await bob.evaluate(HEARD)
        await chosen(alice, on_disk(tmp_path, "Arm.jpg", 600_000))
        await bob.get_by_role("button", name="Annehmen", exact=True).click()
        await alice.evaluate(TYPED)
        await bob.evaluate(SEEN)
        await asyncio.gather(alice.evaluate(STALLED), bob.evaluate(STALLED))
        await alice.locator("#line").press_sequentially("Das Bild ist gleich da", delay=110)
        await expect(bob.locator("#typing .text")).to_have_text("Das Bild ist gleich da")
        still = await bob.locator('#lines .file[data-state="going"]').count()
        seconds = await until_state(alice, "Arm.jpg", "arrived", 90)
        after = await bob.evaluate(HEARD)
        quiet, busy = concealed(start, before), concealed(before, after)
        stalled = await alice.evaluate(STALLED) + await bob.evaluate(STALLED)
        typed, seen = await alice.evaluate("window.typed"), await bob.evaluate("window.seen")
        late = [min(at for other, at in seen if len(other) >= len(text)) - when for text, when in typed]
        print(
            f"600 kB at 1 Mbit/s: {seconds:.0f} s more; {quiet:.2%} concealed before, {busy:.2%} meanwhile; {late} ms"
        )
        assert still, "the file was there before it could be in anybody's way"
        assert busy <= quiet + 0.05
        assert max(late) <= 500 + stalled, f"{stalled} ms of it the machine"
