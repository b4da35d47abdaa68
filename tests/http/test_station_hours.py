"""The page on which a pharmacy says when people who booked from home may come."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import asyncpg
import pytest

from telemed.db import Database
from telemed.identity.tokens import Keys
from telemed.wording import HERE
from tests import booking, logins, people
from tests.http.conftest import NINE
from tests.people import CALLERS, GERSWALDE, STATION
from tests.refusals import Client, refusing_page

PAGE = "/station/hours"
WEEK = {f"day{day}": "" for day in range(1, 8)}


@pytest.fixture
def petra(keys: Keys) -> dict[str, str]:
    return logins.cookie(keys, CALLERS["petra"])


async def rows(owner: asyncpg.Connection) -> list[tuple[object, ...]]:
    found = await owner.fetch("SELECT weekday, since::text, until::text FROM site_hours ORDER BY weekday, since")
    return [tuple(row) for row in found]


async def test_hours_as_they_stand_on_the_door(api: Client, petra: dict[str, str], owner: asyncpg.Connection) -> None:
    empty = await (await api.get(PAGE, headers=petra)).text()
    assert "Noch sind keine Zeiten eingetragen" in empty
    typed = WEEK | {"day1": "8-13, 14.30 bis 18 Uhr", "day2": "08:00–13:00 und 14:30–18:00", "day6": "9 – 12"}
    saved = await api.post(PAGE, data=typed, headers=petra, allow_redirects=False)
    assert (saved.status, saved.headers["Location"]) == (303, f"{PAGE}?done=changed")
    long = [("08:00:00", "13:00:00"), ("14:30:00", "18:00:00")]
    assert await rows(owner) == [(day, *span) for day in (1, 2) for span in long] + [(6, "09:00:00", "12:00:00")]
    page = await (await api.get(f"{PAGE}?done=changed", headers=petra)).text()
    assert page.count('value="08:00–13:00, 14:30–18:00"') == 2 and "Gespeichert" in page
    assert "Noch sind keine Zeiten" not in page and " checked" not in page
    await api.post(PAGE, data=typed | {"on_holidays": "yes"}, headers=petra)
    assert await owner.fetchval("SELECT on_holidays FROM site WHERE id = $1", GERSWALDE)
    assert await owner.fetchval("SELECT count(*) FROM audit WHERE detail = 'station hours'") == 2


@pytest.mark.parametrize("wrong", ["nie", "8", "8-", "8-9-10", "18-8", "8-12, 11-13", "25-26", "8-9," * 5, "\u202e8-9"])
async def test_what_cannot_be_read_is_kept_and_marked(
    api: Client, petra: dict[str, str], owner: asyncpg.Connection, wrong: str
) -> None:
    answer = await api.post(PAGE, data=WEEK | {"day3": wrong, "day4": "8-12"}, headers=petra)
    text = await answer.text()
    assert answer.status == 422 and 'href="#day3"' in text and 'id="day3-error"' in text
    assert f'value="{wrong}"' in unescape(text) and 'value="8-12"' in text
    assert await rows(owner) == []


async def test_days_off(api: Client, keys: Keys, petra: dict[str, str], owner: asyncpg.Connection) -> None:
    far = date.today() + timedelta(days=40)  # noqa: DTZ011  any day to come
    typed = {"first": f"{far:%d.%m.%Y}", "last": f"{far + timedelta(days=7):%d.%m.%Y}"}
    assert (await api.post(f"{PAGE}/closures", data=typed, headers=petra)).status == 200
    page = await (await api.get(PAGE, headers=petra)).text()
    removal = re.search(rf'action="({PAGE}/closures/[\w-]+/removal)"', page)
    assert removal is not None and f"{far.day}.{far.month}.{far.year}" in page
    for who in ("paul", "bob"):
        other = await api.post(removal[1], headers=logins.cookie(keys, CALLERS[who]), allow_redirects=False)
        assert await refusing_page(other) == (404 if who == "paul" else 403)
    assert (await api.post(removal[1], headers=petra)).status == 200
    assert await owner.fetchval("SELECT count(*) FROM closure") == 0
    for wrong in ({"first": "bald"}, {"first": "1.1.2020"}, {"first": typed["last"], "last": typed["first"]}):
        assert (await api.post(f"{PAGE}/closures", data=wrong, headers=petra)).status == 422
    assert await owner.fetchval("SELECT count(*) FROM closure") == 0


@pytest.mark.rule("P-05")
async def test_who_is_outside_is_told_by_time_and_practice(api: Client, cast: Database, petra: dict[str, str]) -> None:
    await booking.book(cast, NINE, mode="assisted", station=STATION)
    assert "wäre niemand hier" not in await (await api.get(PAGE, headers=petra)).text()
    closed = (NINE.astimezone(HERE).isoweekday()) % 7 + 1  # open on the day after only
    await api.post(PAGE, data=WEEK | {f"day{closed}": "8-18"}, headers=petra)
    page = await (await api.get(PAGE, headers=petra)).text()
    assert "Zu 1 gebuchten Zeit wäre niemand hier." in page and f"{NINE.astimezone(HERE):%H:%M} Uhr" in page
    assert "Praxis am Uckersee, Prenzlau" in page and "Alice" not in page


async def test_the_times_that_patients_see(api: Client, petra: dict[str, str]) -> None:
    """Closed on that day of the week: neither the search nor the doctor's page offers a start at this station."""
    closed = (NINE.astimezone(HERE).isoweekday()) % 7 + 1
    await api.post(PAGE, data=WEEK | {f"day{closed}": "0:30-0:45"}, headers=petra)
    page = await (await api.get(f"/practitioners/{people.DR_BOB}?mode=assisted&station={STATION}")).text()
    assert 'name="start"' not in page and "nie gleichzeitig frei" in page
    results = await (await api.get(f"/search?where=Gerswalde&mode=assisted&station={STATION}")).text()
    assert 'class="slots"' not in results
