"""The practice's list of messages: whom to call, what did not arrive; and the appointment as a calendar file."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer
from icalendar import Calendar

from telemed import app, clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM
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
        f"/practice/notices/{notice}/{what}", data={"back": ""}, headers=cookie(keys, people.CALLERS[who]),
        allow_redirects=False,
    )  # fmt: skip
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


MAIL, MOBILE, LANDLINE = {"email": "alice@example.org"}, {"phone": "+4915112345678"}, {"phone": "+493984123456"}
BOTH = MAIL | MOBILE


@pytest.mark.parametrize(
    ("contact", "by", "told"),
    [
        (MAIL, "email sms", "Der Patient bekommt eine E-Mail an alice@example.org."),
        (MAIL, "sms", "Dieser Patient bekommt keine Nachricht, und eine Telefonnummer ist nicht bekannt."),
        (MOBILE, "email sms", "Der Patient bekommt eine SMS an +49 1511 2345678."),
        (MOBILE, "email", "Dieser Patient bekommt keine Nachricht. Bitte rufen Sie an:"),
        (BOTH, "email sms", "Der Patient bekommt eine E-Mail an alice@example.org und eine SMS an +49 1511 2345678."),
        (MAIL | LANDLINE, "email sms", "Der Patient bekommt eine E-Mail an alice@example.org."),
        (LANDLINE, "email sms", "Dieser Patient bekommt keine Nachricht. Bitte rufen Sie an:"),
        ({}, "email sms", "Dieser Patient bekommt keine Nachricht, und eine Telefonnummer ist nicht bekannt."),
    ],
)  # fmt: skip
async def test_who_is_told_by_whom(
    settings: Settings, keys: Keys, open_day: Database, owner: asyncpg.Connection, contact: dict[str, str], by: str,
    told: str,
) -> None:  # fmt: skip
    """Before somebody cancels or moves, and after it: who gets a message, and else whom to call, with a tick."""
    sending = msgspec.structs.replace(
        settings, smtp_url="smtp://127.0.0.1" if "email" in by else "", mail_from="a@example.org",
        sms_url="http://127.0.0.1" if "sms" in by else "",
    )  # fmt: skip
    written = "bekommt keine" not in told
    async with TestClient(TestServer(app.build(sending))) as client:
        for n, (before, form, sent) in enumerate((
            ("", {"message": "Der Strom ist weg."}, "cancellation"),
            ("/move", {"start": (START + timedelta(hours=3)).isoformat()}, "move"),
        )):  # fmt: skip
            it = (
                await book(open_day, START + n * timedelta(hours=1), Patient(ALICE.name, ALICE.birth_date, **contact))
            ).id
            own = f"/practice/appointments/{it}"
            assert told in await looked(client, keys, "carla", own + before)
            answer = await client.post(f"{own}/{sent}", data=form, headers=cookie(keys, CARLA), allow_redirects=False)
            assert answer.status == 303
            page = await looked(client, keys, "carla", answer.headers["Location"])
            said = re.search(r'role="status">(.*?)</p>', page)
            assert said is not None and (told in said[1]) is written
            assert ("Der Patient weiß noch nicht Bescheid" in page) is not written
            call = await owner.fetchval("SELECT id FROM notice WHERE appointment = $1 AND channel = 'phone'", it)
            assert (call is None) is written
            if call is not None:  # ticked off, and back where one was
                assert ("Die Praxis schreibt: Der Strom ist weg." in page) is (sent == "cancellation")
                answer = await client.post(
                    f"/practice/notices/{call}/settlement", data={"back": "appointment"}, headers=cookie(keys, CARLA),
                    allow_redirects=False,
                )  # fmt: skip
                assert answer.headers["Location"] == f"{own}?done=settled"
                assert "Der Patient weiß noch nicht Bescheid" not in await looked(client, keys, "carla", own)


async def test_a_call_stays_on_the_list_whoever_puts_it_there(
    client: TestClient, keys: Keys, open_day: Database, owner: asyncpg.Connection
) -> None:
    """The page does at once what the worker would do a moment later; when it comes, the call must not be struck off."""
    it = (await book(open_day, START, Patient(ALICE.name, ALICE.birth_date, **BOTH))).id
    await client.post(
        f"/practice/appointments/{it}/cancellation", data={"message": ""}, headers=cookie(keys, CARLA),
        allow_redirects=False,
    )  # fmt: skip
    async with open_day.transaction(SYSTEM) as tx:
        for row in await owner.fetch("SELECT id FROM notice WHERE kind = 'cancelled'"):
            await tx.run("notices.unsendable", id=row["id"], now=clock.now())
    rows = await owner.fetch("SELECT channel, status FROM notice WHERE kind = 'cancelled' ORDER BY channel")
    assert [tuple(row) for row in rows] == [("phone", "queued"), ("sms", "dropped")]
    assert "Bitte anrufen" in await looked(client, keys, "carla")


async def test_nothing_is_promised_for_what_has_begun(
    client: TestClient, keys: Keys, open_day: Database, owner: asyncpg.Connection
) -> None:
    it = (await book(open_day, START, Patient(ALICE.name, ALICE.birth_date, **MAIL))).id
    await owner.execute("UPDATE appointment SET during = r, reserved = r FROM (SELECT tstzrange(now() - interval"
                        " '9 min', now() + interval '6 min')) AS at (r)")  # fmt: skip
    page = await looked(client, keys, "carla", f"/practice/appointments/{it}")
    assert "Es geht keine Nachricht mehr hinaus" in page and "bekommt eine E-Mail" not in page


async def test_outside_the_hours_each_is_told_or_called(
    settings: Settings, keys: Keys, open_day: Database, owner: asyncpg.Connection
) -> None:
    """Before: how many get no message. After each: who is told how; whom to call stays until it is ticked off."""
    sending = msgspec.structs.replace(settings, smtp_url="smtp://127.0.0.1", mail_from="a@example.org")
    born = ALICE.birth_date
    rosa = (await book(open_day, START, Patient("Rosa Rohrdommel", born, **LANDLINE))).id
    emil = (await book(open_day, START + timedelta(hours=1), Patient("Emil Eisvogel", born, **MAIL))).id
    await owner.execute("DELETE FROM opening")
    outside = "/practice/hours/outside"
    async with TestClient(TestServer(app.build(sending))) as client:

        async def cancelled(it: UUID) -> str:
            answer = await client.post(
                f"{outside}/{it}/cancellation", data={"message": "Wir bauen um."}, headers=cookie(keys, CARLA),
                allow_redirects=False,
            )  # fmt: skip
            return await looked(client, keys, "carla", answer.headers["Location"])

        page = await looked(client, keys, "carla", outside)
        assert "1 dieser Patienten bekommt von uns keine Nachricht." in page
        assert "Es steht auf der Anrufliste." in page and "Sie stehen in der Nachricht." in page
        page = await cancelled(emil)
        assert "Der Termin von Emil Eisvogel ist abgesagt." in page and "eine E-Mail an alice@example.org." in page
        assert "Bitte anrufen" not in page
        page = await cancelled(rosa)
        assert "Der Termin von Rosa Rohrdommel ist abgesagt." in page and "Bitte rufen Sie jetzt an" in page
        assert "Die Praxis schreibt: Wir bauen um." in page and 'name="back" value="outside"' in page
        assert "Rosa" in await looked(client, keys, "carla", outside)
        call = await owner.fetchval("SELECT id FROM notice WHERE channel = 'phone'")
        answer = await client.post(
            f"/practice/notices/{call}/settlement", data={"back": "outside"}, headers=cookie(keys, CARLA),
            allow_redirects=False,
        )  # fmt: skip
        assert answer.headers["Location"] == f"{outside}?done=settled"
        page = await looked(client, keys, "carla", answer.headers["Location"])
        assert "Rosa" not in page and "Erledigt" in page
        assert "Rosa" not in await looked(client, keys, "charlie", f"{outside}?cancelled={rosa}")


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
