"""The practice's list of messages: whom to call, what did not arrive; and the appointment as a calendar file."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer
from icalendar import Calendar

from telemed import app
from telemed.db import Database
from telemed.identity.tokens import Keys
from telemed.scheduling import changes
from telemed.scheduling.types import Patient
from telemed.settings import Settings
from tests import people
from tests.booking import ALICE, CODES, book, guest
from tests.logins import cookie

CARLA = people.CALLERS["carla"]
START = people.tomorrow() + timedelta(days=6)


@pytest.fixture
async def open_day(cast: Database) -> Database:
    await people.open_hours(cast, people.DR_BOB, START, 6)
    return cast


async def looked(client: TestClient, keys: Keys, who: str, path: str = "/practice/notices") -> str:
    answer = await client.get(path, headers=cookie(keys, people.CALLERS[who]))
    assert answer.status == 200, await answer.text()
    return await answer.text()


async def pressed(client: TestClient, keys: Keys, who: str, notice: UUID, what: str) -> int:
    answer = await client.post(
        f"/practice/notices/{notice}/{what}", headers=cookie(keys, people.CALLERS[who]), allow_redirects=False
    )
    return answer.status


async def test_whom_to_call(client: TestClient, keys: Keys, open_day: Database, owner: asyncpg.Connection) -> None:
    """Alice has a telephone in the hall and no e-mail: the practice reads what to say, calls, and ticks it off."""
    it = (await book(open_day, START, Patient(ALICE.name, ALICE.birth_date, phone="+493984123456"))).id
    answer = await client.post(
        f"/practice/appointments/{it}/cancellation", headers=cookie(keys, CARLA), allow_redirects=False,
        data={"message": "  Der Strom ist weg.  "},
    )  # fmt: skip
    assert answer.status == 303
    page = await looked(client, keys, "carla")
    for part in ("Alice Ährenfeld", "tel:+493984123456", "Es tut uns leid", "Die Praxis schreibt: Der Strom ist weg."):
        assert part in page
    assert "/practice/notices" in await looked(client, keys, "carla", "/practice")
    assert "Alice" not in await looked(client, keys, "charlie")
    notice = await owner.fetchval("SELECT id FROM notice")
    assert await pressed(client, keys, "charlie", notice, "settlement") == 404
    assert await pressed(client, keys, "carla", notice, "settlement") == 303
    assert "Alice" not in await looked(client, keys, "carla")
    assert await pressed(client, keys, "carla", notice, "settlement") == 303  # the second click
    row = await owner.fetchrow("SELECT status, message FROM notice")
    assert row is not None and tuple(row) == ("done", None)
    assert await owner.fetchval("SELECT count(*) FROM audit WHERE verb = 'notice.resend'") == 1


@pytest.mark.parametrize(
    ("contact", "smtp", "written"),
    [
        ({"email": "alice@example.org"}, True, True), ({"email": "alice@example.org"}, False, False),
        ({"phone": "+4915112345678"}, True, True), ({"phone": "+493984123456"}, True, False), ({}, True, False),
    ],
)  # fmt: skip
async def test_who_is_told_by_whom(
    settings: Settings, keys: Keys, open_day: Database, contact: dict[str, str], smtp: bool, written: bool
) -> None:
    """Before somebody cancels: a landline gets no message, and without a mail server nobody gets an e-mail."""
    it = (await book(open_day, START, Patient(ALICE.name, ALICE.birth_date, **contact))).id
    sending = msgspec.structs.replace(
        settings, smtp_url="smtp://127.0.0.1" if smtp else "", mail_from="a@example.org", sms_url="http://127.0.0.1"
    )
    async with TestClient(TestServer(app.build(sending))) as client:
        page = await looked(client, keys, "carla", f"/practice/appointments/{it}?done=moved")
    assert ("der Patient bekommt eine Nachricht" in page) is written
    assert ("Sonst sagt es dem Patienten niemand" in page) is not written
    assert ("Niemand sonst sagt es der Person" in page) is not written


async def test_what_did_not_arrive(
    client: TestClient, keys: Keys, open_day: Database, owner: asyncpg.Connection
) -> None:
    await book(open_day, START, Patient(ALICE.name, ALICE.birth_date, email="alice@exmaple.org"))
    await owner.execute(
        "UPDATE notice SET status = 'dead', last_error = 'smtp 550', attempts = 1 WHERE kind = 'booked'"
    )
    await owner.execute("DELETE FROM pgqueuer")
    page = await looked(client, keys, "bob")
    assert "alice@exmaple.org" in page and "smtp 550" in page and "Ihr Termin ist gebucht" in page
    notice = await owner.fetchval("SELECT id FROM notice WHERE kind = 'booked'")
    assert await pressed(client, keys, "charlie", notice, "resend") == 404
    assert await pressed(client, keys, "bob", notice, "resend") == 303
    assert await pressed(client, keys, "bob", notice, "resend") == 303
    row = await owner.fetchrow("SELECT status, attempts FROM notice WHERE id = $1", notice)
    assert row is not None and tuple(row) == ("queued", 0)
    assert await owner.fetchval("SELECT count(*) FROM pgqueuer") == 1
    assert "alice@" not in await looked(client, keys, "bob")


async def test_what_is_over_is_not_shown(
    client: TestClient, keys: Keys, open_day: Database, owner: asyncpg.Connection
) -> None:
    """Moved, and then cancelled: nobody has to be told of the move any more."""
    it = (await book(open_day, START, ALICE)).id
    await changes.move(open_day, CARLA, it, START + timedelta(hours=1))
    assert "Er ist jetzt am" in await looked(client, keys, "carla")
    await changes.cancel(open_day, CARLA, it)
    page = await looked(client, keys, "carla")
    assert "Er ist jetzt am" not in page and "Es tut uns leid" in page


async def test_it_says_that_nothing_goes_out(client: TestClient, keys: Keys, open_day: Database) -> None:
    warning = "Zurzeit gehen keine Nachrichten hinaus."
    assert warning in await looked(client, keys, "carla")
    async with open_day.transaction(CARLA) as tx:
        await tx.run("jobs.seen", id=people.fixed(1))
    assert warning not in await looked(client, keys, "carla")


async def test_into_my_calendar(client: TestClient, keys: Keys, open_day: Database) -> None:
    it = (await book(open_day, START)).id
    files = []
    for change in (None, "move", "cancel"):
        if change == "move":
            await changes.move(open_day, guest(it), it, START + timedelta(hours=1))
        elif change == "cancel":
            await changes.cancel(open_day, guest(it), it)
        answer = await client.get("/appointment/calendar.ics", headers=cookie(keys, guest(it)))
        assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"].startswith("text/calendar; charset=utf-8; method=")
        text = await answer.text()
        assert CODES.code(it) not in text and "Buchfink" not in text and "Praxis" not in text
        files.append(Calendar.from_ical(text))
    assert [str(file["METHOD"]) for file in files] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert [int(file.walk("VEVENT")[0]["SEQUENCE"]) for file in files] == [0, 1, 2]
    assert "/appointment/calendar.ics" not in await (await client.get("/appointment/code")).text()
    answer = await client.get("/appointment/calendar.ics", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/appointment/code")
