"""The page of calendars in a real browser: an address made and withdrawn, a calendar connected, wrongly and well."""

from __future__ import annotations

import asyncpg
import pytest
from playwright.async_api import expect

from telemed.db import Database
from tests.browser.checks import accessible
from tests.browser.consulting import Visitor, staff

pytestmark = pytest.mark.browser


@pytest.mark.rule("A-02")
@pytest.mark.parametrize(("javascript", "width"), [(True, 360), (False, 1280)])
async def test_calendars_are_connected(
    cast: Database, owner: asyncpg.Connection, visitor: Visitor, javascript: bool, width: int
) -> None:
    page = await staff(await visitor(javascript=javascript, width=width), "carla")
    await page.get_by_role("link", name="Einrichten").click()
    await page.get_by_role("link", name="Kalender verbinden").click()
    await page.get_by_role("link", name="Dora Distel").click()
    await page.get_by_role("button", name="Adresse anlegen").click()
    address = await page.get_by_label("Kopieren Sie sie jetzt").input_value()
    answer = await page.request.get(address)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    await page.get_by_label("Adresse des Kalenders").fill("kalender.example/dora.ics")
    await page.get_by_role("button", name="Verbinden", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("https://")
    await expect(page.locator("#url")).to_have_value("kalender.example/dora.ics")
    if javascript:
        await accessible(page)
    await page.locator("#url").fill("webcal://kalender.example/dora.ics")
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("wird gelesen")
    await owner.execute("UPDATE busy_calendar SET last_error = 'too_slow', last_read = now()")
    await page.reload()
    await expect(page.locator("main")).to_contain_text("zu lange")
    if javascript:
        await accessible(page)
    await page.get_by_role("button", name="Kalender entfernen").click()
    await page.get_by_role("button", name="Adresse sperren").click()
    assert (await page.request.get(address)).status == 404
    await expect(page.get_by_role("button", name="Adresse sperren")).to_have_count(0)
