"""Three people, one room: the patient at the station's screen, who assists with a seat of their own, and the doctor."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from playwright.async_api import Page, expect

from telemed.db import Database
from telemed.stations import intake
from tests import booking, people
from tests.browser.consulting import Visitor, check_and_join, looked_at, on_call, sees, staff
from tests.browser.talks import lines, linked, write

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("early")]

PETRA = "Petra Pohl, Löwen-Apotheke, Gerswalde"
LOUD = "() => [...document.querySelectorAll('#tiles video')].map((video) => !video.muted)"
# What the assistant's page hears from now on, over its socket and over every channel; and a person who looks elsewhere.
LISTENS = """() => {
  window.heard = [];
  window.sockets.at(-1).addEventListener("message", ({ data }) => window.heard.push(JSON.parse(data).type));
  Object.defineProperty(document, "hidden", { get: () => true, configurable: true });
}"""
LOOKS = "() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); }"
OPEN = "() => window.connections.filter((one) => one.connectionState !== 'closed').length"


async def at_the_station(visitor: Visitor, db: Database) -> tuple[Page, Page, Page]:
    """Doctor, the patient at the screen, and who assists on a device beside it: all at the door, or in."""
    made = await booking.book(
        db, people.soon(), caller=people.CALLERS["petra"], mode="assisted", station=people.STATION
    )
    await intake.take(db, people.CALLERS["petra"], made.id, msgspec.convert(people.RECEIVED, intake.Received))
    screen = await staff(await visitor(), "petra")
    await screen.goto(f"/station/appointments/{made.id}/room")
    await check_and_join(screen)
    bob = await on_call(visitor, made)
    await expect(bob.locator("#seatless")).to_contain_text(PETRA)
    petra = await staff(await visitor(), "petra")
    await petra.goto(f"/station/appointments/{made.id}/assistance")
    await check_and_join(petra)
    return bob, screen, petra


@pytest.mark.rule("A-02")
@pytest.mark.rule("V-15")
@pytest.mark.rule("P-03")
async def test_who_assists_is_introduced_goes_out_and_comes_back(cast: Database, visitor: Visitor) -> None:
    bob, screen, petra = pages = await at_the_station(visitor, cast)
    rows = bob.locator("#door li")
    await expect(rows).to_have_count(2)
    await expect(rows.filter(has_text=PETRA)).to_be_visible()
    await expect(bob.locator("#seatless")).to_be_hidden()  # she has a seat now
    for row in await rows.all():
        await row.locator("[data-act=admit]").click()
    await expect(bob.locator("#who")).to_contain_text(f"begleitet von {PETRA}")
    await expect(screen.locator("#who")).to_contain_text(f"begleitet von {PETRA}")
    await expect(screen.locator("#who")).to_contain_text("Dr. med. Bob Buchfink")
    # One open microphone in the room, and one loudspeaker.
    await expect(petra.locator("#quiet")).to_contain_text("Damit es nicht pfeift")
    await expect(petra.locator("#mic")).to_have_attribute("aria-checked", "false")
    assert await petra.evaluate(LOUD) == [False, False]
    assert await screen.evaluate(LOUD) == [True, True]
    heard = await asyncio.gather(*(sees(page, 30, sound=page is not petra) for page in pages))
    assert heard[2]["energy"] == 0
    assert await bob.evaluate("window.connections.length") == 2
    await expect(rows.filter(has_text=PETRA).locator(".where")).to_have_text("im Gespräch")
    for page in pages:
        await page.locator("#introduced").click()
    await linked(*pages)
    await looked_at(bob, "three")
    await looked_at(petra, "three-quiet")

    # The patient wants to be alone with the doctor.
    await screen.get_by_role("button", name="Ich möchte allein").click()
    await expect(screen.locator("#alone span")).to_have_text("Petra Pohl wurde gebeten, kurz hinauszugehen.")
    await expect(petra.get_by_role("alert")).to_contain_text("Alice Ährenfeld möchte allein mit der Ärztin")
    await looked_at(screen, "three-alone")
    await looked_at(petra, "three-asked")
    await petra.get_by_role("button", name="Ich gehe hinaus").click()
    await expect(petra.locator("#waiting-state")).to_contain_text("Sie sind draußen.")
    assert await petra.evaluate(OPEN) == 0
    await petra.evaluate(LISTENS)
    row = rows.filter(has_text=PETRA)
    await expect(row.locator(".where")).to_have_text("ist draußen und kann gerufen werden")
    await expect(row.get_by_role("button", name="Hereinlassen")).to_be_hidden()
    await expect(bob.locator("#spoken")).to_contain_text("Petra Pohl ist hinausgegangen.")
    await expect(screen.locator("#who")).not_to_contain_text("Petra")
    await expect(screen.locator("#alone")).to_be_hidden()
    await write(screen, "nur für die Praxis")
    await expect(bob.locator("#lines .text")).to_have_text(["nur für die Praxis"])
    await asyncio.gather(sees(bob, 10), sees(screen, 10))
    await looked_at(petra, "three-outside")
    await looked_at(bob, "three-one-outside")

    # The doctor calls her; she hears it, and comes when she wants.
    assert set(await petra.evaluate("window.heard")) <= {"lobby"}
    await row.get_by_role("button", name="Bitte zurückkommen").click()
    await expect(row.locator(".where")).to_contain_text("wurde gerufen")
    await expect(petra.get_by_role("alert")).to_contain_text("Die Praxis bittet Sie zurück ins Gespräch.")
    assert await petra.title() == "● Sie werden gerufen"
    assert await petra.evaluate("document.querySelector('#player').srcObject !== null"), "no sound"
    assert set(await petra.evaluate("window.heard")) - {"lobby"} == {"ask", "waiting"}
    assert await petra.evaluate(OPEN) == 0
    await petra.evaluate(LOOKS)
    await looked_at(petra, "three-called")
    await petra.get_by_role("button", name="Zurück ins Gespräch").click()
    await sees(petra, 10, sound=False)
    await expect(bob.locator("#spoken")).to_contain_text("Petra Pohl ist hereingekommen.")
    await linked(*pages)
    assert await lines(petra) == [] and await petra.evaluate(LOUD) == [False, False]

    await row.get_by_role("button", name="Bitte Mikrofon einschalten").click()
    await petra.get_by_role("button", name="Mikrofon einschalten").click()
    await expect(petra.locator("#mic")).to_have_attribute("aria-checked", "true")
    await expect(row.get_by_role("button", name="Bitte Mikrofon einschalten")).to_be_hidden()
    await petra.get_by_role("switch", name="Lautsprecher").click()
    assert await petra.evaluate(LOUD) == [True, True]
    await row.get_by_role("button", name="Bitte kurz hinausgehen").click()
    await expect(petra.get_by_role("alert")).to_contain_text("Dr. med. Bob Buchfink bittet Sie, kurz hinauszugehen.")
