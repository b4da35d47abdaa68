"""The patient's way as people really go it: by keyboard, without JavaScript, twice, backwards, too late."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, time, timedelta

import asyncpg
import pytest
from playwright.async_api import Page, expect

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.scheduling.hours import openings
from telemed.scheduling.hours.rules import Rule
from tests import people, waiting
from tests.browser.checks import accessible, tab_to
from tests.browser.conftest import Visitor
from tests.browser.test_patient_pages import BOB, BOOK, book, fill, reserve

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("early")]


async def booked(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("SELECT count(*) FROM appointment WHERE status = 'booked'"))


@pytest.mark.rule("A-02")
async def test_by_keyboard_alone(visitor: Visitor) -> None:
    page = await (await visitor("de")).new_page()
    await page.goto("/")
    await tab_to(page, ".skip")
    await page.keyboard.press("Enter")
    await tab_to(page, "#where")
    await page.keyboard.type("Prenzlau")
    await tab_to(page, "#specialty")
    await tab_to(page, "form[role=search] .button")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/search?*")
    await tab_to(page, f"a[href^='{BOB}']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practitioners/*")
    await tab_to(page, ".slots .button")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/holds/*")
    await tab_to(page, "#name")
    await page.keyboard.type("Alice Ährenfeld")
    await tab_to(page, "#birth_date")
    await page.keyboard.type("17.5.48")
    await page.keyboard.press("Enter")
    await expect(page.locator("#errors")).to_be_visible()
    await tab_to(page, "#errors a")
    await page.keyboard.press("Enter")
    await expect(page.locator("#birth_date")).to_be_focused()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("17.5.1948")
    await tab_to(page, BOOK)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/appointment/confirmed")
    await tab_to(page, "a[href='/appointment']")


@pytest.mark.rule("V-07")
@pytest.mark.rule("V-14")
async def test_without_javascript(visitor: Visitor, owner: asyncpg.Connection) -> None:
    """From the search to a cancelled appointment, coming back with nothing but the code."""
    context = await visitor("de", javascript=False, width=360, height=740)
    page = await context.new_page()
    await page.goto("/")
    await page.fill("#where", "Prenzlau")
    await page.click("form[role=search] .button")
    await page.locator(f"a[href^='{BOB}']").first.click()
    await page.locator(".slots .button").nth(2).click()
    await page.click("[formaction$=extension]")
    await fill(page)
    code = (await page.locator(".code-big").inner_text()).replace("\n", "")
    assert await page.locator(".qr").evaluate("it => it.naturalWidth") > 0
    await context.clear_cookies()
    await page.goto("/appointment")
    assert page.url.endswith("/appointment/code")
    await page.fill("#code", f" {code.replace('-', ' ').lower()} ")
    await page.click(BOOK)
    assert "Alice Ährenfeld" in await page.locator("main").inner_text()
    await page.goto("/appointment/consent")
    assert not await page.locator("#agree").is_checked()
    await page.click(BOOK)
    await expect(page.locator("#agree-error")).to_be_visible()
    await page.check("#agree")
    await page.click(BOOK)
    assert await owner.fetchval("SELECT count(*) FROM appointment WHERE consented IS NOT NULL") == 1
    await page.goto("/appointment/consent")
    await page.click("form[action$=withdrawal] .button")
    assert await owner.fetchval("SELECT count(*) FROM appointment WHERE consented IS NOT NULL") == 0
    await page.goto("/appointment/move")
    await page.locator(".slots .button:visible").last.click()
    assert page.url.endswith("done=moved")
    await page.click("a[href='/appointment/cancel']")
    await page.click(".button.danger")
    await expect(page.locator(".chip.bad")).to_be_visible()
    assert await booked(owner) == 0


async def test_errors_keep_what_was_typed(visitor: Visitor) -> None:
    page = await (await visitor("de")).new_page()
    await page.goto("/search?where=Nirgendheim&specialty=dermatology")
    assert await page.input_value("#where") == "Nirgendheim"
    assert await page.input_value("#specialty") == "dermatology"
    await reserve(page)
    await page.fill("#email", "alice@example")
    await page.fill("#phone", "0398 4711")
    await fill(page, "\u202eAlice", "5/6/1948")
    assert await page.title() == "Fehler: Ihre Angaben – Musterlandkreis (Demo)"
    for field, typed in (("name", "\u202eAlice"), ("birth_date", "5/6/1948"), ("email", "alice@example")):
        assert await page.input_value(f"#{field}") == typed
        assert await page.get_attribute(f"#{field}", "aria-invalid") == "true"
        assert await page.get_attribute(f"#{field}", "aria-describedby") is not None
    assert await page.input_value("#phone") == "0398 4711"


async def test_double_click_books_once(visitor: Visitor, owner: asyncpg.Connection) -> None:
    page = await (await visitor("de")).new_page()
    await reserve(page)
    await page.fill("#name", "Alice Ährenfeld")
    await page.fill("#birth_date", "17.5.1948")
    await page.dblclick(BOOK)
    # The second click breaks the first navigation off, which wait_for_url takes for a failure.
    await expect(page).to_have_url(re.compile("/appointment/confirmed$"), timeout=15_000)
    assert await booked(owner) == 1


async def test_answer_lost_and_sent_again(visitor: Visitor, owner: asyncpg.Connection) -> None:
    """Three times the same form, at once: the same appointment each time."""
    context = await visitor("de")
    page = await context.new_page()
    hold = await reserve(page)
    form: dict[str, str | float | bool] = {
        "key": await page.locator("input[name=key]").get_attribute("value") or "",
        "name": "Alice Ährenfeld", "birth_date": "17.5.1948", "email": "", "phone": "",
    }  # fmt: skip
    answers = await asyncio.gather(*(context.request.post(hold, form=form) for _again in range(3)))
    assert [answer.url.rpartition("/")[2] for answer in answers] == ["confirmed"] * 3
    assert await booked(owner) == 1


async def test_two_tabs_and_back(visitor: Visitor, owner: asyncpg.Connection) -> None:
    """A couple books in two tabs; then the back button leads to what is booked, not to a second booking."""
    context = await visitor("de")
    one, two = await context.new_page(), await context.new_page()
    await reserve(one, 0)
    await reserve(two, 1)
    await fill(one)
    await one.wait_for_url("**/appointment/confirmed")
    await fill(two, "Anton Ährenfeld", "3. März 1946")
    await two.wait_for_url("**/appointment/confirmed")
    assert await booked(owner) == 2
    await two.go_back()
    await two.wait_for_url("**/appointment/confirmed")
    assert await booked(owner) == 2


async def test_same_time_again_is_the_same_reservation(visitor: Visitor) -> None:
    page = await (await visitor("de")).new_page()
    await page.goto(BOB)
    first = page.locator(".slots .button").first
    await first.click()
    hold = page.url
    await page.go_back()
    await page.reload()
    await page.click("a[href^='/holds/']")
    assert page.url == hold


async def test_somebody_was_first(visitor: Visitor) -> None:
    page, rival = await (await visitor("de")).new_page(), await (await visitor("de")).new_page()
    await page.goto(BOB)
    await book(rival)
    await page.locator(".slots .button").first.click()
    assert page.url.endswith("/holds")
    await page.locator(".slots .button").first.click()
    await fill(page, "Anton Ährenfeld", "3.3.1946")
    await page.wait_for_url("**/appointment/confirmed")


async def test_reservation_ran_out_and_was_taken(visitor: Visitor, owner: asyncpg.Connection) -> None:
    page, rival = await (await visitor("de")).new_page(), await (await visitor("de")).new_page()
    await reserve(page)
    await owner.execute("UPDATE appointment SET expires = now() - interval '1 second'")
    await book(rival)
    await fill(page, "Anton Ährenfeld", "3.3.1946")
    assert await page.locator(".slots .button").count() > 0
    await page.locator(".slots .button").first.click()
    await page.wait_for_url("**/holds/*")


@pytest.mark.rule("V-09")
async def test_a_hold_belongs_to_its_browser(visitor: Visitor) -> None:
    page, stranger = await (await visitor("de")).new_page(), await (await visitor("de")).new_page()
    hold = await reserve(page)
    answer = await stranger.goto(hold)
    assert answer is not None and answer.status == 410
    assert await stranger.locator("#name").count() == 0


async def test_countdown_speaks_once(visitor: Visitor) -> None:
    page = await (await visitor("de")).new_page()
    await page.clock.install()
    await reserve(page)
    await expect(page.locator("[data-left]")).to_contain_text("Noch ")
    assert await page.locator("[data-say]").text_content() == ""
    region = page.locator("[data-say]")
    for forward, said in (
        ("05:05", "fünf Minuten"), ("03:00", "noch zwei Minuten"), ("01:00", "eine Minute"), ("01:00", "abgelaufen"),
    ):  # fmt: skip
        await page.clock.fast_forward(forward)
        await expect(region).to_contain_text(said)
    assert await region.get_attribute("role") == "status"


async def test_an_offer_counts_down_aloud_too(visitor: Visitor, cast: Database) -> None:
    page = await (await visitor("de")).new_page()
    await page.clock.install()
    await page.goto(f"/waitlist/join?service={people.TALK}")
    await page.fill("#name", "Berta Probe")
    await page.fill("#birth_date", "1.1.1950")
    await page.fill("#phone", "0170 1234567")
    await page.locator("main form .button").click()
    await page.wait_for_url("**/waitlist?done=joined")
    await waiting.fill(cast)
    await page.goto("/waitlist")
    box = page.locator("#countdown")
    left = await box.evaluate("it => Date.parse(it.dataset.until) - Date.parse(it.dataset.now)")
    await page.clock.fast_forward(int(left) - 115_000)
    await expect(box.locator("[data-say]")).to_contain_text("zwei Minuten")


async def test_more_time_keeps_what_was_typed(visitor: Visitor) -> None:
    """By one tap or one key, with and without JavaScript; Enter in a field books, it does not extend."""
    for javascript in (True, False):
        page = await (await visitor("de", javascript=javascript)).new_page()
        hold = await reserve(page)
        await page.fill("#name", "Alice Ährenf")
        await page.locator("summary").filter(has_text="für jemand anderen").click()
        await page.fill("#carer", "Tina Tochter")
        await page.fill("#phone", "03984 1")
        await page.click("[formaction$=extension]")
        assert page.url == f"{hold}/extension"
        for field, typed in (("name", "Alice Ährenf"), ("carer", "Tina Tochter"), ("phone", "03984 1")):
            assert await page.input_value(f"#{field}") == typed
        await expect(page.locator(".countdown")).to_contain_text("mehr Zeit")
        assert await page.locator("[formaction$=extension]").count() == 0
        if javascript:
            await accessible(page)
        await page.fill("#name", f"Alice Ährenfeld {'AB'[javascript]}")
        await page.fill("#birth_date", "17.5.1948")
        await page.fill("#phone", "")
        await page.locator("#birth_date").press("Enter")
        await page.wait_for_url("**/appointment/confirmed")
        await page.goto("/appointment")
        await expect(page.locator(".facts").first).to_contain_text("Tina Tochter")


async def test_october_hour_is_offered_twice(visitor: Visitor, cast: Database) -> None:
    with clock.shifted(datetime(2027, 10, 30, 12, tzinfo=UTC) - clock.now()):
        today = clock.now().date()
        rule = Rule.weekly((7,), time(1), time(4), "Europe/Berlin", today, today + timedelta(days=2), on_holidays=True)
        async with cast.transaction(SYSTEM) as tx:
            await openings.add_rule(tx, people.DR_CHARLIE, rule)
        page: Page = await (await visitor("de")).new_page()
        await page.goto(f"/practitioners/{people.DR_CHARLIE}?from=2027-10-31")
        texts = [text.partition(",")[0] for text in await page.locator(".slots .button").all_text_contents()]
        assert "02:30 Sommerzeit" in texts and "02:30 Winterzeit" in texts
        assert texts.index("02:45 Sommerzeit") < texts.index("02:00 Winterzeit")
