"""The whole visit at a station: somebody walks into the pharmacy, talks to the doctor on call in the next town, is
measured and looked at through a skin camera, and leaves with the doctor's orders, the next appointment and a ride home.
Then the same where the station's line is weak, and the assistant's page and the doctor's die on the way.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import msgspec
import pytest
from playwright.async_api import BrowserContext, Error, Page, expect

from telemed.db import Database
from telemed.settings import Settings
from tests import netem, people
from tests.browser.conftest import Visitor
from tests.browser.consulting import WATCHED, check_and_join, sees, staff
from tests.browser.lines import put_behind
from tests.browser.talks import enter, linked
from tests.http.test_rides import FORM as TAXI
from tests.processes import ROOT, free_port
from tests.turn import RELAYED_HERE, relay

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
SET_UP = f"/station/rooms/{people.STATION}"
NAME = "Änne Müller-Lüdenscheidt"
KBIT = 300  # the weak line
ORDERS = "Morgens und abends den Blutdruck messen."


@pytest.fixture
async def line(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path
) -> AsyncIterator[tuple[netem.Line | None, Settings]]:
    """The station's, if it is a weak one, and a site whose relay lies behind it."""
    settings = msgspec.structs.replace(settings, port=free_port())
    if request.param == "good":
        yield None, settings
        return
    async with relay(tmp_path, "127.0.0.1", *RELAYED_HERE) as coturn, netem.udp((coturn.host, coturn.port)) as weak:
        weak.shape(kbit=KBIT, delay=0.03)
        yield (
            weak,
            msgspec.structs.replace(settings, turn_urls=coturn.urls, turn_secret=coturn.secret, ice_policy="relay"),
        )


@pytest.fixture
def site_settings(line: tuple[netem.Line | None, Settings]) -> Settings:
    return line[1]


@asynccontextmanager
async def devices(site: str, petra: Page, place: Path) -> AsyncIterator[None]:
    """A gateway with an invented skin camera, paired with the room as its code is typed at the counter."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TELEMED_", "DATABASE_"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telemed", "gateway", "--dermatoscope", "test", cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        env={**environment, "TELEMED_PUBLIC_URL": site, "TELEMED_DATA_DIR": str(place)},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        shown = await asyncio.wait_for(process.stdout.readline(), 30)
        await typed(petra, "gateway_code", shown.decode().strip().rpartition(" ")[2])
        yield
    finally:
        process.terminate()
        said = (await asyncio.wait_for(process.communicate(), 30))[0].decode()
    assert said.splitlines()[-1] == "Stopped.", said


async def typed(petra: Page, field: str, code: str) -> None:
    """A code, where the room is set up."""
    await petra.goto(SET_UP)
    await petra.locator(f"#{field}").fill(code)
    await petra.locator(f"#{field}").press("Enter")
    await petra.wait_for_url("**done=*paired")


async def paired_screen(context: BrowserContext, petra: Page) -> Page:
    """The screen in the quiet room, at which nothing is ever typed."""
    screen = await opened(context, "/screen")
    await screen.locator("main form button").click()
    await typed(petra, "code", await screen.locator("#code").inner_text())
    await screen.wait_for_url("**/screen")
    return screen


async def opened(context: BrowserContext, path: str) -> Page:
    page = await context.new_page()
    await page.add_init_script(WATCHED)
    await page.goto(path)
    return page


async def walk_in(petra: Page, bob: Page) -> str:
    """She gives her name at the counter, the doctor on call takes her: the appointment."""
    await petra.goto("/station")
    await petra.locator("#name").fill(NAME)
    await petra.locator("#birth_date").fill("17.5.1948")
    await petra.locator("#birth_date").press("Enter")
    await expect(petra.locator(".slip .code-big")).to_be_visible()
    await bob.goto("/practice/on-call")
    await bob.locator("main form .button").first.click()
    await expect(bob.locator("#next")).to_contain_text(f"{NAME}, 7", timeout=20_000)
    await bob.locator("#accept").click()
    await bob.wait_for_url("**/room")
    return bob.url.split("/")[-2]


async def received(petra: Page, screen: Page, appointment: str) -> None:
    """Card seen, nobody overhears, introduced, agreed; before that she cannot sit down."""
    await screen.reload()
    await expect(screen.locator("main")).to_contain_text("Ä. M. L.")
    await expect(screen.locator(f"#sit-{appointment}")).to_have_count(0)
    await petra.goto(f"/station/appointments/{appointment}/intake")
    for field in ("#identity-card", "#private", "#introduced", "#agreed"):
        await petra.locator(field).check()
    await petra.locator("#agreed").press("Enter")
    await expect(petra.locator("a[href$='/assistance']")).to_be_visible()
    await screen.reload()
    await screen.locator(f"#sit-{appointment}").click()
    await check_and_join(screen)


async def assisting(petra: Page, appointment: str) -> Page:
    page = await opened(petra.context, f"/station/appointments/{appointment}/assistance")
    await check_and_join(page)
    return page


async def dies(page: Page) -> None:
    """Without a word, as when the computer is switched off."""
    with suppress(Error):
        await page.goto("chrome://crash", timeout=2_000)


async def a_word_alone(bob: Page, screen: Page, assistant: Page) -> None:
    """Whoever assists goes out when asked, and comes back when called."""
    await screen.get_by_role("button", name="Ich möchte allein").click()
    await assistant.get_by_role("button", name="Ich gehe hinaus").click()
    row = bob.locator("#door li", has_text="Petra Pohl")
    await expect(row.locator(".where")).to_contain_text("ist draußen")
    await asyncio.gather(sees(bob, 3), sees(screen, 3))
    await row.get_by_role("button", name="Bitte zurückkommen").click()
    await assistant.get_by_role("button", name="Zurück ins Gespräch").click()
    await sees(assistant, 3, sound=False)


async def what_comes_after(bob: Page, screen: Page, petra: Page, appointment: str) -> None:
    """The orders on her screen, the next appointment, the ride."""
    await bob.locator("#orders summary").click()
    await bob.locator("#orders-text").fill(ORDERS)
    await bob.locator("#orders-form button:not([type])").click()
    await expect(screen.locator("#orders-text")).to_have_text(ORDERS, timeout=20_000)
    await expect(bob.locator("#orders-state")).to_contain_text("auf dem Bildschirm", timeout=20_000)
    async with bob.expect_popup() as opening:
        await bob.locator("#follow-up").click()
    form = await opening.value
    await form.locator("main form .slots button").first.click()
    await expect(form.locator(".code-big").first).to_be_visible()
    await petra.goto(f"/station/appointments/{appointment}/rides")
    await petra.locator("input[name=ride]").last.check()
    await petra.locator("#agree").check()
    await petra.locator("main form .actions button").click()
    await expect(petra.locator("main form[action$='/rides/end']")).to_be_visible()


@pytest.mark.rule("B-10")
@pytest.mark.rule("P-03")
@pytest.mark.rule("V-14")
@pytest.mark.parametrize("line", ["good", "weak"], indirect=True)
async def test_from_the_door_to_the_ride_home(
    cast: Database, visitor: Visitor, site: str, line: tuple[netem.Line | None, Settings], owner: asyncpg.Connection,
    tmp_path: Path,
) -> None:  # fmt: skip
    weak, _ = line
    contexts = [await visitor() for _ in range(2)]
    for context in contexts if weak else ():
        await put_behind(context, weak.port)
    bob, petra = await staff(await visitor(), "bob"), await staff(contexts[0], "petra")
    answer = await petra.request.post("/station/rides", form=TAXI, headers={"Origin": site}, max_redirects=0)
    assert answer.status == 303
    screen = await paired_screen(contexts[1], petra)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(devices(site, petra, tmp_path / "gateway"))
        appointment = await walk_in(petra, bob)
        await check_and_join(bob)
        await received(petra, screen, appointment)
        assistant = await assisting(petra, appointment)
        for name in (NAME, "Petra Pohl", "Geräte der Station"):
            await bob.locator("#door li", has_text=name).locator("[data-act=admit]").click(timeout=30_000)
        await asyncio.gather(sees(bob, 5), sees(screen, 5), sees(assistant, 5, sound=False))

        if weak:  # and it goes on from where it was
            await dies(assistant)
            assistant = await assisting(petra, appointment)
            await sees(assistant, 5, 60, sound=False)
            await dies(bob)
            bob = await staff(await visitor(), "bob")
            await bob.goto("/practice/on-call")
            await bob.locator("#live a[href$='/room']").click()
            await check_and_join(bob)
            await asyncio.gather(sees(bob, 5, 60), sees(screen, 5, 60), sees(assistant, 5, 60, sound=False))
        for page in (bob, screen, assistant):
            if await page.locator("#introduced").is_visible():
                await page.locator("#introduced").click()
        await linked(screen, assistant)

        await enter(assistant, "pressure", systolic="182", diastolic="95", pulse="88")
        await expect(bob.locator("#lines .reading .text").first).to_contain_text(
            "Blutdruck: 182/95 mmHg", timeout=20_000
        )
        panel = bob.locator("#gateway")
        await panel.get_by_role("button", name="Standbild aufnehmen").click(timeout=40_000)
        await expect(panel.locator("#gateway-shots a")).to_be_visible(timeout=60_000)
        await a_word_alone(bob, screen, assistant)
        await what_comes_after(bob, screen, petra, appointment)

        await bob.locator("#hangup").click()
        await bob.locator("#ending [value=end]").click()
        await bob.wait_for_url("**/after")
        await expect(screen.locator("#over")).to_be_visible()
        await expect(screen.locator("#orders-text")).to_be_visible()  # still there to be printed
    rows = await owner.fetch("SELECT status, follow_up_of::text AS of FROM appointment ORDER BY lower(during)")
    assert [(row["status"], row["of"]) for row in rows] == [("fulfilled", None), ("booked", appointment)]
    assert await owner.fetchval("SELECT count(*) FROM walk_in WHERE status = 'accepted'") == 1
