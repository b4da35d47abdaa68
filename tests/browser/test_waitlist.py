"""The waiting list in the browser: from the wish by mail and link to the appointment; and the practice's page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import msgspec
import pytest
from playwright.async_api import Page, expect

from telemed import working
from telemed.db import Database
from telemed.settings import Settings
from tests import people
from tests.browser.checks import accessible, tab_to
from tests.browser.conftest import Visitor
from tests.gateways import Mailbox, body, mailbox
from tests.people import TALK
from tests.sql.test_jobs import until
from tests.waiting import fill

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("early")]
JOIN = f"/waitlist/join?service={TALK}"


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, box: Mailbox) -> Settings:
    return msgspec.structs.replace(settings, smtp_url=box.url, mail_from="termine@uckermark.example")


async def wait_in_line(page: Page, name: str = "Berta Probe") -> None:
    await page.goto(JOIN)
    await page.fill("#name", name)
    await page.fill("#birth_date", "1.1.1950")
    await page.fill("#email", "berta@example.org")
    await page.locator("main form .button").click()
    await page.wait_for_url("**/waitlist?done=joined")


@pytest.mark.rule("A-02")
async def test_from_the_wish_by_mail_to_the_appointment(
    visitor: Visitor, site_settings: Settings, box: Mailbox, owner: asyncpg.Connection
) -> None:
    """By keyboard, with a worker that sends real mail; the link opens in another browser."""
    page = await (await visitor("de", width=360, height=740)).new_page()
    await page.goto(f"/practitioners/{people.DR_BOB}")
    await tab_to(page, "a[href^='/waitlist/join']", most=200)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/waitlist/join?*")
    await accessible(page, where="the wishes")
    await tab_to(page, "#day1")
    for _day in range(7):
        await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
    await tab_to(page, "#name")
    await page.keyboard.press("Enter")
    await expect(page.locator("#errors")).to_be_visible()
    assert await page.is_checked("#day3")
    await page.fill("#name", "Berta Probe")
    await page.fill("#birth_date", "1.1.1950")
    await page.fill("#email", "berta@example.org")
    await page.focus("#email")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/waitlist?done=joined")
    await accessible(page, where="my place")
    async with working.beside(site_settings):
        await until(lambda: len(box.mails) == 1, 20)
    text = body(box.mails[0])
    assert box.mails[0]["To"] == "berta@example.org" and "Buchfink" not in text and "Videosprechstunde" not in text
    link = re.search(r"http://\S+/waitlist/code#\S+", text)
    assert link is not None
    other = await (await visitor("de", width=360, height=740)).new_page()
    await other.goto(link[0])
    await other.wait_for_url("**/waitlist")
    assert "#" not in other.url
    await expect(other.locator("[data-until]")).to_be_visible()
    await accessible(other, where="an offer")
    await tab_to(other, "#accept")
    await other.keyboard.press("Enter")
    await other.wait_for_url("**/appointment/confirmed")
    assert await owner.fetchval("SELECT patient_name FROM appointment WHERE status = 'booked'") == "Berta Probe"


async def test_no_without_javascript(visitor: Visitor, cast: Database, owner: asyncpg.Connection) -> None:
    page = await (await visitor("en", javascript=False)).new_page()
    await wait_in_line(page)
    await fill(cast)
    await page.goto("/waitlist")
    await page.click("#decline")
    await page.wait_for_url("**/waitlist?done=declined")
    await page.click("#withdraw")
    await page.wait_for_url("**/waitlist?done=withdrawn")
    assert await owner.fetchval("SELECT status FROM waitlist_entry") == "withdrawn"


async def test_the_practice_calls(visitor: Visitor, cast: Database, owner: asyncpg.Connection) -> None:
    page = await (await visitor("de")).new_page()
    await page.goto("/login?next=%2Fpractice%2Fwaitlist")
    await page.fill("#login", "carla")
    await page.fill("#password", people.PASSWORD)
    await page.locator("main form .button").click()
    await page.wait_for_url("**/practice/waitlist")
    await page.goto("/practice/waitlist/new")
    await page.select_option("#for", str(TALK))
    await page.fill("#name", "Cora Probe")
    await page.fill("#birth_date", "17.5.1948")
    await page.fill("#phone", "03984 12345")
    await accessible(page, where="adding a caller")
    await page.locator("main form .button").click()
    await expect(page.locator(".code-big")).to_be_visible()
    await accessible(page, where="the code of a caller")
    await fill(cast)
    await page.goto("/practice/waitlist")
    await expect(page.get_by_role("heading", name=re.compile("Cora Probe anrufen"))).to_be_visible()
    await accessible(page, where="whom to call")
    await page.locator("form[action$=acceptance] .button").click()
    await expect(page.locator(".code-big")).to_be_visible()
    assert await owner.fetchval("SELECT count(*) FROM appointment WHERE status = 'booked'") == 1
    assert timedelta(0) < await owner.fetchval("SELECT expires - created FROM offer")
