"""A station looks at itself each morning, site and doctors see a light, and a month is counts without persons."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from telemed import clock
from telemed.audit import retention
from telemed.db import Database
from telemed.identity.sessions import STATION
from telemed.identity.tokens import Keys
from telemed.settings import Settings
from telemed.stations import pairing
from tests import logins, people
from tests.booking import book
from tests.http.test_screens import get, post, text
from tests.http.test_walk_in_pages import FORM, ON_CALL
from tests.people import CALLERS, GERSWALDE, SCREEN
from tests.refusals import Client, problem

pytestmark = pytest.mark.usefixtures("early")
CHECKS = "/api/v1/stations/checks"


@pytest.fixture
def petra(keys: Keys) -> str:
    return logins.cookie(keys, CALLERS["petra"])["Cookie"]


@pytest.fixture
def bob(keys: Keys) -> str:
    return logins.cookie(keys, CALLERS["bob"])["Cookie"]


async def look(api: Client, status: int = 204, session: str = "station", **found: str | None) -> None:
    headers = {"Telemed-Session": session, "Cookie": f"{STATION}={logins.badge(SCREEN)}"}
    answer = await api.post(CHECKS, json=found, headers=headers)
    assert answer.status == status, await answer.text()


async def test_a_look_becomes_a_light(
    api: Client, cast: Database, owner: asyncpg.Connection, keys: Keys, petra: str, bob: str
) -> None:
    await people.pair(cast)
    assert "heute nicht geprüft" in await text(await get(api, "/station", petra))
    check = await text(await get(api, "/screen/check", f"{STATION}={logins.badge(SCREEN)}"))
    assert 'data-line="no"' in check
    assert 'id="sound-only"' not in check, "a look at half a station is none"
    start = people.soon()
    await people.open_hours(cast, people.DR_BOB, start, 2)
    made = await book(cast, start, mode="assisted", station=people.STATION)
    await post(api, "/practice/on-call", bob, until="18:00")
    assert (await post(api, "/station/walk-ins", petra, **FORM)).status == 201
    for found, light in (
        ({"camera": "ok", "microphone": "ok", "line": "small"}, "bereit"),
        ({"camera": "ok", "microphone": "ok", "line": None}, "bereit"),
        ({"camera": "weak", "microphone": "ok", "line": "audio"}, "nutzbar, aber schwach"),
        ({"camera": "ok", "microphone": "bad", "line": "full"}, "etwas funktioniert nicht"),
    ):
        await look(api, **found)
        for path, who in (
            ("/station?fragment=1", petra), (ON_CALL, bob), (f"/practice/appointments/{made.id}", bob),
        ):  # fmt: skip
            assert light in await text(await get(api, path, who)), (path, found)
    rows = await owner.fetch("SELECT * FROM station_check")
    assert [tuple(row)[3:] for row in rows] == [("ok", "bad", "ok")], "the last look of the day"
    with clock.shifted(timedelta(days=1)):
        petra = logins.cookie(keys, CALLERS["petra"])["Cookie"]
        assert "heute nicht geprüft" in await text(await get(api, "/station", petra))


async def test_who_may_note_one_and_what(api: Client, cast: Database, keys: Keys) -> None:
    """A paired screen alone, about itself, in three words."""
    await people.pair(cast)
    await look(api, 422, camera="ok", microphone="ok", line="fiber")
    await look(api, 422, camera="ok", microphone="Frau Ährenfeld hustet")
    await look(api, 422, camera="ok", microphone="ok", note="Frau Ährenfeld hustet")
    body = {"camera": "ok", "microphone": "ok"}
    for who in ("petra", "bob"):
        answer = await api.post(CHECKS, json=body, headers=logins.bearer(keys, CALLERS[who]))
        assert await problem(answer) == (403, "forbidden")
    await pairing.unpair(cast, CALLERS["petra"], people.STATION)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with cast.transaction(SCREEN) as tx:
            day = clock.now().date()
            await tx.run(
                "care.note", station=people.STATION, day=day, now=clock.now(), camera="ok", microphone="ok", line=None
            )


async def test_the_month_names_nobody(
    api: Client, cast: Database, owner: asyncpg.Connection, settings: Settings, petra: str, bob: str
) -> None:
    """Four are "fewer than five", five are five; and what was counted stays so when the walk-ins go, two days later."""

    async def walked_in(first: int, last: int) -> None:
        for n in range(first, last):
            await owner.execute(
                "INSERT INTO walk_in (id, station, site, specialty, assisting, language, came, status, practitioner,"
                " changed) VALUES ($1, $2, $3, 'general', true, 'de', $4::timestamptz - interval '12 min', 'accepted',"
                " $5, $4)",
                people.fixed(500 + n), people.STATION, GERSWALDE, clock.now() - timedelta(days=n % 2), people.DR_BOB,
            )  # fmt: skip

    month = "SELECT walk_ins, wait, consultations FROM month_figures(date_trunc('month', $1::timestamptz)::date)"

    async def figures() -> tuple[object, ...]:
        """Of the two months together, because yesterday may have been the one before."""
        async with cast.transaction(CALLERS["petra"]) as tx:
            rows = [await tx.connection.fetchrow(month, clock.now() - timedelta(days=n)) for n in (0, 1)]
        return tuple(next((row for row in rows if row["walk_ins"] is not None), rows[0]))

    await walked_in(0, 4)
    await owner.execute("UPDATE walk_in SET came = $1::timestamptz - interval '12 min', changed = $1", clock.now())
    assert await figures() == (None, None, None)
    page = await text(await get(api, "/station/figures", petra))
    assert page.count("weniger als 5") >= 4 and "zu wenige" in page
    await walked_in(4, 5)
    assert await figures() == (5, timedelta(minutes=12), None)
    assert "12 Minuten" in await text(await get(api, "/station/figures", petra))
    with clock.shifted(timedelta(days=3)):
        assert (await retention.purge(cast, settings))["walk_ins"] == 5
        assert (await retention.purge(cast, settings))["walk_ins"] == 0
    assert await figures() == (5, timedelta(minutes=12), None)
    assert (await get(api, "/station/figures", bob)).status == 403
    async with cast.transaction(CALLERS["bob"]) as tx:
        assert await tx.connection.fetch(month, clock.now()) == []
    async with cast.transaction(CALLERS["paul"]) as tx:
        assert tuple(await tx.connection.fetchrow(month, clock.now())) == (None, None, None)
