"""The practice's day and the station's, in a real browser."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from playwright.async_api import expect

from telemed.db import Database
from telemed.scheduling.types import Patient
from tests import booking, people
from tests.browser.consulting import (
    Visitor,
    booked,
    check_and_join,
    looked_at,
    sees,
    staff,
    waiting,
)

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("early")]


@pytest.mark.rule("A-02")
async def test_log_in(cast: Database, visitor: Visitor) -> None:
    page = await (await visitor()).new_page()
    await page.goto("/practice?day=2030-01-01")
    assert page.url.endswith("/login?next=%2Fpractice%3Fday%3D2030-01-01")
    await looked_at(page, "login")
    await page.locator("#login").fill("bob")
    await page.locator("#password").fill("wrong, wrong, wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("falsch")
    await expect(page.locator("#login")).to_have_value("bob")
    await expect(page.locator("#password")).to_have_value("")
    await looked_at(page, "login-wrong")
    await page.locator("#password").fill(people.PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practice?day=2030-01-01")
    await expect(page.locator("#live")).to_contain_text("An diesem Tag gibt es keine Termine.")
    await looked_at(page, "practice-empty")
    await page.get_by_role("button", name="Abmelden").click()
    await page.goto("/practice")
    assert "/login" in page.url


@pytest.mark.rule("A-02")
@pytest.mark.rule("V-08")
async def test_the_day_fills_by_itself(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    await people.open_hours(cast, people.DR_DORA, people.soon() - timedelta(hours=1), 2)
    dora = await booking.book(
        cast, people.soon(), Patient("Dieter Dorn", date(1960, 2, 3)), people.CALLERS["carla"], service=people.TALK_DORA
    )
    page = await staff(await visitor())
    await expect(page.locator("#live")).to_contain_text("Es wartet niemand.")
    await expect(page.locator("#live table")).to_contain_text("Alice Ährenfeld")
    await expect(page.locator("#live table")).not_to_contain_text("Dieter Dorn")
    await page.locator(f"#open-{made.id}").focus()

    alice = await waiting(visitor, made)
    await expect(page.locator(".waiting")).to_contain_text("Alice Ährenfeld")
    await expect(page.locator("#said")).to_have_text("Alice Ährenfeld wartet.")
    assert await page.evaluate("document.activeElement.id") == f"open-{made.id}"
    await page.get_by_role("link", name="Alle", exact=True).click()
    await expect(page.locator("#live table")).to_contain_text("Dieter Dorn")
    await looked_at(page, "practice")

    await page.locator(f"#open-{dora.id}").click()
    await expect(page.locator("main")).to_contain_text("Nur Dr. med. Dora Distel kann diese Sprechstunde halten.")
    await looked_at(page, "appointment-of-another")
    await page.locator("summary").click()
    await page.get_by_role("button", name="Endgültig absagen").click()
    await expect(page.locator("main")).to_contain_text("abgesagt von der Praxis")
    await page.goto(f"/practice/appointments/{made.id}")
    await looked_at(page, "appointment")

    await page.goto("/practice")
    await page.locator(f"#call-{made.id}").click()
    await check_and_join(page)
    await page.locator("[data-act=admit]").click()
    await asyncio.gather(sees(page), sees(alice))
    bob_list = await page.context.new_page()
    await bob_list.goto("/practice")
    await expect(bob_list.locator(".chip.live")).to_have_text("im Gespräch")
    await page.locator("#hangup").click()
    await page.locator("#ending [value=end]").click()
    await page.wait_for_url("**/after")
    await looked_at(page, "after")
    await expect(bob_list.locator("#live table")).to_contain_text("erledigt")


@pytest.mark.rule("V-10")
async def test_staff_see_who_waits_and_cannot_call(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    await waiting(visitor, made)
    page = await staff(await visitor(), "carla")
    await expect(page.locator(".waiting")).to_contain_text("Aufrufen kann nur Dr. med. Bob Buchfink.")
    await expect(page.get_by_role("link", name="Aufrufen")).to_have_count(0)


async def test_the_day_without_scripts(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    page = await staff(await visitor(javascript=False), "carla")
    await page.goto(f"/practice?day={made.start.date()}")
    await expect(page.locator("#live table")).to_contain_text("Alice Ährenfeld")
    await page.get_by_role("link", name="Folgetag").click()
    await expect(page.locator("#live")).to_contain_text("keine Termine")


@pytest.mark.rule("B-11")
@pytest.mark.rule("V-14")
@pytest.mark.rule("P-05")
async def test_a_walk_in_at_the_pharmacy(cast: Database, visitor: Visitor) -> None:
    page = await staff(await visitor(), "petra")
    await expect(page.locator("#live")).to_contain_text("Heute gibt es hier keine Termine.")
    await page.get_by_role("link", name="Für jemanden buchen").last.click()
    await page.locator("#specialty").select_option("general")
    await page.get_by_role("button", name="Freie Zeiten zeigen").click()
    await looked_at(page, "book")
    await page.locator(".slots a").first.click()
    await page.get_by_role("button", name="Buchen").click()
    await expect(page.locator(".error-summary")).to_contain_text("Geburtsdatum")
    await looked_at(page, "book-wrong")
    await page.locator("#name").fill("Alice Ährenfeld")
    await page.locator("#birth_date").fill("17.5.1948")
    await page.get_by_role("button", name="Buchen").click()
    code = "".join(await page.locator(".code-big").inner_text())
    assert len(code.replace("-", "").strip()) == 12
    await looked_at(page, "slip")

    await page.goto("/station")
    assert code not in await page.content()
    await expect(page.locator("#live table")).to_contain_text("Alice Ährenfeld")
    await looked_at(page, "station")
    await page.get_by_role("link", name="Aufnehmen").click()
    await page.locator("#identity-card").check()
    await page.get_by_role("button", name="sitzt hier").click()
    await expect(page.locator(".error-summary")).to_contain_text("Ohne Einwilligung")
    await looked_at(page, "intake-missing")
    for ticked in ("private", "introduced", "agreed"):
        await page.locator(f"#{ticked}").check()
    await page.get_by_role("button", name="sitzt hier").click()
    await page.wait_for_url("**/room")
    await expect(page.locator("h1:visible")).to_have_text("Kamera und Ton prüfen")
