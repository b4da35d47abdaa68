"""Every state of the call page, narrow and wide: axe finds nothing, and everything needed is there (A-02, V-20)."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from telemed.db import Database
from tests.browser.consulting import Visitor, booked, check_and_join, guest, looked_at, sees, staff

pytestmark = [pytest.mark.browser, pytest.mark.rule("A-02"), pytest.mark.rule("V-20")]


async def test_every_state(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    alice, bob = await guest(await visitor(), made), await staff(await visitor())
    await alice.goto("/appointment/room")
    await expect(alice.locator(".mirror .dark")).to_be_hidden()
    await looked_at(alice, "check")
    await check_and_join(alice)
    await expect(alice.locator("#waiting-state")).to_contain_text("noch nicht da")
    await looked_at(alice, "waiting-alone")

    await bob.goto(f"/practice/appointments/{made.id}/room")
    await looked_at(bob, "doctor-check")
    await check_and_join(bob)
    await expect(alice.locator("#waiting-state")).to_contain_text("ruft Sie auf")
    await expect(bob.locator("[data-act=admit]")).to_be_visible()
    await looked_at(bob, "door")
    await bob.locator("[data-act=admit]").click()
    await asyncio.gather(sees(alice), sees(bob))
    for page, name in ((alice, "talk"), (bob, "doctor-talk")):
        await looked_at(page, f"{name}-introduced", all_inside)
        await page.locator("#introduced").click()
        await looked_at(page, name)
    await alice.locator("#cam").click()
    await alice.locator("#mic").click()
    await expect(bob.locator(".tile .veil")).to_be_visible()
    await looked_at(bob, "doctor-talk-muted")
    await alice.locator("#gear").click()
    await looked_at(alice, "devices")
    await alice.keyboard.press("Escape")

    await bob.locator("#hangup").click()
    await looked_at(bob, "ending")
    await bob.locator("#ending [value=leave]").click()
    await expect(bob.locator("#over-title")).to_have_text("Sie haben aufgelegt")
    await expect(alice.locator("#empty")).to_be_visible()
    await looked_at(bob, "over")
    await looked_at(alice, "alone")


async def all_inside(page: Page, name: str) -> None:
    """Nothing that is needed lies outside the window: picture, names, controls."""
    size = page.viewport_size or {"width": 0, "height": 0}
    for selector in (".tile", ".own", "#mic", "#cam", "#gear", "#people", "#hangup", "#intro"):
        box = await page.locator(selector).first.bounding_box()
        assert box is not None, selector
        assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"] + 1, (name, selector, box)
        assert box["y"] >= 0 and box["y"] + box["height"] <= size["height"] + 1, (name, selector, box)
