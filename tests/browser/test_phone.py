"""Booking for a caller, as a receptionist does it: by keyboard, counted in pages, keys and seconds."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import Page, expect

from telemed.db import Database
from tests import booking, people
from tests.browser.consulting import Visitor, looked_at, staff
from tests.browser.test_calendar import DIETER, at

pytestmark = pytest.mark.browser
KEYS_A_SECOND = 4  # of somebody who types well while talking


class Desk:
    """A keyboard that counts, and what the browser loads meanwhile."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys, self.pages = page, 0, 0
        self.began = time.monotonic()
        page.on("framenavigated", lambda frame: setattr(self, "pages", self.pages + (frame == page.main_frame)))

    async def type(self, text: str) -> None:
        self.keys += len(text)
        await self.page.keyboard.type(text)

    async def press(self, key: str, times: int = 1) -> None:
        self.keys += times
        for _time in range(times):
            await self.page.keyboard.press(key)

    async def enter(self) -> None:
        """Enter, and the page that it leads to."""
        async with self.page.expect_navigation():
            await self.press("Enter")

    def told(self, what: str) -> str:
        script, person = time.monotonic() - self.began, self.keys / KEYS_A_SECOND + self.pages
        pages = f"\n{what}: {self.pages} pages, {self.keys} keys, no mouse"
        return f"{pages}; {script:.1f} s by script, about {person:.0f} s by hand"


@pytest.mark.rule("B-11")
async def test_somebody_who_was_here_before(cast: Database, visitor: Visitor) -> None:
    await booking.book(cast, at(8), caller=people.CALLERS["carla"])
    await booking.book(cast, at(8, 15), DIETER, people.CALLERS["carla"])
    page = await staff(await visitor(), "carla")
    await page.goto("/practice/book")
    desk = Desk(page)
    await desk.type("aehren")
    await desk.enter()
    await expect(page.locator(".people button")).to_have_count(1)
    await expect(page.locator(".people button")).to_be_focused()
    await desk.enter()
    await expect(page.locator("#name")).to_have_value("Alice Ährenfeld")
    await expect(page.locator("#birth_date")).to_have_value("17.05.1948")
    await desk.enter()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Der Termin ist gebucht")
    print(desk.told("known patient"))
    assert desk.pages == 3 and desk.keys <= 10
    assert desk.keys / KEYS_A_SECOND + desk.pages < 20


@pytest.mark.rule("A-02")
@pytest.mark.rule("B-11")
async def test_somebody_new(cast: Database, visitor: Visitor) -> None:
    page = await staff(await visitor(), "carla")
    await page.goto("/practice/book")
    await looked_at(page, "phone")
    desk = Desk(page)
    await desk.type("Dieter Dorn")
    await desk.press("Tab")
    await desk.type("3.2.1960")
    await desk.press("Tab")
    await desk.type("0170 5550123")
    await desk.enter()
    await expect(page.get_by_role("status")).to_contain_text("Neu hier")
    await expect(page.locator(".slots button").first).to_be_focused()
    await looked_at(page, "phone-new")
    start = await page.locator(".slots button").first.get_attribute("value")
    await desk.enter()
    code = await page.locator(".spelled").inner_text()
    assert " wie " in code
    print(desk.told("new patient"))
    assert desk.pages == 2 and desk.keys / KEYS_A_SECOND + desk.pages < 20
    await looked_at(page, "phone-done")
    async with cast.transaction(people.CALLERS["carla"]) as tx:
        booked = await tx.connection.fetch("SELECT phone, lower(during) AS start FROM appointment")
    assert [row["phone"] for row in booked] == ["+491705550123"]
    assert f"{booked[0]['start']:%Y-%m-%dT%H:%M:%SZ}" == start
