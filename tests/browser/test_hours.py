"""The form of opening hours, by keyboard alone, and a closure with all its pages, on a phone."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from playwright.async_api import expect

from telemed import clock
from telemed.db import Database
from telemed.wording import HERE
from tests import people
from tests.booking import book
from tests.browser.checks import accessible, tab_to
from tests.browser.conftest import Visitor
from tests.browser.consulting import looked_at, staff

pytestmark = pytest.mark.browser


@pytest.mark.rule("A-02")
async def test_hours_by_keyboard(cast: Database, visitor: Visitor) -> None:
    page = await staff(await visitor(width=360, height=740), "carla")
    await page.goto(f"/practice/hours?who={people.DR_DORA}")
    await expect(page.locator("main")).to_contain_text("täglich 11:00–13:00 Uhr")
    await accessible(page, where="hours")
    await tab_to(page, f"a[href='/practice/hours/rules?who={people.DR_DORA}']")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Sprechzeit eintragen")
    await tab_to(page, "#day_1")
    await page.keyboard.press("Space")
    await tab_to(page, "#day_3")
    await page.keyboard.press("Space")
    for name, typed in (("start_time", "18"), ("end_time", "17"), ("every_weeks", "2"), ("from_date", "1.12.2026")):
        await tab_to(page, f"#{name}")
        await page.keyboard.press("Control+A")
        await page.keyboard.type(typed)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Geht es nach Mitternacht weiter?")
    await expect(page.locator("#day_3")).to_be_checked()
    await expect(page.locator("#from_date")).to_have_value("1.12.2026")
    await accessible(page, where="hours-rule-wrong")
    await tab_to(page, "#end_time")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("20.30")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/practice/hours?who={people.DR_DORA}")
    told = "montags und mittwochs 18:00–20:30 Uhr, jede zweite Woche, ab 1.12.2026"
    await expect(page.get_by_role("heading", name=told)).to_be_visible()


@pytest.mark.rule("A-02")
async def test_a_closure_and_what_it_leaves_outside(cast: Database, visitor: Visitor) -> None:
    booked = await book(cast, people.soon())
    tomorrow = clock.now().astimezone(HERE).date() + timedelta(days=1)
    page = await staff(await visitor(javascript=False, width=360, height=740), "bob")
    await page.goto(f"/practice/hours/closures?who={people.DR_BOB}")
    await page.locator("#first").fill("gestern")
    await page.locator("#substitute").select_option(str(people.DR_DORA))
    await page.locator("main form button").click()
    await expect(page.get_by_role("alert")).to_contain_text("Tag, Monat und Jahr")
    await page.locator("#first").fill(f"{booked.start.astimezone(HERE):%d.%m.%Y}")
    await page.locator("#last").fill(f"{tomorrow:%d.%m.%Y}")
    await page.locator("main form button").click()
    await page.wait_for_url("**/practice/hours/outside")
    await expect(page.locator("main")).to_contain_text("Alice Ährenfeld")
    with_scripts = await staff(await visitor(width=360, height=740), "carla")
    await with_scripts.goto("/practice/hours/closures")
    await accessible(with_scripts, where="hours-closure")
    await with_scripts.goto("/practice/hours/outside")
    await accessible(with_scripts, where="hours-outside")
    await with_scripts.goto(f"/practitioners/{people.DR_BOB}")
    await expect(with_scripts.locator("main")).to_contain_text("Die Vertretung hat Dr. med. Dora Distel.")
    await accessible(with_scripts, where="away")
    await page.get_by_role("button", name="So lassen").click()
    await expect(page.locator("main")).to_contain_text("Alle Termine liegen in den Sprechzeiten.")


@pytest.mark.rule("A-02")
async def test_hours_end_on_a_day(cast: Database, visitor: Visitor) -> None:
    """By keyboard: the first Monday of the month, and hours that end, with the appointment that lies outside then."""
    tomorrow = clock.now().astimezone(HERE).date() + timedelta(days=1)
    booked = await book(cast, datetime.combine(tomorrow, time(11), HERE), service=people.TALK_DORA)
    page = await staff(await visitor(), "carla")
    await page.goto(f"/practice/hours/rules?who={people.DR_DORA}")
    for field in ("#day_1", "#nth_1"):
        await tab_to(page, field)
        await page.keyboard.press("Space")
    for name, typed in (("start_time", "20"), ("end_time", "21")):
        await tab_to(page, f"#{name}")
        await page.keyboard.type(typed)
    await looked_at(page, "hours-rule")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="am ersten Montag des Monats 20:00–21:00 Uhr")).to_be_visible()
    await looked_at(page, "hours")
    await page.goto(f"/practice/hours?who={people.DR_DORA}")
    await tab_to(page, "main a[href$='/end']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/end")
    await tab_to(page, "#until_date")
    await page.keyboard.type("gestern")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Tag, Monat und Jahr")
    await accessible(page, where="hours-end-wrong")
    await tab_to(page, "#until_date")
    await page.keyboard.press("Control+A")
    await page.keyboard.type(f"{clock.now().astimezone(HERE):%d.%m.%Y}")
    await looked_at(page, "hours-end")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practice/hours/outside")
    await expect(page.locator(f"#it-{booked.id}")).to_have_text("Alice Ährenfeld")


async def test_hours_end_without_javascript(cast: Database, visitor: Visitor) -> None:
    page = await staff(await visitor(javascript=False, width=360, height=740, locale="en"), "carla")
    await page.goto(f"/practice/hours?who={people.DR_DORA}&lang=en")
    await page.get_by_role("link", name="Let it end").first.click()
    await page.locator("#until_date").fill("31.12.2030")
    await page.get_by_role("button", name="Let it end on this day").click()
    await expect(page.get_by_role("heading", name="until 31 December 2030")).to_be_visible()
