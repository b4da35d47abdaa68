"""The calendar of a practice with many doctors: nothing too narrow to be read, and no page that scrolls sideways."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

import pytest
from playwright.async_api import Page, expect

from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.scheduling.types import Booking, Patient
from telemed.wording import HERE
from tests import booking, people
from tests.browser.checks import accessible, tab_to
from tests.browser.consulting import Visitor, looked_at, staff

pytestmark = pytest.mark.browser

NAMES: Final = ("Egon Elch", "Franziska von der Feldmark-Habichtswald", "Gustav Gimpel", "Hanna Hirsch", "Ida Igel",
                "Jan Jaguar")  # fmt: skip
READABLE: Final = 130  # px; a name and a time in a line


def monday() -> datetime:
    """Eight o'clock on the Monday after next: nothing of it is over at any hour of any day."""
    today = datetime.now(HERE).date()
    return datetime.combine(today + timedelta(days=14 - today.weekday()), time(8), HERE)


async def practice(db: Database, doctors: int) -> list[Booking]:
    """So many doctors at Carla's practice, each with mornings on five days and a few patients of every kind."""
    start = monday()
    async with db.transaction(SYSTEM) as tx:
        for number in range(doctors - 2):
            await tx.connection.execute(
                "INSERT INTO practitioner (id, site, name, specialty) VALUES ($1, $2, $3, 'general')",
                people.fixed(200 + number), people.PRENZLAU, NAMES[number],
            )  # fmt: skip
            await tx.connection.execute(
                "INSERT INTO service (id, practitioner, name_de, name_en, duration, grid, modes)"
                " VALUES ($1, $2, 'Sprechstunde', 'Talk', '15 min', '15 min', '{video,assisted,in_person}')",
                people.fixed(300 + number), people.fixed(200 + number),
            )  # fmt: skip
        await tx.connection.execute("DELETE FROM opening")
    made = []
    for number in range(doctors - 2):
        for day in range(5):
            at = start + timedelta(days=day, minutes=15 * ((number + day) % 3))
            await people.open_hours(db, people.fixed(200 + number), start + timedelta(days=day), 4)
            for nth, how in enumerate(({}, {"mode": "assisted", "station": people.STATION}, {"mode": "in_person"})):
                if how.get("station") and number:
                    continue
                who = booking.patient(f"{NAMES[number].split()[0]}s {('Erste', 'Zweite', 'Dritte')[nth]} {day}")
                when = at + timedelta(minutes=45 * nth)
                made.append(
                    await booking.book(
                        db, when, who, people.CALLERS["carla"], service=people.fixed(300 + number), **how
                    )
                )
    return made


async def widths(page: Page, what: str) -> list[float]:
    found: list[float] = await page.locator(what).evaluate_all("all => all.map(it => it.getBoundingClientRect().width)")
    return found


async def overflow(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))


async def readable(page: Page, name: str) -> None:
    assert await overflow(page) == 0, name
    assert min(await widths(page, ".roster td, .column")) >= READABLE, name


@pytest.mark.rule("A-02")
async def test_the_week_of_six_doctors(cast: Database, visitor: Visitor) -> None:
    made = await practice(cast, 6)
    page = await staff(await visitor(), "carla")
    await page.goto(f"/practice/calendar?view=week&day={monday().date()}&who=all")
    rows = page.locator(".roster tbody tr")
    await expect(rows).to_have_count(6)
    await expect(rows.locator("td")).to_have_count(30)  # Monday to Friday: nobody is there at the weekend
    await expect(page.locator(".roster .entry")).to_have_count(len(made))
    elch = rows.filter(has_text="Egon Elch")
    first = elch.locator("td").first
    await expect(first).to_contain_text("08:00 Egons Erste 0")
    for words in ("Video", "Video, in Begleitung", "in der Praxis"):
        await expect(first.locator(".way", has_text=words).last).to_be_visible()
    await expect(first.locator(".free a").last).to_contain_text("–12:00 frei")
    await looked_at(page, "calendar-roster", readable)
    await accessible(page)
    await page.goto(f"/practice/calendar?view=day&day={monday().date()}&who=all")
    await looked_at(page, "calendar-day-of-six", readable)


@pytest.mark.rule("A-02")
async def test_the_day_of_eight_scrolls_in_its_frame(cast: Database, visitor: Visitor) -> None:
    """The page itself stays where it is; the hours stay in sight; the last doctor is reached by keyboard."""
    await practice(cast, 8)
    page = await staff(await visitor(), "carla")
    await page.goto(f"/practice/calendar?view=day&day={monday().date()}&who=all")
    frame = page.locator(".calendar")
    assert await overflow(page) == 0
    assert await frame.evaluate("it => it.scrollWidth > it.clientWidth")
    assert min(await widths(page, ".column")) >= READABLE
    await accessible(page)
    left = (await page.locator(".hours").bounding_box() or {})["x"]
    last = page.locator(".column").last.locator("a").last
    await tab_to(page, f"#{await last.get_attribute('id')}", most=150)
    assert await frame.evaluate("it => it.scrollLeft") > 0 and await overflow(page) == 0
    assert (await page.locator(".hours").bounding_box() or {})["x"] == left
    await looked_at(page, "calendar-day-of-eight")


@pytest.mark.rule("A-02")
async def test_by_keyboard_and_live(cast: Database, visitor: Visitor) -> None:
    """From a week of everybody to one doctor's grid and to an appointment; a new booking comes in by itself."""
    made = await practice(cast, 6)
    page = await staff(await visitor(), "carla")
    week = f"/practice/calendar?view=week&day={monday().date()}&who=all"
    await page.goto(week)
    await tab_to(page, f"#week-{people.fixed(203)}", most=250)
    kept = await page.evaluate("document.activeElement.id")
    soon = monday() + timedelta(days=2, hours=3)
    await booking.book(cast, soon, Patient("Neue Nachtigall", booking.ALICE.birth_date), service=people.fixed(303))
    row = page.locator(".roster tr").filter(has_text="Hanna Hirsch")
    await expect(row.locator("td").nth(2)).to_contain_text("11:00 Neue Nachtigall")
    assert await page.evaluate("document.activeElement.id") == kept
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**who={people.fixed(203)}")
    await expect(page.locator(".calendar .entry").first).to_contain_text("Hanna")
    await page.goto(week)
    await tab_to(page, f"#open-{made[-1].id}", most=250)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practice/appointments/*")
    await page.goto(week)
    await tab_to(page, ".roster .free a", most=60)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practice/book?*")


async def test_without_scripts_and_in_english(cast: Database, visitor: Visitor) -> None:
    await practice(cast, 4)
    page = await staff(await visitor("en", javascript=False, width=360), "carla")
    await page.goto(f"/practice/calendar?view=week&day={monday().date()}&who=all")
    await expect(page.locator(".roster tbody tr")).to_have_count(4)
    words = set((await page.locator("#live").inner_text()).split())
    assert not {"frei", "Woche", "Montag,", "geschlossen", "Praxis"} & words


async def test_three_doctors_share_the_grid(cast: Database, visitor: Visitor) -> None:
    await practice(cast, 3)
    page = await staff(await visitor(), "carla")
    await page.goto(f"/practice/calendar?view=week&day={monday().date()}&who=all")
    await expect(page.locator(".calendar .column")).to_have_count(5)
    await expect(page.locator(".roster")).to_have_count(0)
    await looked_at(page, "calendar-week-of-three")
