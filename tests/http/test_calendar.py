"""The practice's calendar, booking for a caller, moving, outcomes and follow-ups over HTTP."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from html import unescape

import pytest
from aiohttp import ClientResponse

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.identity.tokens import Keys
from telemed.scheduling import changes
from telemed.scheduling.types import Patient
from telemed.wording import HERE
from tests import booking, logins, people
from tests.http.conftest import NINE
from tests.people import DR_BOB, TALK
from tests.refusals import Client

CARLA = people.CALLERS["carla"]
DIETER = {"name": "Dieter Dorn", "birth_date": "3.2.1960", "phone": "0170 5550123", "choice": f"{TALK}.video"}
KEY = "0123456789abcdef"

Ask = Callable[..., Awaitable[tuple[ClientResponse, str]]]


@pytest.fixture
def ask(api: Client, keys: Keys) -> Ask:
    """`await ask("carla", path)` reads a page as she sees it; with `data` it sends a form."""

    async def answer(who: str, path: str, data: dict[str, str] | None = None) -> tuple[ClientResponse, str]:
        headers = {"Accept-Language": "de"} | logins.cookie(keys, people.CALLERS[who])
        method = "GET" if data is None else "POST"
        found = await api.request(method, path, data=data, headers=headers, allow_redirects=False)
        text = " ".join(unescape(re.sub(r"<[^>]+>", " ", await found.text())).split())
        return found, text.replace(" –", "–").replace("– ", "–")

    return answer


def z(start: datetime) -> str:
    return f"{start:%Y-%m-%dT%H:%M:%SZ}"


async def test_the_calendar_is_the_practices_own(ask: Ask, cast: Database) -> None:
    await booking.book(cast, NINE, caller=CARLA)
    for view in ("day", "week", "list", "nonsense"):
        page, text = await ask("carla", f"/practice/calendar?view={view}&day={NINE.date()}&who=all")
        assert page.status == 200 and "Alice Ährenfeld" in text, view
        page, text = await ask("charlie", f"/practice/calendar?view={view}&day={NINE.date()}&who=all")
        assert page.status == 200 and "Alice" not in text
    page, _text = await ask("petra", "/practice/calendar")
    assert (page.status, page.headers["Location"]) == (303, "/station")
    for odd in ("day=2026-02-30", "day=0001-01-01", "day=9999-12-31", "who=x", "view="):
        assert (await ask("carla", f"/practice/calendar?{odd}"))[0].status == 200, odd


async def test_a_night_in_october(ask: Ask, cast: Database) -> None:
    """The doubled hour has its name, and both its times are there."""
    start = datetime.fromisoformat("2026-10-25T00:00:00+00:00")  # 02:00 summer time
    with clock.shifted(start - timedelta(days=1) - clock.now()):
        await people.open_hours(cast, DR_BOB, start, 2)
        await booking.book(cast, start + timedelta(minutes=30), caller=CARLA)
        await booking.book(cast, start + timedelta(minutes=90), booking.patient("Emil"), CARLA)
        _page, text = await ask("carla", "/practice/calendar?view=day&day=2026-10-25&who=all")
    assert "02:00 Winterzeit" in text
    assert "02:30 Sommerzeit–02:45 Alice Ährenfeld" in text and "02:30 Winterzeit–02:45 Emil Probe" in text


@pytest.mark.rule("B-11")
async def test_people_are_found_by_ear_and_only_here(ask: Ask, cast: Database) -> None:
    await booking.book(cast, NINE, caller=CARLA)
    for typed in (
        {"name": "aehren"},
        {"name": "ALICE ahr"},
        {"birth_date": "17.5.1948"},
        {"name": "ähr", "birth_date": "17051948"},
    ):
        _page, text = await ask("carla", "/practice/book", {"do": "find", **typed})
        assert "Alice Ährenfeld , 17.5.1948" in text, typed
    for typed in ({"name": "ahr", "birth_date": "18.5.1948"}, {"name": "%"}, {"name": "enfeld"}):
        assert "Alice" not in (await ask("carla", "/practice/book", {"do": "find", **typed}))[1], typed
    assert "Alice" not in (await ask("charlie", "/practice/book", {"do": "find", "name": "Ähr"}))[1]


async def test_a_person_of_another_practice_cannot_be_taken_over(ask: Ask, cast: Database) -> None:
    made = await booking.book(cast, NINE, caller=CARLA)
    assert (await ask("charlie", "/practice/book", {"person": str(made.id)}))[0].status == 404
    assert "17.05.1948" in await (await ask("carla", "/practice/book", {"person": str(made.id)}))[0].text()


async def test_a_double_click_books_once(ask: Ask, cast: Database) -> None:
    form = {**DIETER, "key": KEY, "start": z(NINE)}
    first, second = [await ask("carla", "/practice/book", form) for _click in range(2)]
    assert first[0].status == second[0].status == 201
    assert first[1] == second[1] and " wie " in first[1]
    assert await count(cast) == 1


async def test_a_lost_slot_loses_nothing_that_was_typed(ask: Ask, cast: Database) -> None:
    await booking.book(cast, NINE)
    page, text = await ask("carla", "/practice/book", {**DIETER, "key": KEY, "start": z(NINE)})
    html = await page.text()
    assert page.status == 409 and "gerade vergeben" in text
    for value in ("Dieter Dorn", "3.2.1960", "0170 5550123"):
        assert f'value="{value}"' in html
    free = re.findall(r'name="start" value="([^"]+)"', html)
    assert free and z(NINE) not in free
    assert (await ask("carla", "/practice/book", {**DIETER, "key": KEY, "start": free[0]}))[0].status == 201


async def test_every_wrong_field_is_named(ask: Ask, cast: Database) -> None:
    wrong = {"name": "D", "birth_date": "x", "phone": "1", "email": "@"}
    page, text = await ask("carla", "/practice/book", {**DIETER, **wrong, "key": KEY, "start": z(NINE)})
    assert page.status == 422
    for label in ("Name :", "Geburtsdatum :", "Telefon :", "E-Mail :"):
        assert label.replace(" :", ":") in text
    assert await count(cast) == 0


@pytest.mark.rule("B-09")
async def test_the_first_assessment_is_noted_in_the_same_form(ask: Ask, cast: Database) -> None:
    async with cast.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE service SET first_assessment = true WHERE id = $1", TALK)
    form = {**DIETER, "key": KEY, "start": z(NINE)}
    page, text = await ask("carla", "/practice/book", form)
    assert page.status == 422 and "Ist die Person hier bekannt?" in text and await count(cast) == 0
    assert (await ask("carla", "/practice/book", {**form, "known": "in_person"}))[0].status == 422
    assert (await ask("carla", "/practice/book", {**form, "known": "video"}))[0].status == 201


async def test_the_exception_needs_a_reason_and_shows_it(ask: Ask, cast: Database) -> None:
    day = NINE.date() + timedelta(days=1)
    form = {**DIETER, "key": KEY, "do": "over", "over_day": f"{day:%d.%m.%Y}", "over_time": "20:30"}
    page, text = await ask("carla", "/practice/book", form)
    assert page.status == 422 and "Bitte schreiben Sie in 3 bis 200 Zeichen, warum." in text
    for over in ({"over_day": "gestern"}, {"over_time": "25:00"}, {"over_day": "1.1.2020"}):
        assert (await ask("carla", "/practice/book", {**form, "reason": "dringend", **over}))[0].status == 422
    page, text = await ask("carla", "/practice/book", {**form, "reason": "dringend"})
    assert page.status == 201 and "bewusst eingetragen: dringend" in text
    _page, text = await ask("carla", f"/practice/calendar?view=day&day={day}&who=all")
    assert "20:30–20:45" in text and "bewusst eingetragen: dringend" in text


async def test_move_by_a_form(ask: Ask, cast: Database) -> None:
    made = await booking.book(cast, NINE, caller=CARLA)
    rival = await booking.book(cast, NINE + timedelta(minutes=15), booking.patient("Emil"))
    path = f"/practice/appointments/{made.id}/move"
    assert (await ask("charlie", path))[0].status == 404
    html = await (await ask("carla", path))[0].text()
    assert z(NINE + timedelta(minutes=30)) in html and z(rival.start) not in html
    page, text = await ask("carla", path, {"epoch": "1", "start": z(rival.start)})
    assert page.status == 409 and "gerade vergeben" in text
    page, _text = await ask("carla", path, {"epoch": "1", "start": z(NINE + timedelta(minutes=30))})
    assert page.status == 303
    page, _text = await ask("carla", path, {"epoch": "1", "start": z(NINE + timedelta(minutes=45))})
    assert page.status == 412  # somebody moved it meanwhile: looked at again first
    over = {"epoch": "2", "do": "over", "over_day": f"{NINE:%d.%m.%Y}", "over_time": "22:10"}
    assert (await ask("carla", path, over))[0].status == 422
    assert (await ask("carla", path, {**over, "reason": "Bus fährt später"}))[0].status == 303
    it = await changes.read(cast, CARLA, made.id)
    assert it.override_reason == "Bus fährt später"
    assert "bewusst eingetragen: Bus fährt später" in (await ask("carla", f"/practice/appointments/{made.id}"))[1]


async def test_did_not_come_and_back(ask: Ask, cast: Database) -> None:
    made = await booking.book(cast, NINE, caller=CARLA)
    own, path = f"/practice/appointments/{made.id}", f"/practice/appointments/{made.id}/outcome"
    page, text = await ask("carla", path, {"outcome": "noshow"})
    assert page.status == 409 and "noch nicht begonnen" in text
    with clock.shifted(NINE + timedelta(minutes=20) - clock.now()):
        assert (await ask("charlie", path, {"outcome": "noshow"}))[0].status == 404
        assert (await ask("carla", path, {"outcome": "late"}))[0].status == 400
        assert (await ask("carla", path, {"outcome": "noshow", "epoch": "1"}))[0].status == 303
        assert "nicht gekommen" in (await ask("carla", own))[1]
        assert (await ask("carla", path, {"outcome": "undo", "epoch": "2"}))[0].status == 303
        assert "nicht gekommen" not in (await ask("carla", own))[1]


@pytest.mark.rule("B-10")
async def test_follow_up(ask: Ask, cast: Database) -> None:
    made = await booking.book(cast, NINE, Patient("Dieter Dorn", date(1960, 2, 3)), CARLA)
    async with cast.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE service SET modes = '{video,in_person}' WHERE id = $1", TALK)
    path = f"/practice/appointments/{made.id}/follow-up"
    assert (await ask("charlie", path))[0].status == 404
    page, text = await ask("bob", path)
    assert "in der Praxis" in text and z(NINE + timedelta(minutes=15)) in await page.text()
    form = {"key": KEY, "choice": f"{TALK}.in_person", "start": z(NINE + timedelta(minutes=15))}
    first, second = [await ask("bob", path, form) for _click in range(2)]
    assert first[0].status == second[0].status == 201 and first[1] == second[1]
    assert "Dieter Dorn" in first[1] and await count(cast) == 2
    assert (await ask("bob", path, {**form, "key": KEY[::-1]}))[0].status == 409


async def test_shortly_before_midnight(ask: Ask, cast: Database) -> None:
    """Who comes in a few minutes stands on the list although it is tomorrow."""
    midnight = datetime.combine(NINE.astimezone(HERE).date() + timedelta(days=1), time(), HERE)
    await people.open_hours(cast, DR_BOB, midnight, 1)
    await booking.book(cast, midnight + timedelta(minutes=15), caller=CARLA)
    with clock.shifted(midnight - timedelta(minutes=20) - clock.now()):
        assert "Alice Ährenfeld" in (await ask("carla", "/practice"))[1]
    with clock.shifted(midnight - timedelta(hours=2) - clock.now()):
        assert "Alice Ährenfeld" not in (await ask("carla", "/practice"))[1]


async def test_head_is_get_without_the_body(api: Client, ask: Ask) -> None:
    for path in ("/", "/login", "/health/live", "/openapi.json", "/practice/calendar"):
        get, head = await api.get(path, allow_redirects=False), await api.head(path, allow_redirects=False)
        assert (head.status, await head.read()) == (get.status, b""), path
    assert (await api.head("/practice/events")).status == 405


async def count(db: Database) -> int:
    async with db.transaction(SYSTEM) as tx:
        return int(await tx.connection.fetchval("SELECT count(*) FROM appointment WHERE status = 'booked'"))
