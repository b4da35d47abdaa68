"""The patient's note: written before, kept in the page, given to the doctor by a tap and in no other way (B-03)."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from telemed.db import Database
from tests.browser.consulting import Visitor, booked, on_call, sees, waiting
from tests.browser.talks import linked

pytestmark = [pytest.mark.browser, pytest.mark.rule("B-03")]
NOTE = "Seit Montag Husten, 38,5 °C"


async def test_the_doctor_gets_it_by_a_tap_in_the_conversation(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    alice = await waiting(visitor, made)
    await alice.locator("#note-text").fill(NOTE)
    await expect(alice.get_by_role("button", name="Der Ärztin oder dem Arzt geben")).to_be_hidden()
    await alice.wait_for_function("sessionStorage.length === 1")
    await alice.reload()  # a phone may do that by itself
    await alice.locator("#join:enabled").click()
    await expect(alice.locator("#note-text")).to_have_value(NOTE)

    bob = await on_call(visitor, made)
    await bob.locator("[data-act=admit]").click()
    await asyncio.gather(sees(alice, 10), sees(bob, 10))
    await linked(bob, alice)
    assert NOTE not in await bob.evaluate("document.documentElement.outerHTML"), "given without a tap"
    await alice.get_by_role("button", name="Der Ärztin oder dem Arzt geben").click()
    await expect(bob.locator("#lines .line.note .text")).to_have_text(NOTE)
    await expect(bob.locator("#lines .line.note")).to_contain_text("Alice Ährenfeld Notiz")
    await expect(alice.locator("#notices")).to_have_text("Ihre Ärztin oder Ihr Arzt hat die Notiz jetzt.")
    assert await alice.evaluate("sessionStorage.length") == 0
    for page in (alice, bob):
        frames = await page.evaluate("window.frames.map(([way, text]) => text).join('')")
        assert "Husten" not in frames, "the server has heard of it"


async def test_a_note_that_is_not_given_goes_with_the_conversation(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    alice, bob = await waiting(visitor, made), await on_call(visitor, made)
    await alice.locator("#note-text").fill(NOTE)
    await bob.locator("[data-act=admit]").click()
    await asyncio.gather(sees(alice, 10), sees(bob, 10))
    await expect(alice.locator("#note")).to_be_visible()
    await bob.locator("[data-act=hold]").click()
    await expect(alice.locator("#waiting #note-text")).to_have_value(NOTE)
    await bob.locator("[data-act=admit]").click()
    await expect(alice.locator("#beside #note-text")).to_have_value(NOTE)
    await bob.locator("#hangup").click()
    await bob.locator("#ending [value=end]").click()
    await alice.wait_for_url("**/appointment/after")
    assert await alice.evaluate("sessionStorage.length") == 0


async def test_nobody_but_the_patient_has_one_and_an_empty_one_is_in_nobodys_way(
    cast: Database, visitor: Visitor
) -> None:
    made = await booked(cast)
    alice, bob = await waiting(visitor, made), await on_call(visitor, made)
    await expect(bob.locator("#note")).to_have_count(0)
    await bob.locator("[data-act=admit]").click()
    await asyncio.gather(sees(alice, 10), sees(bob, 10))
    await linked(alice)
    await expect(alice.locator("#note")).to_be_hidden()
