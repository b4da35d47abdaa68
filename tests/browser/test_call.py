"""The conversation itself, in two real browsers: seen, heard, muted, ended."""

from __future__ import annotations

import asyncpg
import pytest
from playwright.async_api import expect

from telemed.db import Database
from tests.browser.consulting import Visitor, booked, sees, talking

pytestmark = pytest.mark.browser


async def test_the_whole_conversation(cast: Database, visitor: Visitor, owner: asyncpg.Connection) -> None:
    made = await booked(cast)
    async with talking(visitor, made) as (bob, alice):
        print(await sees(bob), await sees(alice))
        await alice.locator("#mic").click()
        await expect(bob.locator(".tile .muted")).to_be_visible()
        await bob.locator("#hangup").click()
        await bob.locator("#ending [value=end]").click()
        await bob.wait_for_url("**/after")
        await alice.wait_for_url("**/appointment/after")
    assert await owner.fetchval("SELECT status FROM appointment WHERE id = $1", made.id) == "fulfilled"
