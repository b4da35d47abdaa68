"""The doctor locks the room: nobody new comes in, and the page says so in words."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from telemed.db import Database
from tests.browser.consulting import Visitor, booked, looked_at, on_call, waiting

pytestmark = pytest.mark.browser


async def test_locked_and_opened_again(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    bob = await on_call(visitor, made, width=360, height=740)
    switch, state = bob.get_by_role("switch", name="Raum abschließen"), bob.locator("#lock-state")
    await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(state).to_have_text("Der Raum ist offen: Weitere dürfen noch an die Tür kommen.")
    await switch.focus()
    await bob.keyboard.press("Space")
    await expect(switch).to_have_attribute("aria-checked", "true")
    await expect(state).to_have_text("Der Raum ist abgeschlossen: Niemand Neues kommt herein.")
    await looked_at(bob, "locked")

    alice = await waiting(visitor, made)
    await expect(alice.locator("#waiting-state")).to_contain_text("niemand eingelassen")
    await expect(bob.locator("[data-act=admit]")).to_have_count(0)
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(bob.locator("[data-act=admit]")).to_be_visible(timeout=8_000)
    assert await alice.locator("#lock").count() == 0
