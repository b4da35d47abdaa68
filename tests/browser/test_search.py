"""The search in a browser: on a narrow phone, without scripts, there and back, shared, and from where the phone is."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from telemed.db import Database
from telemed.identity.callers import SYSTEM
from tests.browser.checks import accessible
from tests.browser.conftest import Visitor


@pytest.mark.rule("A-02")
async def test_on_a_phone_without_scripts(visitor: Visitor) -> None:
    context = await visitor("de", javascript=False, width=360, height=740)
    page = await context.new_page()
    await page.goto("/")
    await expect(page.locator("#position")).to_be_hidden()
    await page.fill("#where", "Prenzlau")
    await page.click("summary")
    await page.select_option("#when", "tomorrow")
    await page.select_option("#time", "morning")
    await page.click("form[role=search] .button")
    await page.wait_for_url("**/search?where=Prenzlau&when=tomorrow&time=morning")
    assert await page.input_value("#when") == "tomorrow"
    first = page.locator(".slots a").first
    assert "Uhr" not in await first.inner_text() and ":" in await first.inner_text()
    await first.click()
    await page.wait_for_url("**/practitioners/*where=Prenzlau*")
    await page.go_back()
    await page.wait_for_url("**/search?where=Prenzlau&when=tomorrow&time=morning")
    stranger = await (await visitor("en")).new_page()
    await stranger.goto(page.url)
    assert await stranger.locator(".slots a").count() == await page.locator(".slots a").count() > 0


@pytest.mark.rule("A-02")
async def test_every_state_is_accessible(visitor: Visitor) -> None:
    page = await (await visitor("de")).new_page()
    for wish in ("when=tomorrow", "time=evening&within=20", "mode=assisted", "language=ar", "from=2030-01-01"):
        await page.goto(f"/search?where=Prenzlau&{wish}")
        await accessible(page, where=wish)


@pytest.mark.rule("G-32")
async def test_from_where_the_phone_is(visitor: Visitor, cast: Database) -> None:
    async with cast.transaction(SYSTEM) as tx:
        await tx.connection.execute("INSERT INTO postal_code VALUES ('17291', 'Prenzlau', 'BB', 53.31, 13.86)")
    context = await visitor("de")
    await context.grant_permissions(["geolocation"])
    await context.set_geolocation({"latitude": 53.31987, "longitude": 13.86123})
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.url} {request.post_data or ''}"))
    await page.goto("/")
    await page.click("#position .button")
    await page.wait_for_url("**/search?where=17291+Prenzlau")
    assert not any("53.3" in one.split()[0] or "53.319" in one for one in asked)
    await context.clear_permissions()
    await page.goto("/")
    await page.click("#position .button")
    await expect(page.locator("#position [role=status]")).to_contain_text("Postleitzahl")
    assert urlsplit(page.url).path == "/"
