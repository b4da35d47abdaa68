"""The waiting room as patients see it, and the practice saying that it will be later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import expect

from telemed.db import Database
from telemed.scheduling import changes, consent
from telemed.scheduling.types import Patient
from tests import booking
from tests.browser.consulting import Visitor, booked, guest, looked_at, on_call, staff, waiting

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("early")]

# A page in the background, and a person who wants to be told.
_ELSEWHERE = """
    window.hidden = false;
    Object.defineProperty(document, "hidden", { get: () => window.hidden });
    window.told = [];
    window.Notification = class {
        static permission = "default";
        static async requestPermission() { return this.permission = "granted"; }
        constructor(title, { body }) { window.told.push(`${title}: ${body}`); }
        close() {}
    };
"""


@pytest.mark.rule("A-02")
@pytest.mark.rule("V-16")
async def test_who_waits_knows_how_long(cast: Database, visitor: Visitor) -> None:
    first = await booked(cast)
    second = await booking.book(
        cast, first.start + timedelta(minutes=15), Patient("Berta Beispiel", booking.ALICE.birth_date)
    )
    await changes.give_consent(cast, booking.guest(second.id), second.id, consent.VERSION)
    berta = await waiting(visitor, second)
    state = berta.locator("#waiting-state")
    await expect(state).to_have_text("Die Praxis weiß, dass Sie da sind. Ihre Ärztin oder Ihr Arzt ist noch nicht da.")
    await waiting(visitor, first)
    await expect(state).to_contain_text("Vor Ihnen ist noch eine Person dran.")
    await berta.reload()
    await berta.locator("#join:enabled").click()
    await expect(state).to_contain_text("Vor Ihnen ist noch eine Person dran.")

    carla = await staff(await visitor(), "carla")
    await carla.get_by_role("link", name="Wird es heute später?").click()
    await carla.locator("#practitioner").select_option(label="Dr. med. Bob Buchfink")
    await carla.locator("#minutes").fill("bald")
    await carla.locator("#note").fill("Ein Notfall. Bitte bleiben Sie dran.")
    await carla.get_by_role("button", name="Mitteilen").click()
    await expect(carla.get_by_role("alert")).to_contain_text("0 bis 240 Minuten")
    await expect(carla.locator("#note")).to_have_value("Ein Notfall. Bitte bleiben Sie dran.")
    await looked_at(carla, "late")
    await carla.locator("#minutes").fill("20")
    await carla.get_by_role("button", name="Mitteilen").click()
    await expect(carla.locator("main")).to_contain_text("Dr. med. Bob Buchfink: etwa 20 Minuten später. Ein Notfall.")
    await looked_at(carla, "practice-late")
    await expect(state).to_contain_text("Es wird etwa 20 Minuten später als geplant. Die Praxis schreibt: Ein Notfall.")
    await looked_at(berta, "lobby")

    bob = await on_call(visitor, first)
    await bob.locator("[data-act=admit]").click()
    await expect(state).to_contain_text("spricht noch mit jemand anderem. Danach sind Sie dran.")
    assert "Ährenfeld" not in await berta.content()

    mine = await guest(await visitor(), second)
    await expect(mine.locator("main")).to_contain_text("Es wird etwa 20 Minuten später als geplant.")


async def test_a_call_reaches_who_looks_elsewhere(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    context = await visitor()
    await context.add_init_script(_ELSEWHERE)
    alice = await guest(context, made)
    await alice.goto("/appointment/room")
    await alice.locator("#join:enabled").click()
    await alice.get_by_role("button", name="Bescheid sagen, wenn ich dran bin").click()
    await expect(alice.locator("#told-me")).to_have_text("Gut. Sie sehen eine Nachricht, wenn Sie dran sind.")
    await alice.evaluate("window.hidden = true")
    bob = await on_call(visitor, made)
    await expect(alice.locator("#waiting-state")).to_contain_text("ist da und ruft Sie auf.")
    await bob.locator("[data-act=admit]").click()
    await expect(alice).to_have_title("● Sie sind dran")
    assert await alice.evaluate("window.told") == [
        "Sie sind dran: Sie sind hereingerufen. Bitte kommen Sie zurück zur Seite."
    ]
    assert await alice.evaluate("!document.querySelector('#player').paused || document.querySelector('#player').ended")
    await alice.evaluate("window.hidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    await expect(alice).not_to_have_title("● Sie sind dran")
