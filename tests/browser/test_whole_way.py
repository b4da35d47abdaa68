"""The main job through the pages alone: two browsers, from a village's search to a fulfilled appointment.

The media go through nothing but a real coturn; test_call.py lets them go directly.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from telemed import app, pg
from telemed.demo.region import DEMO_LOGINS
from telemed.serving import serving
from telemed.settings import Settings
from tests import region, turn
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.consulting import WATCHED, check_and_join, sees
from tests.processes import free_port

pytestmark = pytest.mark.browser
DOCTOR = DEMO_LOGINS[0]  # on call at every hour


@pytest.fixture
async def own_chromium() -> AsyncIterator[Browser]:
    """A browser that also gathers candidates at 127.0.0.1, where the relay of this test is."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*QUIET, "--allow-loopback-in-peer-connection"]
        )
        yield browser
        await browser.close()


async def visitor(browser: Browser, stack: AsyncExitStack, origin: str) -> Page:
    context: BrowserContext = await browser.new_context(base_url=origin, locale="de", timezone_id="Europe/Berlin")
    stack.push_async_callback(context.close)
    context.set_default_timeout(20_000)
    page = await context.new_page()
    await page.add_init_script(WATCHED)
    return page


@pytest.mark.rule("V-07")
@pytest.mark.rule("B-01")
@pytest.mark.usefixtures("early")
async def test_from_the_village_to_the_doctor_and_back(
    postgres: pg.Urls, settings: Settings, own_chromium: Browser, tmp_path: Path
) -> None:
    urls = await region.arrive(postgres, "telemed_way")
    for route in app.ROUTES:
        if route.limit is not None:
            route.limit._buckets.clear()
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(turn.relay(tmp_path, "127.0.0.1", *turn.LOOPBACK))
        chosen = msgspec.structs.replace(
            settings, database_url=urls.app, port=free_port(), ice_policy="relay", turn_urls=relay.urls,
            turn_secret=relay.secret,
        )  # fmt: skip
        await stack.enter_async_context(serving(chosen))
        alice, doctor = [await visitor(own_chromium, stack, chosen.origin) for _ in range(2)]
        appointment = await book(alice)
        await agree_and_wait(alice)
        await take_the_call(doctor)
        figures = await asyncio.gather(sees(alice), sees(doctor))
        for one in figures:
            assert one["pairs"] == [["relay", "relay"]]
        await doctor.locator("#hangup").click()
        await doctor.locator("#ending [value=end]").click()
        await doctor.wait_for_url("**/after")
        await alice.wait_for_url("**/appointment/after")
    owner = await asyncpg.connect(urls.owner)
    status = await owner.fetchval("SELECT status FROM appointment WHERE patient_name = $1", appointment)
    await owner.close()
    assert status == "fulfilled"


async def book(page: Page) -> str:
    """Search from the village, choose the doctor in the town, fill in the form; the patient's name."""
    await page.goto("/")
    await page.get_by_label("Wo wohnen Sie?").fill("17268 Gerswalde")
    await page.locator("select[name=specialty]").select_option("general")
    await page.locator("main form button").first.click()
    await page.wait_for_url("**/search**")
    card = page.locator("li, article, section").filter(has_text=DOCTOR.name).last
    await expect(card).to_be_visible()
    await card.locator("a.button").click()
    await page.wait_for_url("**/practitioners/**")
    await expect(page.locator("main")).to_contain_text("Prenzlau")
    await page.locator("form[action='/holds'] button").first.click()
    await page.wait_for_url(re.compile("/holds/"))
    name = "Alice Ährenfeld"
    await page.locator("[name=name]").fill(name)
    await page.locator("[name=birth_date]").fill("17.5.1948")
    await page.locator("main form button.button").filter(has_text="buchen").click()
    await page.wait_for_url("**/appointment/confirmed**")
    await expect(page.locator("main")).to_contain_text(re.compile(r"[2-9C-Y]{4}-[2-9C-Y]{4}-[2-9C-Y]{4}"))
    return name


async def agree_and_wait(page: Page) -> None:
    await page.goto("/appointment/room")
    await page.wait_for_url("**/appointment/consent**")
    await page.locator("#agree").check()
    await page.locator("main form button").first.click()
    await page.wait_for_url("**/appointment/room")
    await check_and_join(page)
    await page.locator("#waiting").wait_for()


async def take_the_call(page: Page) -> None:
    """From the login by today's list to the patient who waits."""
    await page.goto("/practice")
    await page.wait_for_url("**/login**")
    await page.locator("#login").fill(DOCTOR.login)
    await page.locator("#password").fill(DOCTOR.password)
    await page.locator("main form button").click()
    await page.wait_for_url("**/practice")
    await page.get_by_role("link", name=re.compile("Aufrufen|aufrufen")).first.click()
    await page.wait_for_url("**/room")
    await check_and_join(page)
    await page.locator("[data-act=admit]").click()
