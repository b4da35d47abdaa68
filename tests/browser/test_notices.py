"""The practice's messages and the patient's calendar file, in a real browser."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest
from playwright.async_api import expect

from telemed.db import Database
from telemed.scheduling import changes
from telemed.scheduling.types import Patient
from tests import booking, people
from tests.browser.checks import accessible, tab_to
from tests.browser.consulting import Visitor, booked, guest, looked_at, staff

pytestmark = pytest.mark.browser


@pytest.mark.rule("A-02")
async def test_call_and_send_again(cast: Database, owner: asyncpg.Connection, visitor: Visitor) -> None:
    """Whom to call and what to say, what did not arrive, and both off the list."""
    start = people.soon()
    to_call = await booking.book(
        cast, start, Patient("Rosa Rohrdommel", booking.ALICE.birth_date, phone="+493984123456")
    )
    await booking.book(
        cast,
        start + timedelta(minutes=15),
        Patient("Emil Eisvogel", booking.ALICE.birth_date, email="emil@exmaple.org"),
    )
    await changes.cancel(cast, people.CALLERS["carla"], to_call.id, message="Der Strom ist weg.")
    await owner.execute("UPDATE notice SET status = 'dead', last_error = 'smtp 550' WHERE channel = 'email'")
    page = await staff(await visitor(), "carla")
    await page.get_by_role("link", name="Nachrichten", exact=True).click()
    rosa = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Rosa Rohrdommel"))
    await expect(rosa).to_contain_text("Es tut uns leid: Die Praxis muss Ihren Termin am")
    await expect(rosa).to_contain_text("Der Strom ist weg.")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await looked_at(page, "notices")
    await rosa.get_by_role("button", name="Der Patient weiß Bescheid").click()
    await expect(page.get_by_text("Niemand muss angerufen werden.")).to_be_visible()
    await page.get_by_role("button", name="Noch einmal schicken").click()
    await expect(page.get_by_text("Die Nachricht wird noch einmal geschickt.")).to_be_visible()
    await expect(page.get_by_text("Alle Nachrichten sind hinausgegangen.")).to_be_visible()
    await looked_at(page, "notices-done")


@pytest.mark.rule("A-02")
async def test_a_wrong_address_by_keyboard(cast: Database, owner: asyncpg.Connection, visitor: Visitor) -> None:
    await booking.book(
        cast, people.soon(), Patient("Emil Eisvogel", booking.ALICE.birth_date, "emil@exmaple.org", "+493984123456")
    )
    await owner.execute("UPDATE notice SET status = 'dead', last_error = 'smtp 550' WHERE kind = 'booked'")
    page = await staff(await visitor(), "carla")
    await page.goto("/practice/notices")
    await looked_at(page, "notices-dead")
    await tab_to(page, "a[href$='/correction']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/correction")
    await tab_to(page, "#email")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("emil@")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text(
        "Das sieht nicht wie eine E-Mail-Adresse aus. Bitte prüfen Sie sie."
    )
    await expect(page.locator("#phone")).to_have_value("+493984123456")
    await accessible(page, where="notice-correct")
    await looked_at(page, "notice-correct")
    await tab_to(page, "#email")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("emil@example.org")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Berichtigt. Die Nachricht wird noch einmal geschickt.")
    assert await owner.fetchval("SELECT email FROM appointment") == "emil@example.org"


@pytest.mark.rule("A-02")
async def test_who_has_to_be_called(cast: Database, owner: asyncpg.Connection, visitor: Visitor) -> None:
    """A landline: said before, listed after, ticked off; on the appointment's page and on that of changed hours."""
    born = booking.ALICE.birth_date
    rosa = Patient("Rosa Rohrdommel", born, phone="+493984123456")
    first = await booking.book(cast, people.soon(), rosa)
    page = await staff(await visitor(), "carla")
    await page.goto(f"/practice/appointments/{first.id}")
    await page.locator("details.card summary").click()
    await expect(page.locator("details.card")).to_contain_text("Dieser Patient bekommt keine Nachricht.")
    await looked_at(page, "appointment-cancel")
    await page.locator("#message").fill("Der Strom ist weg.")
    await page.get_by_role("button", name="Endgültig absagen").click()
    await expect(page.get_by_role("heading", name="Der Patient weiß noch nicht Bescheid")).to_be_visible()
    await accessible(page, where="appointment-call")
    await looked_at(page, "appointment-call")
    await page.get_by_role("button", name="Der Patient weiß Bescheid").click()
    await expect(page.get_by_role("status")).to_contain_text("Erledigt")
    await expect(page.get_by_role("heading", name="Der Patient weiß noch nicht Bescheid")).to_be_hidden()

    await booking.book(cast, people.soon(), rosa)
    await owner.execute("DELETE FROM opening")
    await page.goto("/practice/hours/outside")
    await page.locator("section details summary").click()
    await accessible(page, where="outside-call")
    await looked_at(page, "outside-before")
    await page.get_by_role("button", name="Endgültig absagen").click()
    await expect(page.get_by_role("status")).to_contain_text("Der Termin von Rosa Rohrdommel ist abgesagt.")
    await accessible(page, where="outside-called")
    await looked_at(page, "outside-after")
    await page.get_by_role("button", name="Der Patient weiß Bescheid").click()
    await expect(page.get_by_role("heading", name="Bitte anrufen")).to_be_hidden()


async def test_corrected_without_javascript_in_english(
    cast: Database, owner: asyncpg.Connection, visitor: Visitor
) -> None:
    await booking.book(cast, people.soon(), Patient("Emil Eisvogel", booking.ALICE.birth_date, "emil@exmaple.org"))
    await owner.execute("UPDATE notice SET status = 'dead', last_error = 'smtp 550' WHERE kind = 'booked'")
    page = await staff(await visitor(javascript=False, locale="en", width=360, height=740), "carla")
    await page.goto("/practice/notices?lang=en")
    await page.get_by_role("link", name="Correct the address").click()
    await page.locator("#email").fill("emil@example.org")
    await page.get_by_role("button", name="Correct and send again").click()
    await expect(page.get_by_role("status")).to_have_text("Corrected. The message is being sent again.")


async def test_into_my_calendar(cast: Database, visitor: Visitor) -> None:
    page = await guest(await visitor(), await booked(cast))
    async with page.expect_download() as started:
        await page.get_by_role("link", name="In meinen Kalender").click()
    assert (await started.value).suggested_filename == "appointment.ics"
