"""Appointments at a station and in the practice as people book them: on a phone, by keyboard, without scripts, in both
languages; and the station's own day.
"""

from __future__ import annotations

import re
from datetime import timedelta

import asyncpg
import pytest
from playwright.async_api import Page, expect

from telemed.db import Database
from telemed.wording import HERE
from tests import booking, people
from tests.browser.checks import accessible, tab_to
from tests.browser.conftest import Visitor
from tests.browser.consulting import looked_at, staff
from tests.browser.test_patient_pages import BOOK
from tests.people import DR_BOB, STATION, STATION_GRAMZOW, TALK

pytestmark = [pytest.mark.browser]

PHONE = {"width": 360, "height": 740}
GOING = re.compile(r"Dorfladen, Raum 1\s*Markt 1\s*17291 Gramzow\s*\+49 3984 000000")
GERMAN = {"Wo", "Ihr", "Termin", "und", "Sie", "Uhr", "mit"}


async def seen(page: Page, name: str) -> None:
    await looked_at(page, f"stations-{name}")
    await accessible(page, where=name)


@pytest.mark.rule("A-02")
@pytest.mark.rule("V-07")
async def test_by_keyboard_on_a_phone(visitor: Visitor, owner: asyncpg.Connection) -> None:
    """From the first page to the sheet with code and address, and to another room than the nearest on the way."""
    page = await (await visitor("de", **PHONE)).new_page()
    await page.goto("/")
    await tab_to(page, "a[href='/?mode=assisted']")
    await page.keyboard.press("Enter")
    await expect(page.locator("#mode")).to_have_value("assisted")
    await tab_to(page, "#where")
    await page.keyboard.type("Gerswalde")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/search?*")
    await expect(page.locator("#station")).to_contain_text("Löwen-Apotheke")
    await seen(page, "results")
    await tab_to(page, f"a[href^='/practitioners/{DR_BOB}']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practitioners/*")
    await expect(page.locator("#station")).to_contain_text("Löwen-Apotheke")
    await tab_to(page, "#station summary")
    await page.keyboard.press("Enter")
    await seen(page, "times")
    await tab_to(page, f"#station a[href*='{STATION_GRAMZOW}']")
    await page.keyboard.press("Enter")
    await expect(page.locator("#station b")).to_have_text("Dorfladen")
    await tab_to(page, ".slots .button")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/holds/*")
    await expect(page.locator(".facts")).to_contain_text(GOING)
    await seen(page, "details")
    await tab_to(page, "#name")
    await page.keyboard.type("Alice Ährenfeld")
    await tab_to(page, "#birth_date")
    await page.keyboard.type("17.5.1948")
    await tab_to(page, "details summary")
    await page.keyboard.press("Enter")
    await tab_to(page, "#carer")
    await page.keyboard.type("Tina Tochter")
    await tab_to(page, BOOK)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/appointment/confirmed")
    await expect(page.locator(".slip")).to_contain_text(GOING)
    await expect(page.locator("main ol").last).to_contain_text("Bitte seien Sie ein paar Minuten früher da")
    await seen(page, "confirmed")
    await tab_to(page, "a[href='/appointment']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/appointment")
    await expect(page.locator(".facts").first).to_contain_text(GOING)
    await expect(page.locator("main a[href='/appointment/room']")).to_have_count(0)
    await seen(page, "appointment")
    await tab_to(page, "a[href='/appointment/move']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/appointment/move")
    await seen(page, "move")
    await tab_to(page, ".slots li:nth-child(2) .button")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/appointment?done=moved")
    await page.emulate_media(media="print")
    await expect(page.locator(".slip .facts")).to_be_visible()
    await expect(page.locator(".slip")).to_contain_text(GOING)
    rows = await owner.fetch("SELECT mode, station, status, epoch, carer_name FROM appointment")
    assert [tuple(row) for row in rows] == [("assisted", STATION_GRAMZOW, "booked", 2, "Tina Tochter")]


@pytest.mark.rule("V-07")
@pytest.mark.parametrize("locale", ["de", "en"])
async def test_without_scripts(visitor: Visitor, owner: asyncpg.Connection, locale: str) -> None:
    """In both languages; and whoever was too slow finds another time at the same place."""
    page = await (await visitor(locale, javascript=False, **PHONE)).new_page()
    await page.goto("/?mode=assisted")
    await page.fill("#where", "Gramzow")
    await page.click("form[role=search] .button")
    await page.locator(f"a[href^='/practitioners/{DR_BOB}']").first.click()
    first = await page.locator(".slots .button").first.get_attribute("value")
    held = await owner.execute(
        "INSERT INTO appointment (id, practitioner, service, site, station, station_site, mode, status, during,"
        " reserved, expires) SELECT gen_random_uuid(), p.id, s.id, p.site, $2, $3, 'assisted', 'held', r, r, upper(r)"
        " FROM service s JOIN practitioner p ON p.id = $4 CROSS JOIN LATERAL"
        " (SELECT tstzrange($5::text::timestamptz, $5::text::timestamptz + interval '15 min')) AS d (r)"
        " WHERE s.id = $1",
        people.TALK_DORA, STATION_GRAMZOW, people.GRAMZOW, people.DR_DORA, first,
    )  # fmt: skip
    assert held == "INSERT 0 1"
    await page.locator(".slots .button").first.click()
    assert page.url.endswith("/holds")
    await expect(page.locator("input[name=station]")).to_have_value(str(STATION_GRAMZOW))
    await page.locator(".slots .button").first.click()
    await expect(page.locator(".facts")).to_contain_text(GOING)
    await page.fill("#name", "Alice Ährenfeld")
    await page.fill("#birth_date", "17.5.1948")
    await page.click(BOOK)
    await expect(page.locator(".slip")).to_contain_text(GOING)
    words = (await page.locator("main").inner_text()).split()
    assert bool(GERMAN & set(words)) == (locale == "de")
    assert await owner.fetchval("SELECT station FROM appointment WHERE status = 'booked'") == STATION_GRAMZOW


@pytest.mark.rule("A-02")
@pytest.mark.parametrize(("locale", "javascript"), [("de", False), ("en", True)])
async def test_in_the_practice(visitor: Visitor, owner: asyncpg.Connection, locale: str, javascript: bool) -> None:
    await owner.execute("UPDATE service SET modes = '{video,assisted,in_person}' WHERE id = $1", TALK)
    page = await (await visitor(locale, javascript=javascript, **PHONE)).new_page()
    await page.goto(f"/practitioners/{DR_BOB}")
    await page.locator("a[href*='mode=in_person']").click()
    await expect(page.locator(".notice b")).to_have_text("Praxis am Uckersee")
    if javascript:
        await seen(page, "times-in-person")
    await page.locator(".slots .button").first.click()
    await page.fill("#name", "Alice Ährenfeld")
    await page.fill("#birth_date", "17.5.1948")
    await page.click(BOOK)
    await page.wait_for_url("**/appointment/confirmed")
    await expect(page.locator(".slip")).to_contain_text(re.compile(r"Praxis am Uckersee\s*Markt 1\s*17291 Prenzlau"))
    await expect(page.locator("main a[href='/appointment/room']")).to_have_count(0)
    if javascript:
        await seen(page, "confirmed-in-person")


@pytest.mark.rule("P-05")
async def test_the_stations_day(cast: Database, visitor: Visitor) -> None:
    """Who has booked from home appears without a reload, with what is needed to know them at the door."""
    page = await staff(await visitor(), "petra")
    other = await staff(await visitor(), "paul")
    await expect(page.locator("#live")).to_contain_text("Heute gibt es hier keine Termine.")
    there = {"mode": "assisted", "station": STATION}
    await booking.book(cast, people.soon(), **there)
    await expect(page.locator("#live table")).to_contain_text("Alice Ährenfeld")
    await expect(page.locator("#live table")).to_contain_text("geboren am 17.5.1948")
    await expect(page.locator("#live table")).to_contain_text("selbst gebucht")
    later = people.tomorrow(4) + timedelta(days=1)
    await people.open_hours(cast, people.DR_CHARLIE, later, 1)
    await booking.book(cast, later, booking.patient("Berta"), service=people.TALK_CHARLIE, **there)
    await expect(page.locator("#live")).to_contain_text(f"{later.astimezone(HERE):%H:%M}–")
    await expect(page.locator("#live")).not_to_contain_text("Berta")
    await looked_at(page, "stations-day")
    await accessible(page)
    await expect(other.locator("#live")).to_contain_text("Heute gibt es hier keine Termine.")


@pytest.mark.rule("A-02")
async def test_the_stations_hours(cast: Database, visitor: Visitor) -> None:
    """Typed as they stand on the door; what is booked outside is told; by keyboard."""
    there = {"mode": "assisted", "station": STATION}
    later = people.tomorrow(4) + timedelta(days=1)
    await people.open_hours(cast, people.DR_CHARLIE, later, 1)
    await booking.book(cast, later, booking.patient("Berta"), service=people.TALK_CHARLIE, **there)
    page = await staff(await visitor(), "petra")
    await page.goto("/station/hours")
    await seen(page, "hours-empty")
    await tab_to(page, "#day1")
    await page.keyboard.type("8-13, 14:30-18")
    await tab_to(page, "#day2")
    await page.keyboard.type("morgens")
    await page.keyboard.press("Enter")
    await expect(page.locator("#errors")).to_contain_text("Dienstag: Bitte schreiben Sie es so")
    await seen(page, "hours-wrong")
    await page.fill("#day2", "")
    await tab_to(page, "#save")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Gespeichert.")
    await expect(page.locator("#day1")).to_have_value("08:00–13:00, 14:30–18:00")
    await expect(page.locator(".notice.warn")).to_contain_text("Praxis Lindentor, Templin")
    await page.fill("#first", "24.12.2030" if later.year < 2030 else "")
    await page.get_by_role("button", name="An diesen Tagen schließen").click()
    await seen(page, "hours")
