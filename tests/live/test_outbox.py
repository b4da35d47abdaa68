"""Notices on their way, over real SMTP and a real gateway: once each, in time or not at all, and never lost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest
from icalendar import Calendar

from telemed import clock, working
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.notices import outbox
from telemed.precheck import checks
from telemed.scheduling import changes
from telemed.scheduling.codes import Codes
from telemed.scheduling.types import Patient
from telemed.settings import Settings
from tests import people
from tests.booking import ALICE, CODES, book, guest
from tests.gateways import Gateway, Mailbox, attached, body, gateway, mailbox
from tests.processes import Worker

BY_MAIL = Patient(ALICE.name, ALICE.birth_date, email="alice@example.org")
BY_SMS = Patient(ALICE.name, ALICE.birth_date, phone="+4915112345678")
CARLA = people.CALLERS["carla"]


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as running:
        yield running


@pytest.fixture
async def sms() -> AsyncIterator[Gateway]:
    async with gateway() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, box: Mailbox, sms: Gateway) -> Settings:
    return msgspec.structs.replace(
        settings, smtp_url=box.url, mail_from="termine@uckermark.example", sms_url=sms.url, sms_token="the token",
        job_timeout=timedelta(seconds=2), public_url="https://video.uckermark.example",
    )  # fmt: skip


@pytest.fixture
def start() -> datetime:
    return people.tomorrow() + timedelta(days=6)


@pytest.fixture
async def open_day(cast: Database, start: datetime) -> Database:
    await people.open_hours(cast, people.DR_BOB, start, 6)
    return cast


async def until(what: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.02)


async def notices(db: Database, kind: str) -> list[asyncpg.Record]:
    async with db.transaction(SYSTEM) as tx:
        return await tx.connection.fetch("SELECT * FROM notice WHERE kind = $1 ORDER BY created", kind)


async def deliver(db: Database, settings: Settings, kind: str) -> asyncpg.Record:
    """What the worker does with the newest notice of a kind; how it stands afterwards."""
    [*_, notice] = await notices(db, kind)
    await outbox.deliver(db, settings, Codes(settings.secret), notice["id"])
    [*_, notice] = await notices(db, kind)
    return notice


async def test_a_life_by_mail(open_day: Database, settings: Settings, box: Mailbox, start: datetime) -> None:
    """Booked, moved, cancelled: three mails, with one entry of the calendar that follows them."""
    async with working.beside(settings):
        it = (await book(open_day, start, BY_MAIL)).id
        await until(lambda: len(box.mails) == 1)
        await changes.move(open_day, guest(it), it, start + timedelta(hours=1))
        await until(lambda: len(box.mails) == 2)
        await changes.cancel(open_day, CARLA, it, message="Der Strom ist weg.")
        await until(lambda: len(box.mails) == 3)
    booked, moved, cancelled = box.mails
    assert booked["To"] == "alice@example.org" and "termine@uckermark.example" in booked["From"]
    assert booked["Auto-Submitted"] == "auto-generated"
    assert f"https://video.uckermark.example/appointment/code#{CODES.code(it)}" in body(booked)
    assert "verschoben" in body(moved) and CODES.code(it) in body(moved)
    assert "Der Strom ist weg." in body(cancelled) and CODES.code(it) not in body(cancelled)
    events = []
    for mail, method in ((booked, "PUBLISH"), (moved, "PUBLISH"), (cancelled, "CANCEL")):
        file = attached(mail)
        assert file.get_content_type() == "text/calendar" and file.get_param("method") == method
        parsed = Calendar.from_ical(file.get_content())
        assert str(parsed["METHOD"]) == method
        events.append(parsed.walk("VEVENT")[0])
    assert len({str(event["UID"]) for event in events}) == 1
    assert [int(event["SEQUENCE"]) for event in events] == [0, 1, 2]
    assert [event["DTSTART"].dt for event in events] == [start, *[start + timedelta(hours=1)] * 2]
    assert str(events[-1]["STATUS"]) == "CANCELLED"
    assert len({mail["Message-ID"] for mail in box.mails}) == 3
    [row] = await notices(open_day, "cancelled")
    assert (row["status"], row["message"]) == ("sent", None)


async def test_by_sms(open_day: Database, settings: Settings, sms: Gateway, start: datetime) -> None:
    it = (await book(open_day, start, BY_SMS)).id
    sms.statuses = [503]
    waiting = await deliver(open_day, settings, "booked")
    assert (waiting["status"], waiting["last_error"], sms.taken) == ("queued", "gateway 503", [])
    assert (await deliver(open_day, settings, "booked"))["status"] == "sent"
    [(sent, headers)] = sms.taken
    assert sent["to"] == "+4915112345678" and sent["reference"] == headers["Idempotency-Key"] == str(waiting["id"])
    assert CODES.code(it) in sent["text"] and "\n" not in sent["text"]
    assert headers["Authorization"] == "Bearer the token"
    sms.statuses = [422]
    await changes.cancel(open_day, CARLA, it)
    assert (await deliver(open_day, settings, "cancelled"))["status"] == "dead"


async def test_a_repeat_is_recognised(open_day: Database, settings: Settings, box: Mailbox, start: datetime) -> None:
    """kill -9 between sending and saying so: another worker sends again, and the Message-ID is the same."""
    await book(open_day, start, BY_MAIL)
    box.silent = True
    async with Worker(settings, TELEMED_JOB_TIMEOUT="2") as first:
        await until(lambda: len(box.mails) == 1)
        await first.kill()
    box.silent = False
    async with Worker(settings, TELEMED_JOB_TIMEOUT="2"):
        await until(lambda: len(box.mails) == 2)
        async with asyncio.timeout(5):
            while (await notices(open_day, "booked"))[0]["status"] != "sent":
                await asyncio.sleep(0.02)
    assert box.mails[0]["Message-ID"] == box.mails[1]["Message-ID"]
    [notice] = await notices(open_day, "booked")
    assert (notice["message_id"], notice["attempts"]) == (box.mails[0]["Message-ID"], 2)


async def test_two_workers_send_one_of_each(
    open_day: Database, settings: Settings, box: Mailbox, start: datetime
) -> None:
    async with working.beside(settings), working.beside(settings):
        for n in range(20):
            name = f"Alice {'ABCDEFGHIJKLMNOPQRST'[n]}hrenfeld"
            await book(
                open_day, start + timedelta(minutes=15 * n), Patient(name, ALICE.birth_date, email=f"a{n}@example.org")
            )
        await until(lambda: len(box.mails) >= 20)
        await asyncio.sleep(0.3)
    assert sorted(mail["To"] for mail in box.mails) == sorted(f"a{n}@example.org" for n in range(20))


async def test_a_server_that_is_away_is_tried_again_ever_later(
    open_day: Database, owner: asyncpg.Connection, settings: Settings, box: Mailbox, start: datetime
) -> None:
    await book(open_day, start, BY_MAIL)
    await box.down()
    waits = []
    for _try in range(len(outbox.AGAIN)):
        await owner.execute("DELETE FROM pgqueuer")  # the job that is running now
        assert (await deliver(open_day, settings, "booked"))["status"] == "queued"
        waits.append(await owner.fetchval("SELECT execute_after - now() FROM pgqueuer"))
    assert [round(wait / timedelta(minutes=1)) for wait in waits] == [1, 5, 15, 60, 240, 480, 720]
    await owner.execute("UPDATE pgqueuer SET execute_after = now()")
    await box.up()
    async with working.beside(settings):
        await until(lambda: len(box.mails) == 1)


async def test_given_up_at_last_and_sent_again_by_hand(
    open_day: Database, settings: Settings, box: Mailbox, start: datetime
) -> None:
    await book(open_day, start, BY_MAIL)
    await box.down()
    for _try in range(len(outbox.AGAIN) + 1):
        notice = await deliver(open_day, settings, "booked")
    assert notice["status"] == "dead"
    await deliver(open_day, settings, "booked")  # a job left over does not wake it
    async with open_day.transaction(people.CALLERS["charlie"]) as tx:
        await tx.run("notices.resend", id=notice["id"], now=clock.now())  # not his
    assert (await notices(open_day, "booked"))[0]["status"] == "dead"
    async with open_day.transaction(CARLA) as tx:
        await tx.run("notices.resend", id=notice["id"], now=clock.now())
    await box.up()
    async with working.beside(settings):
        await until(lambda: len(box.mails) == 1)
    assert box.mails[0]["Message-ID"] == f"<{notice['id']}@video.uckermark.example>"


@pytest.mark.parametrize(
    ("answer", "status"),
    [("550 no such user", "dead"), ("553 bad", "dead"), ("451 later", "queued"), ("421 busy", "queued")],
)  # fmt: skip
async def test_a_refusal_for_good_is_not_repeated(
    open_day: Database, settings: Settings, box: Mailbox, start: datetime, answer: str, status: str
) -> None:
    await book(open_day, start, BY_MAIL)
    box.refuse = [answer]
    notice = await deliver(open_day, settings, "booked")
    assert (notice["status"], notice["last_error"], box.mails) == (status, f"smtp {answer[:3]}", [])


async def test_a_sender_that_is_refused_is_not_the_letters_fault(
    open_day: Database, settings: Settings, box: Mailbox, start: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every notice would be given up within a minute of a wrong setting."""

    async def refused(*_mail: object) -> str:
        return "550 not a sender here"

    await book(open_day, start, BY_MAIL)
    with monkeypatch.context() as while_wrong:
        while_wrong.setattr(box, "handle_MAIL", refused, raising=False)
        notice = await deliver(open_day, settings, "booked")
    assert (notice["status"], notice["last_error"]) == ("queued", "smtp sender 550")
    assert (await deliver(open_day, settings, "booked"))["status"] == "sent"


@pytest.mark.parametrize("kind", ["reminder_72h", "reminder_24h", "reminder_2h"])
@pytest.mark.parametrize("what", ["moved", "cancelled", "over", "withdrawn", "checked"])
async def test_a_reminder_only_of_what_is_still_so(
    open_day: Database, settings: Settings, box: Mailbox, start: datetime, kind: str, what: str
) -> None:
    """However late the worker comes: of what was cancelled, moved, is over or has been done nobody is reminded."""
    it = (await book(open_day, start, BY_MAIL)).id
    [notice] = await notices(open_day, kind)
    if what == "moved":
        await changes.move(open_day, guest(it), it, start + timedelta(hours=1))
    elif what == "cancelled":
        await changes.cancel(open_day, guest(it), it)
    elif what == "withdrawn":
        await changes.withdraw_consent(open_day, guest(it), it)  # still booked: consent can be given again
    elif what == "checked":
        await checks.note(open_day, guest(it), it, "small")
    with clock.shifted(timedelta(days=30 if what == "over" else 0)):
        await outbox.deliver(open_day, settings, CODES, notice["id"])
    after = {row["id"]: row["status"] for row in await notices(open_day, kind)}[notice["id"]]
    sent = what == "withdrawn" or (what == "checked" and kind != "reminder_24h")
    assert (after, len(box.mails)) == (("sent", 1) if sent else ("dropped", 0))
    if sent:
        assert ("prüfen Sie dort heute Ihr Gerät" in body(box.mails[0])) == (kind == "reminder_24h")


async def test_a_reminder_waits_for_who_cancels_this_moment(
    open_day: Database, owner: asyncpg.Connection, settings: Settings, box: Mailbox, start: datetime
) -> None:
    it = (await book(open_day, start, BY_MAIL)).id
    [notice] = await notices(open_day, "reminder_72h")
    async with open_day.transaction(guest(it)) as tx:
        await tx.connection.execute("UPDATE appointment SET status = 'cancelled', epoch = epoch + 1 WHERE id = $1", it)
        sending = asyncio.create_task(outbox.deliver(open_day, settings, CODES, notice["id"]))
        await asyncio.sleep(0.3)
        assert not sending.done()
    await sending
    assert [row["status"] for row in await notices(open_day, "reminder_72h")] == ["dropped"]
    assert box.mails == []


async def test_without_a_mail_server_the_practice_calls(
    open_day: Database, settings: Settings, start: datetime
) -> None:
    bare = msgspec.structs.replace(settings, smtp_url="", mail_from="")
    it = (await book(open_day, start, BY_MAIL)).id
    assert (await deliver(open_day, bare, "booked"))["status"] == "dropped"  # the code was shown
    await changes.cancel(open_day, CARLA, it)
    call = await deliver(open_day, bare, "cancelled")
    assert (call["status"], call["channel"]) == ("queued", "phone")


@pytest.mark.rule("G-32")
async def test_the_log_names_nobody(open_day: Database, settings: Settings, box: Mailbox, start: datetime) -> None:
    it = (await book(open_day, start, BY_MAIL)).id
    box.refuse = ["451 <alice@example.org> later"]
    async with Worker(settings, TELEMED_LOG_LEVEL="debug") as worker:
        await until(lambda: not box.refuse)
        await asyncio.sleep(0.3)
    said = worker.said
    assert "notice_later" in said and str((await notices(open_day, "booked"))[0]["id"]) in said
    assert not re.search(rf"alice|renfeld|{CODES.code(it)}", said, re.IGNORECASE)
    assert not re.search("alice|renfeld", str(await _everything(open_day)), re.IGNORECASE)


async def _everything(db: Database) -> list[asyncpg.Record]:
    async with db.transaction(SYSTEM) as tx:
        return [
            row
            for table in ("notice", "pgqueuer", "pgqueuer_log")
            for row in await tx.connection.fetch(f"SELECT * FROM {table}")
        ]


async def test_an_unknown_notice_is_nothing_to_do(open_day: Database, settings: Settings) -> None:
    before = await _everything(open_day)
    await outbox.deliver(open_day, settings, CODES, UUID(int=7))
    assert await _everything(open_day) == before
