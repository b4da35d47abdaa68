"""Services by keyboard, a new patient from refusal to booking, and who comes first, in a real browser."""

from __future__ import annotations

import asyncpg
import pytest
from playwright.async_api import expect

from tests import people
from tests.browser.checks import accessible, tab_to
from tests.browser.conftest import Visitor
from tests.browser.consulting import staff
from tests.browser.test_patient_pages import BOB, BOOK, fill, reserve

pytestmark = [pytest.mark.browser]


@pytest.mark.rule("A-02")
async def test_a_service_by_keyboard(visitor: Visitor, owner: asyncpg.Connection) -> None:
    page = await staff(await visitor(), "carla")
    await page.goto("/practice/services")
    await accessible(page)
    await tab_to(page, f"a[href$='new?who={people.DR_BOB}']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/services/new?who=*")
    await tab_to(page, "#name_de")
    await page.keyboard.type("Wundkontrolle")
    await tab_to(page, "#name_en")
    await page.keyboard.type("Wound check")
    await tab_to(page, "#modes-in_person")
    await page.keyboard.press("Space")
    await tab_to(page, "#patients-all")
    await page.keyboard.press("ArrowDown")
    await tab_to(page, "#duration")
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("zehn")
    await page.keyboard.press("Enter")
    await expect(page.locator("#errors")).to_be_visible()
    assert (await page.title()).startswith("Fehler:")
    assert await page.input_value("#name_de") == "Wundkontrolle"
    assert await page.input_value("#duration") == "zehn"
    await accessible(page, where="the form with an error")
    await page.locator("#duration").fill("20")
    await page.locator("#duration").press("Enter")
    await page.wait_for_url("**/practice/services")
    row = await owner.fetchrow("SELECT * FROM service WHERE name_de = 'Wundkontrolle'")
    assert row is not None
    assert (row["patients"], row["modes"], row["duration"].seconds) == ("new", ["video", "in_person"], 1200)
    await page.goto("/practice/settings")
    await page.check("#near")
    await page.fill("#near_share", "20")
    await page.locator("#near_share").press("Enter")
    await expect(page.locator(".notice.good")).to_be_visible()
    await accessible(page)


@pytest.mark.rule("B-09")
async def test_a_new_patient_is_called_first(visitor: Visitor, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE service SET first_assessment = true WHERE practitioner = $1", people.DR_BOB)
    page = await (await visitor("de", javascript=False, width=360, height=740)).new_page()
    await page.goto(BOB)
    await expect(page.locator("main")).to_contain_text("Sind Sie neu in dieser Praxis?")
    hold = await reserve(page)
    await fill(page)
    await expect(page.locator("h1")).to_contain_text("Sie sind neu in dieser Praxis")
    assert await page.input_value("#birth_date") == "17.5.1948"
    await page.fill("#phone", "0398 4711")
    await page.click(BOOK)
    await page.wait_for_url("**/assessments/asked?*")
    desk = await staff(await visitor(width=360), "carla")
    await desk.goto("/practice/assessments")
    await accessible(desk)
    await desk.locator(".card a.button").click()
    await expect(desk.locator("h1")).to_contain_text("Alice Ährenfeld")
    await accessible(desk)
    for box in await desk.locator("main input[type=checkbox]").all():
        await box.check()
    await desk.locator("button[value=video]").click()
    await expect(desk.locator("[role=status]").first).to_contain_text("gelöscht")
    await page.goto(hold)
    await fill(page)
    await page.wait_for_url("**/appointment/confirmed")


async def test_refused_pages_are_readable(visitor: Visitor, owner: asyncpg.Connection) -> None:
    for column in ("first_assessment = true", "first_assessment = false, patients = 'known'"):
        await owner.execute(f"UPDATE service SET {column} WHERE practitioner = $1", people.DR_BOB)
        page = await (await visitor("en")).new_page()
        await page.goto(BOB)
        await accessible(page)
        await reserve(page)
        await fill(page)
        assert await page.locator("a[href^='tel:']").count() > 0
        await accessible(page, where=column)
        await page.click(BOOK)
        await expect(page.locator("#phone-error")).to_be_visible()
        await accessible(page, where="the form alone")
        await page.fill("#phone", "0398 4711")
        await page.click(BOOK)
        await accessible(page, where="asked")


@pytest.mark.rule("B-08")
async def test_near_and_far_are_told_why(visitor: Visitor, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "INSERT INTO postal_code VALUES ('17291', 'Prenzlau', 'BB', 53.317, 13.864),"
        " ('10115', 'Berlin', 'BE', 52.53, 13.38)"
    )
    await owner.execute("UPDATE site SET near_minutes = 30, near_share = 50, near_until = '1 h'")
    page = await (await visitor("de", width=360)).new_page()
    await page.goto(BOB)
    before = await page.locator(".slots .button").count()
    await page.fill("#where", "10115")
    await page.locator("#where").press("Enter")
    await expect(page.locator("main")).to_contain_text("mehr als 30 Minuten Fahrt")
    await expect(page.locator(".kept").first).to_contain_text("für Menschen aus der Nähe frei")
    await accessible(page)
    await page.goto(f"{BOB}?where=Prenzlau")
    await expect(page.locator(".notice.good")).to_contain_text("Sie wohnen in der Nähe")
    assert await page.locator(".slots .button").count() > before
    assert await page.locator(".kept").count() == 0
    await page.locator(".slots .button:visible").nth(1).click()
    await fill(page)
    await page.wait_for_url("**/appointment/confirmed")
    assert await owner.fetchval("SELECT near FROM appointment WHERE status = 'booked'")
