"""Every page and state of the patient's way, in both languages: readable by all, ours alone, and telling nobody."""

from __future__ import annotations

from urllib.parse import unquote

import asyncpg
import pytest
from playwright.async_api import Page, Response

from telemed.text import catalogue
from tests import people
from tests.browser.checks import accessible
from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser]

LEGAL = ("/terms", "/privacy", "/imprint", "/accessibility")
BOB = f"/practitioners/{people.DR_BOB}"
BOOK = "form[novalidate] .button:not(.secondary)"
COOKIES = {"__Host-hold", "__Host-guest", "language"}


async def reserve(page: Page, nth: int = 0) -> str:
    """Takes a free time of Dr. Bob; the address of the form."""
    await page.goto(BOB)
    await page.locator(".slots .button:visible").nth(nth).click()
    return page.url


async def fill(page: Page, name: str = "Alice Ährenfeld", born: str = "17.5.1948") -> None:
    await page.fill("#name", name)
    await page.fill("#birth_date", born)
    await page.click(BOOK)


async def book(page: Page, nth: int = 0) -> str:
    """Books a time of Dr. Bob; the code."""
    await reserve(page, nth)
    await fill(page)
    await page.wait_for_url("**/appointment/confirmed")
    return (await page.locator(".code-big").inner_text()).replace("\n", "")


async def tour(page: Page, owner: asyncpg.Connection) -> None:
    """Visits every page and state and looks at each."""

    async def look(what: str) -> None:
        await accessible(page, where=what)
        for address in LEGAL:
            assert await page.locator(f"footer a[href='{address}']").count() == 1, what

    async def visit(what: str, address: str) -> None:
        await page.goto(address)
        await look(what)

    await owner.execute("INSERT INTO place VALUES (1, 'Gerswalde', 'SN', 51, 14, 900, 'gerswalde')")
    await owner.execute(
        "INSERT INTO postal_code VALUES ('17268', 'Gerswalde', 'BB', 53.17, 13.749), ('01001', 'Dort', 'SN', 51, 14)"
    )
    await visit("home", "/")
    await visit("nothing typed", "/search?where=&specialty=general")
    await visit("unknown place", "/search?where=Xyzzyq&specialty=")
    await visit("unknown specialty", "/search?where=Prenzlau&specialty=magic")
    await visit("which place", "/search?where=Gerswalde")
    await visit("results", "/search?where=17268 Gerswalde&sort=earliest")
    await visit("nobody", "/search?where=Prenzlau&specialty=pain")
    await visit("times", BOB)
    await visit("no times", f"{BOB}?from=2099-01-01")
    hold = await reserve(page)
    await look("details")
    await page.click("[formaction$=extension]")
    await look("extended")
    await fill(page, "A", "17.5.48")
    await look("errors")
    await visit("times with a reservation", BOB)
    await owner.execute("UPDATE appointment SET expires = now() - interval '1 minute'")
    await visit("reservation ran out", hold)
    await fill(page)
    await look("confirmed")
    await visit("appointment", "/appointment")
    await visit("consent", "/appointment/consent")
    await page.click(BOOK)
    await look("not agreed")
    await page.check("#agree")
    await page.click(BOOK)
    await visit("agreed", "/appointment/consent")
    await page.click("form[action$=withdrawal] .button")
    await look("withdrawn")
    await visit("move", "/appointment/move")
    await page.locator(".slots .button:visible").last.click()
    await look("moved")
    await visit("after", "/appointment/after")
    await visit("cancel", "/appointment/cancel")
    await page.click(".button.danger")
    await look("cancelled")
    await owner.execute("UPDATE appointment SET status = 'noshow'")
    await visit("missed", "/appointment")
    await page.click("form[action$=leave] .button")
    await visit("not mine", hold)
    await visit("code", "/appointment/code")
    await page.fill("#code", "K7MC-2WQX-94HD")
    await page.click(BOOK)
    await look("wrong code")
    for address in LEGAL:
        await visit(address, address)
    await visit("nothing here", "/nothing/here")


@pytest.mark.rule("A-02")
@pytest.mark.rule("V-20")
@pytest.mark.rule("V-13")
async def test_every_page_is_accessible(visitor: Visitor, owner: asyncpg.Connection) -> None:
    page = await (await visitor("de")).new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("response", lambda answer: broken.append(answer.url) if answer.status >= 500 else None)
    await tour(page, owner)
    assert await page.locator("html").get_attribute("lang") == "de"
    assert not broken


async def test_dark_mode_is_accessible(visitor: Visitor) -> None:
    page = await (await visitor()).new_page()
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    for address in ("/", "/search?where=&specialty=", "/search?where=Prenzlau", BOB):
        await page.goto(address)
        await accessible(page)
    await book(page)
    await accessible(page)


@pytest.mark.rule("V-13")
@pytest.mark.rule("A-07")
async def test_legal_texts_without_login(visitor: Visitor, site: str) -> None:
    context = await visitor("de")
    for address in LEGAL:
        answer = await context.request.get(address)
        text = await answer.text()
        assert answer.status == 200 and 'lang="de"' in text
        assert "Musterlandkreis" in text and "+49 30 23125 000" in text


@pytest.mark.rule("V-05")
@pytest.mark.rule("V-06")
@pytest.mark.rule("G-32")
async def test_ours_alone_and_telling_nobody(visitor: Visitor, site: str) -> None:
    """Own origin only, needed cookies only, nothing personal in an address, nothing left in a cache."""
    context = await visitor("de")
    page = await context.new_page()
    asked: list[str] = []
    cached: list[str] = []

    def note(answer: Response) -> None:
        if "/static/" not in answer.url and answer.headers.get("cache-control") != "no-store":
            cached.append(answer.url)

    page.on("request", lambda request: asked.append(request.url + request.headers.get("referer", "")))
    page.on("response", note)
    await page.goto("/")
    assert not await context.cookies()
    code = await book(page)
    await page.goto("/appointment")
    await page.goto("/nothing")
    await page.goto("about:blank")
    await page.goto(f"/appointment/code#{code}")
    await page.wait_for_url("**/appointment")
    assert code not in page.url
    assert {url for url in asked if not url.startswith((site, "data:"))} == set()
    told = unquote(" ".join(url.partition("#")[0] for url in asked))
    for secret in (code, "Alice", "1948", "17.5", "key="):
        assert secret not in told
    assert not cached
    assert {cookie["name"] for cookie in await context.cookies()} <= COOKIES
    for cookie in await context.cookies():
        assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    assert await page.evaluate("localStorage.length + sessionStorage.length") == 0


async def test_first_view_is_light(visitor: Visitor) -> None:
    """At most 50 KB over the line, on each page a patient may open first."""
    for address in ("/", BOB, "/appointment/code", "/search?where=Prenzlau"):
        context = await visitor("de")
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        sizes: list[int] = []
        session.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
        await session.send("Network.enable")
        await page.goto(address, wait_until="networkidle")
        assert sum(sizes) <= 50_000, f"{address}: {sum(sizes)} bytes"
        assert len(sizes) <= 8, f"{address}: {len(sizes)} requests"
        await context.close()


async def test_language_is_remembered(visitor: Visitor) -> None:
    page = await (await visitor("de")).new_page()
    await page.goto(BOB)
    await page.click("a[hreflang=en]")
    await page.goto("/")
    assert await page.locator("html").get_attribute("lang") == "en"
    assert await page.locator("h1").inner_text() == "See a doctor by video"
    await page.click("a[hreflang=de]")
    assert await page.locator("h1").inner_text() == catalogue("de").gettext("See a doctor by video")


@pytest.mark.rule("B-01")
async def test_every_slot_names_the_doctor(visitor: Visitor) -> None:
    page = await (await visitor("de")).new_page()
    await page.goto(BOB)
    buttons = page.locator(".slots .button")
    assert await buttons.count() > 10
    for text in await buttons.all_text_contents():
        assert "Dr. med. Bob Buchfink" in text
    await page.goto("/search?where=Prenzlau")
    assert "Dr. med. Dora Distel" in await page.locator("main").inner_text()
