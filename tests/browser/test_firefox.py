"""The patient in Firefox, the doctor in Chromium: both see and hear each other."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from telemed.db import Database
from tests.browser.consulting import FIGURES, WATCHED, Visitor, booked, on_call, sees
from tests.browser.firefox import Tab, firefox

pytestmark = pytest.mark.browser
SHOWN = "document.querySelector({!r})?.checkVisibility()"


async def test_firefox_and_chromium(cast: Database, visitor: Visitor, site: str, tmp_path: Path) -> None:
    made = await booked(cast)
    bob = await on_call(visitor, made)
    async with firefox(tmp_path, WATCHED) as alice:
        await alice.goto(f"{site}/appointment/code")
        await alice.evaluate(f"document.querySelector('main form input:not([type=hidden])').value = {made.code!r}")
        await alice.evaluate("document.querySelector('main form button').click()")
        await alice.until("location.pathname === '/appointment'")
        await alice.goto(f"{site}/appointment/room")
        await alice.until("!document.getElementById('join').disabled")
        await alice.evaluate("document.getElementById('open').click()")
        await alice.until(f"!({SHOWN.format('.mirror .dark')})")
        await alice.evaluate("document.getElementById('join').click()")
        await bob.locator("[data-act=admit]").click()
        await asyncio.gather(sees(bob), _sees(alice))
        assert await alice.evaluate("document.querySelector('.tile .name').textContent") == "Dr. med. Bob Buchfink"


async def _sees(alice: Tab, frames: int = 60, seconds: float = 30) -> None:
    """As `sees` in consulting.py."""
    first = now = await _figures(alice)
    until = time.monotonic() + seconds
    while now["video"] - first["video"] < frames or now["energy"] <= first["energy"]:
        assert time.monotonic() < until, now
        await asyncio.sleep(0.2)
        now = await _figures(alice)


async def _figures(alice: Tab) -> dict[str, Any]:
    found: dict[str, Any] = await alice.evaluate(f"({FIGURES})()")
    return found
