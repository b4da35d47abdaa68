"""The counter in front of a queue: somebody walks in, and is on the way to a doctor by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests import people
from tests.browser.checks import accessible, tab_to
from tests.browser.conftest import Visitor
from tests.browser.consulting import looked_at, staff

pytestmark = [pytest.mark.browser]
KEY, LOOK = 0.28, 1.35  # seconds: the keystroke-level model (Card, Moran, Newell 1980), an average typist


class Hands:
    """Counts what a person does at the keyboard, and how long it takes somebody of middling skill."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys, self.looks = page, 0, 0

    async def type(self, text: str) -> None:
        self.looks += 1
        self.keys += len(text)
        await self.page.keyboard.type(text)

    async def press(self, key: str) -> None:
        self.keys += 1
        await self.page.keyboard.press(key)

    @property
    def seconds(self) -> float:
        return self.keys * KEY + self.looks * LOOK


@pytest.mark.rule("A-02")
@pytest.mark.rule("B-11")
async def test_a_walk_in_by_keyboard(visitor: Visitor) -> None:
    """In well under a minute from the name to the slip; then the doctor on call takes them, and the counter sees it."""
    context = await visitor("de", width=1280)
    page = await staff(context, "petra")
    await expect(page.locator("#name")).to_be_focused()
    hands = Hands(page)
    await hands.type("Änne Müller-Lüdenscheidt")
    await hands.press("Tab")
    await hands.type("17.5.1948")
    hands.looks += 1  # a glance at the doctor, who is right already
    await hands.press("Enter")
    await expect(page.locator(".slip .code-big")).to_be_visible()
    await expect(page.locator("#wait")).to_have_text("dafür ist gerade niemand im Dienst")
    assert hands.keys <= 40 and hands.seconds < 30, (hands.keys, hands.seconds)
    await looked_at(page, "counter-slip")
    await tab_to(page, "[data-print]")
    await page.locator("main a.button").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#walk-ins")).to_contain_text("Änne Müller-Lüdenscheidt")

    bob = await staff(await visitor("de", width=1280), "bob")
    await bob.goto("/practice/on-call")
    await tab_to(bob, "main form .button")
    await bob.keyboard.press("Enter")
    await expect(bob.locator("#next")).to_contain_text("Änne Müller-Lüdenscheidt, 7")
    await accessible(bob, where="on call")
    await looked_at(bob, "counter-on-call")
    await expect(page.locator("#walk-ins")).to_contain_text("wird gerade angesehen")
    await looked_at(page, "counter-today")
    await page.set_viewport_size({"width": 360, "height": 740})
    await accessible(page, where="counter")
    await looked_at(page, "counter-today")
    await tab_to(bob, "#accept")
    await bob.keyboard.press("Enter")
    await bob.wait_for_url("**/room")
    await expect(page.locator("a[href$='/intake']")).to_be_visible()
    await tab_to(page, "a[href$='/intake']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/intake")
    for field in ("#identity-card", "#private", "#introduced", "#agreed"):
        await tab_to(page, field)
        await page.keyboard.press("Space")
    await accessible(page, where="intake")
    await looked_at(page, "counter-intake")
    await page.keyboard.press("Enter")
    await expect(page.locator("a[href$='/assistance']")).to_be_visible()
    for address in ("/station/setup", f"/station/rooms/{people.STATION}", "/station/rides", "/station/figures"):
        await page.goto(address)
        await accessible(page, where=address)
        await looked_at(page, address.split("/")[2])
    await bob.goto("/practice/on-call")
    await expect(bob.locator("#live a[href$='/room']")).to_be_visible()
    await bob.set_viewport_size({"width": 360, "height": 740})
    await looked_at(bob, "counter-accepted")
    await bob.goto("/practice/partners")
    await accessible(bob, where="partners")
