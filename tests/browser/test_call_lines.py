"""A line that cannot carry a picture: sound stays, both are told, and the picture is back as soon as the line is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, expect

from telemed.db import Database
from telemed.settings import Settings
from tests import netem
from tests.browser import lines
from tests.browser.consulting import Visitor, booked, looked_at, on_call, sees, waiting
from tests.processes import free_port
from tests.turn import LOOPBACK, relay

pytestmark = pytest.mark.browser

STILLS = "Sie sehen alle paar Sekunden ein neues Bild"
MOVING = '.tile:is([data-sends="full"], [data-sends="small"])'  # a busy machine's encoder sends too little for `full`


@pytest.fixture
async def chromium(tmp_path: Path) -> AsyncIterator[Browser]:
    async with lines.speaking(tmp_path) as browser:
        yield browser


@pytest.fixture
async def line(settings: Settings, tmp_path: Path) -> AsyncIterator[tuple[netem.Line, Settings]]:
    """Alice's, and a site whose relay lies behind it."""
    async with relay(tmp_path, "127.0.0.1", *LOOPBACK) as coturn, netem.udp((coturn.host, coturn.port)) as line:
        line.shape(kbit=2_000, delay=0.03)
        yield (
            line,
            msgspec.structs.replace(
                settings, port=free_port(), turn_urls=coturn.urls, turn_secret=coturn.secret, ice_policy="relay"
            ),
        )


@pytest.fixture
def site_settings(line: tuple[netem.Line, Settings]) -> Settings:
    return line[1]


@pytest.mark.rule("V-12")
async def test_the_picture_gives_way_to_the_sound_and_comes_back(
    cast: Database, visitor: Visitor, line: tuple[netem.Line, Settings]
) -> None:
    weak, _ = line

    async def behind(**how: Any) -> BrowserContext:
        context = await visitor(**how)
        await lines.put_behind(context, weak.port)
        return context

    made = await booked(cast)
    alice, bob = pages = await asyncio.gather(waiting(behind, made, width=360, height=740), on_call(visitor, made))
    await bob.locator("[data-act=admit]").click()
    await asyncio.gather(sees(alice), sees(bob))

    weak.shape(kbit=60)
    for page in pages:
        await expect(page.locator("#notices")).to_contain_text(STILLS, timeout=20_000)
        await expect(page.locator(".tile .taken")).to_contain_text("Bild von", timeout=25_000)
        await expect(page.locator(".tile canvas")).to_be_visible()
    heard = await lines.spans(pages, 6)
    assert max(span.made_up for span in heard) <= 0.05, heard
    for page in pages:
        await looked_at(page, "call-stills")

    weak.shape(kbit=2_000)
    for page in pages:
        await expect(page.locator(MOVING)).to_be_visible(timeout=30_000)
        await expect(page.locator(".tile canvas")).to_be_hidden()
        await expect(page.locator("#notices")).not_to_contain_text(STILLS, timeout=20_000)
    assert all(span.frames for span in await lines.spans(pages, 2))

    # By choice, on a good line: nobody sends a picture any more, and both know why.
    await bob.locator("#gear").click()
    await bob.get_by_label("Nur Ton").check()
    await looked_at(bob, "call-options")
    await bob.get_by_role("button", name="Schließen").click()
    await expect(bob.locator("#notices")).to_contain_text("Sie haben „Nur Ton“ gewählt.", timeout=20_000)
    await expect(alice.locator("#notices")).to_contain_text("Bob Buchfink hat „Nur Ton“ gewählt.", timeout=20_000)
    for page in pages:
        await expect(page.locator(".tile .silent")).to_be_visible()
    await asyncio.sleep(1)  # what was on its way has arrived
    assert [(span.frames, span.samples > 0) for span in await lines.spans(pages, 2)] == [(0, True)] * 2
