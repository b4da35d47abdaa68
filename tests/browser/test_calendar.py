"""The practice's calendar in a real browser: what it shows, live, by keyboard, on a phone, without scripts."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from playwright.async_api import expect

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.scheduling import changes, overrides
from telemed.scheduling.hours import closures
from telemed.scheduling.types import Patient
from telemed.wording import HERE
from tests import booking, people
from tests.browser.checks import accessible, tab_to
from tests.browser.consulting import Visitor, booked, looked_at, staff, waiting

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("early")]
DIETER = Patient("Dieter Dorn", date(1960, 2, 3))


def at(hour: int, minute: int = 0, days: int = 1) -> datetime:
    """So late at the practice, tomorrow."""
    day = clock.now().astimezone(HERE).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=HERE)


async def fill(db: Database) -> None:
    """Tomorrow: two of Bob's, one of Dora's, a hold of a stranger's, and Dora's time off."""
    carla = people.CALLERS["carla"]
    await booking.book(db, at(8), caller=carla)
    gone = await booking.book(db, at(9), Patient("Gudrun Gans", date(1950, 1, 1)), carla)
    await changes.cancel(db, carla, gone.id)
    await booking.book(db, at(8, 30), DIETER, carla)
    await booking.hold(db, at(9, 15))
    async with db.transaction(carla) as tx:
        await tx.connection.execute(
            "UPDATE service SET buffer_after = '10 min' WHERE practitioner = $1", people.DR_DORA
        )
        day = at(12).date()
        off = closures.ClosureWish(
            first=day, last=day, since=time(12, 30), until=time(13), practitioner=people.DR_DORA, note="Hausbesuch"
        )
        await closures.add(tx, carla, off)
    await booking.book(db, at(11), Patient("Emil Elster", date(1971, 3, 4)), carla, service=people.TALK_DORA)
    await booking.book(db, at(11, 45), Patient("Frieda Falk", date(1966, 5, 6)), carla, service=people.TALK_DORA)


@pytest.mark.rule("A-02")
async def test_what_it_shows(cast: Database, visitor: Visitor) -> None:
    await fill(cast)
    page = await staff(await visitor(), "carla")
    day = at(8).date()
    await page.goto(f"/practice/calendar?view=day&day={day}&who=all")
    bob = page.locator(".column", has_text="Dr. med. Bob Buchfink")
    await expect(bob.locator(".entry")).to_contain_text(["Alice Ährenfeld", "Dieter Dorn", "wird gerade gebucht"])
    await expect(bob).not_to_contain_text("Gudrun Gans")
    dora = page.locator(".column", has_text="Dr. med. Dora Distel")
    await expect(dora.locator(".closure")).to_have_text("12:30–13:00 geschlossen – Hausbesuch")
    await expect(dora.locator(".free").first).to_contain_text("11:25–11:45 frei")
    await looked_at(page, "calendar-day")
    for view in ("week", "list"):
        await page.goto(f"/practice/calendar?view={view}&day={day}&who=all")
        await expect(page.locator("#live")).to_contain_text("Emil Elster")
        await looked_at(page, f"calendar-{view}")
    await page.goto(f"/practice/calendar?view=week&day={day}&who={people.DR_BOB}")
    await expect(page.locator("#live")).not_to_contain_text("Emil Elster")
    await looked_at(page, "calendar-week-bob")


async def test_live_in_two_windows(cast: Database, visitor: Visitor) -> None:
    """A booking, an arrival, a move and a cancellation appear without reload; focus and scrolling stay."""
    soon = people.soon()
    day = soon.astimezone(HERE).date()
    windows = [await staff(await visitor(height=400), login) for login in ("carla", "bob")]
    for page in windows:
        await page.goto(f"/practice/calendar?view=day&day={day}&who=all")
        await page.evaluate("window.same = true")
    calm = windows[0]
    focused = calm.locator(".free a").last
    await focused.focus()
    await calm.evaluate("scrollTo(0, 300)")
    kept = await calm.evaluate("[document.activeElement.id.slice(0, 4), scrollY]")

    made = await booked(cast)
    for page in windows:
        await expect(page.locator("#live .entry")).to_contain_text("Alice Ährenfeld")
    await waiting(visitor, made)
    for page in windows:
        await expect(page.locator("#live .entry .chip")).to_contain_text("wartet seit")
        await expect(page.locator("#said")).to_have_text("Alice Ährenfeld wartet.")
    moved = await changes.move(cast, people.CALLERS["carla"], made.id, soon + timedelta(minutes=30))
    for page in windows:
        await expect(page.locator(f"#live time[datetime='{moved.start:%Y-%m-%dT%H:%M:%SZ}']").first).to_be_visible()
    await changes.cancel(cast, people.CALLERS["carla"], made.id)
    for page in windows:
        await expect(page.locator("#live .entry")).to_have_count(0)
        assert await page.evaluate("window.same")
    await expect(calm.locator("[id^=free]:focus")).to_have_count(1)
    assert await calm.evaluate("[document.activeElement.id.slice(0, 4), scrollY]") == kept == ["free", 300]


@pytest.mark.rule("A-02")
async def test_by_keyboard_alone(cast: Database, visitor: Visitor) -> None:
    """From the calendar to a free time, a booking there, and an appointment moved by its form."""
    page = await staff(await visitor(), "carla")
    await page.goto(f"/practice/calendar?view=day&day={at(8).date()}&who={people.DR_BOB}")
    await tab_to(page, ".free a")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practice/book?**")
    await expect(page.locator("#name")).to_be_focused()
    await page.keyboard.type("Dieter Dorn")
    await page.keyboard.press("Tab")
    await page.keyboard.type("3.2.1960")
    await page.keyboard.press("Enter")
    await expect(page.locator(".slots button").first).to_be_focused()
    await expect(page.locator(".slots button").first).to_contain_text("06:00")
    await page.keyboard.press("Enter")
    await expect(page.locator(".spelled")).to_be_visible()
    await tab_to(page, "a[href^='/practice/calendar?view=day']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practice/calendar?**")
    await tab_to(page, ".entry a")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practice/appointments/*")
    await tab_to(page, "a[href$='/move']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/move")
    await tab_to(page, ".slots li:nth-child(3) button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Der Termin ist verschoben.")


async def test_without_scripts(cast: Database, visitor: Visitor) -> None:
    await fill(cast)
    page = await staff(await visitor(javascript=False, width=360), "carla")
    await page.goto(f"/practice/calendar?view=week&day={at(8).date()}")
    await page.get_by_role("link", name="Liste", exact=True).click()
    await expect(page.locator("#live table").first).to_contain_text("Dieter Dorn")
    await page.locator("#day").fill(f"{at(8, days=400).date()}")
    await page.get_by_role("button", name="Zeigen").click()
    await expect(page.locator("#live")).to_contain_text("In dieser Woche gibt es keine Termine.")
    await page.locator("main").get_by_role("link", name="Am Telefon buchen").click()
    await page.locator("#name").fill("Gudrun Gans")
    await page.locator("#birth_date").fill("1.1.1950")
    await page.locator("#choice").select_option(f"{people.TALK_DORA}.video")
    await page.locator("#day").fill(f"{at(8, days=2).date()}")
    await page.get_by_role("button", name="Freie Zeiten zeigen").click()
    await expect(page.locator("#name")).to_have_value("Gudrun Gans")
    await page.locator(".slots button").first.click()
    await expect(page.locator(".spelled")).to_contain_text(" wie ")


@pytest.mark.rule("A-02")
async def test_the_pages_around_an_appointment(cast: Database, visitor: Visitor) -> None:
    """Exception, move, follow-up, did not come: each page in German and English."""
    async with cast.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE service SET modes = '{video,in_person}' WHERE id = $1", people.TALK)
    carla = people.CALLERS["carla"]
    it = await booking.book(cast, at(8), DIETER, carla)
    beside = await overrides.book(
        cast, booking.CODES, carla, booking.wish(at(8, 5), booking.ALICE), "kommt mit dem Bus"
    )
    page = await staff(await visitor(), "carla")
    await page.goto(f"/practice/calendar?view=day&day={at(8).date()}&who={people.DR_BOB}")
    await expect(page.locator(".entry.over")).to_contain_text("bewusst eingetragen: kommt mit dem Bus")
    await looked_at(page, "calendar-beside")
    await page.goto(f"/practice/appointments/{beside.id}")
    await looked_at(page, "appointment-over")
    for name in ("move", "follow-up"):
        await page.goto(f"/practice/appointments/{it.id}/{name}")
        await looked_at(page, name)
    await page.locator(".slots button").first.click()
    await expect(page.locator(".spelled")).to_be_visible()
    await page.goto(f"/practice/appointments/{it.id}/move")
    await page.locator("summary").last.click()
    await page.get_by_role("button", name="Trotzdem verschieben").click()
    await expect(page.get_by_role("alert")).to_contain_text("Bitte")
    await looked_at(page, "move-wrong")
    async with cast.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE service SET first_assessment = true WHERE id = $1", people.TALK)
    await page.goto(f"/practice/book?choice={people.TALK}.video")
    await expect(page.locator("#known")).to_contain_text("Neu, gerade besprochen: per Video")
    await looked_at(page, "phone-known")


async def test_in_english(cast: Database, visitor: Visitor) -> None:
    it = await booking.book(cast, at(8), DIETER, people.CALLERS["carla"])
    page = await staff(await visitor(), "carla")
    here = f"/practice/appointments/{it.id}"
    for path in ("/practice/calendar?view=week", "/practice/book", f"{here}/move", f"{here}/follow-up"):
        await page.goto(f"{path}{'&' if '?' in path else '?'}lang=en")
        words = set((await page.locator("main").inner_text()).split())
        assert not {"Kalender", "Woche", "frei", "Termin", "Ausnahme:", "Folgetermin", "Uhr"} & words, path
    await page.goto("/practice/calendar?view=week")
    await accessible(page, where="the week in English")


async def test_a_click_into_free_time(cast: Database, visitor: Visitor) -> None:
    """Books at the quarter of an hour that was hit; another service shows its times at once."""
    page = await staff(await visitor(), "carla")
    await page.goto(f"/practice/calendar?view=day&day={at(8).date()}&who=all")
    free = page.locator(".column", has_text="Dr. med. Dora Distel").locator(".free a")
    await expect(free).to_be_visible()
    box = await free.bounding_box()
    assert box is not None
    await free.click(position={"x": 20, "y": box["height"] * 0.7})  # from 11 to 13 o'clock: 12:24
    await expect(page.locator(".slots button").first).to_contain_text("12:15")
    await expect(page.locator("#times")).to_contain_text("Freie Zeiten bei Dr. med. Dora Distel")
    await page.locator("#choice").select_option(f"{people.TALK}.video")
    await expect(page.locator("#times")).to_contain_text("Freie Zeiten bei Dr. med. Bob Buchfink")
