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
from tests.browser.consulting import Visitor, booked, guest, looked_at, staff

pytestmark = pytest.mark.browser


@pytest.mark.rule("A-02")
@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 800)])
async def test_call_and_send_again(
    cast: Database, owner: asyncpg.Connection, visitor: Visitor, width: int, height: int
) -> None:
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
    page = await staff(await visitor(width=width, height=height), "carla")
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


async def test_into_my_calendar(cast: Database, visitor: Visitor) -> None:
    page = await guest(await visitor(), await booked(cast))
    async with page.expect_download() as started:
        await page.get_by_role("link", name="In meinen Kalender").click()
    assert (await started.value).suggested_filename == "appointment.ics"
