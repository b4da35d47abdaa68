"""The whole visit at a station: somebody walks into the pharmacy, talks to the doctor on call in the next town, is
measured and looked at through a skin camera, and leaves with the doctor's orders, the next appointment and a ride home.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Page, expect

from telemed.db import Database
from telemed.gateway import run, station
from telemed.gateway.devices import device
from tests import people
from tests.browser.conftest import Visitor
from tests.browser.consulting import WATCHED, check_and_join, sees, staff
from tests.browser.talks import enter, linked
from tests.http.test_rides import FORM as TAXI

pytestmark = pytest.mark.browser
ROOM = f"/station/rooms/{people.STATION}"


@asynccontextmanager
async def devices(site: str, petra: Page, place: Path) -> AsyncIterator[None]:
    """A gateway with an invented skin camera, paired with the room as its code is typed at the counter."""
    code: asyncio.Queue[str] = asyncio.Queue()
    running = asyncio.create_task(run.run(site, place, [device("dermatoscope", "test")], code.put_nowait))
    shown = await code.get()
    await petra.goto(ROOM)
    await petra.locator("#gateway_code").fill(shown.rpartition(" ")[2])
    await petra.locator("#gateway_code").press("Enter")
    await petra.wait_for_url("**done=gateway_paired")
    yield
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def paired_screen(visitor: Visitor, petra: Page) -> Page:
    """The screen in the quiet room, at which nothing was ever typed."""
    screen = await (await visitor()).new_page()
    await screen.add_init_script(WATCHED)
    await screen.goto("/screen")
    await screen.locator("main form button").click()
    code = await screen.locator("#code").inner_text()
    await petra.goto(ROOM)
    await petra.locator("#code").fill(code)
    await petra.locator("#code").press("Enter")
    await petra.wait_for_url("**done=paired")
    await screen.wait_for_url("**/screen")
    return screen


async def walk_in(petra: Page) -> None:
    await petra.goto("/station")
    await petra.locator("#name").fill("Änne Müller-Lüdenscheidt")
    await petra.locator("#birth_date").fill("17.5.1948")
    await petra.locator("#birth_date").press("Enter")
    await expect(petra.locator(".slip .code-big")).to_be_visible()


async def received(petra: Page, appointment: str) -> None:
    """Card seen, nobody overhears, introduced, agreed."""
    await petra.goto(f"/station/appointments/{appointment}/intake")
    for field in ("#identity-card", "#private", "#introduced", "#agreed"):
        await petra.locator(field).check()
    await petra.locator("#agreed").press("Enter")
    await expect(petra.locator("a[href$='/assistance']")).to_be_visible()


@pytest.mark.rule("B-10")
@pytest.mark.rule("P-03")
@pytest.mark.rule("V-14")
async def test_from_the_door_to_the_ride_home(
    cast: Database, visitor: Visitor, site: str, owner: asyncpg.Connection, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for module in (run, station):
        monkeypatch.setattr(module, "LOOK", 0.2)
    petra, bob = await staff(await visitor(), "petra"), await staff(await visitor(), "bob")
    answer = await petra.request.post("/station/rides", form=TAXI, headers={"Origin": site}, max_redirects=0)
    assert answer.status == 303
    screen = await paired_screen(visitor, petra)
    async with devices(site, petra, tmp_path / "badge"):
        await walk_in(petra)
        await bob.goto("/practice/on-call")
        await bob.locator("main form .button").first.click()
        await expect(bob.locator("#next")).to_contain_text("Änne Müller-Lüdenscheidt, 7", timeout=20_000)
        await bob.locator("#accept").click()
        await bob.wait_for_url("**/room")
        appointment = bob.url.split("/")[-2]
        await check_and_join(bob)

        # No seat before she has been received; then she sits down in front of the screen.
        await screen.reload()
        await expect(screen.locator("main")).to_contain_text("Ä. M. L.")
        await expect(screen.locator(f"#sit-{appointment}")).to_have_count(0)
        await received(petra, appointment)
        await screen.reload()
        await screen.locator(f"#sit-{appointment}").click()
        await check_and_join(screen)
        assistant = await petra.context.new_page()
        await assistant.add_init_script(WATCHED)
        await assistant.goto(f"/station/appointments/{appointment}/assistance")
        await check_and_join(assistant)
        for name in ("Änne Müller-Lüdenscheidt", "Petra Pohl", "Geräte der Station"):
            await bob.locator("#door li", has_text=name).locator("[data-act=admit]").click(timeout=30_000)
        await asyncio.gather(sees(bob), sees(screen), sees(assistant, sound=False))
        for page in (bob, screen, assistant):
            await page.locator("#introduced").click()
        await linked(screen, assistant)

        # Measured beside her, and looked at through the skin camera.
        await enter(assistant, "pressure", systolic="182", diastolic="95", pulse="88")
        await expect(bob.locator("#lines .reading .text").first).to_contain_text("Blutdruck: 182/95 mmHg")
        panel = bob.locator("#gateway")
        await panel.get_by_role("button", name="Standbild aufnehmen").click(timeout=40_000)
        await expect(panel.locator("#gateway-shots a")).to_be_visible(timeout=60_000)

        # She wants a word alone; then Petra is called back.
        await screen.get_by_role("button", name="Ich möchte allein").click()
        await assistant.get_by_role("button", name="Ich gehe hinaus").click()
        row = bob.locator("#door li", has_text="Petra Pohl")
        await expect(row.locator(".where")).to_contain_text("ist draußen")
        await asyncio.gather(sees(bob, 10), sees(screen, 10))
        await row.get_by_role("button", name="Bitte zurückkommen").click()
        await assistant.get_by_role("button", name="Zurück ins Gespräch").click()
        await sees(assistant, 10, sound=False)

        # What comes after: the orders on her screen, the next appointment, the ride.
        await bob.locator("#orders summary").click()
        await bob.locator("#orders-text").fill("Morgens und abends den Blutdruck messen.")
        await bob.locator("#orders-form button:not([type])").click()
        await expect(screen.locator("#orders-text")).to_have_text("Morgens und abends den Blutdruck messen.")
        await expect(bob.locator("#orders-state")).to_contain_text("auf dem Bildschirm")
        async with bob.expect_popup() as opening:
            await bob.locator("#follow-up").click()
        form = await opening.value
        await form.locator("main form button.slot, main form .slots button").first.click()
        await expect(form.locator(".code-big").first).to_be_visible()
        await petra.goto(f"/station/appointments/{appointment}/rides")
        await petra.locator("input[name=ride]").last.check()
        await petra.locator("#agree").check()
        await petra.locator("main form .actions button").click()
        await expect(petra.locator("main")).to_contain_text("Fahrt")

        await bob.locator("#hangup").click()
        await bob.locator("#ending [value=end]").click()
        await bob.wait_for_url("**/after")
        await expect(screen.locator("#over")).to_be_visible()
        await expect(screen.locator("#orders-text")).to_be_visible()  # still there to be printed
    rows = await owner.fetch("SELECT status, follow_up_of::text AS of FROM appointment ORDER BY lower(during)")
    assert [(row["status"], row["of"]) for row in rows] == [("fulfilled", None), ("booked", appointment)]
    assert await owner.fetchval("SELECT count(*) FROM walk_in WHERE status = 'accepted'") == 1
