"""What is to be told is written with its cause: exactly one for each cause and channel, to whom and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.scheduling import changes
from telemed.scheduling.refusals import SlotTaken
from telemed.scheduling.types import Patient
from tests import people
from tests.booking import ALICE, book, book_held, guest, hold, patient

BY_MAIL = Patient(ALICE.name, ALICE.birth_date, email="alice@example.org")
BY_SMS = Patient(ALICE.name, ALICE.birth_date, phone="+4915112345678")
BY_BOTH = Patient(ALICE.name, ALICE.birth_date, email="alice@example.org", phone="+4915112345678")
LANDLINE = Patient(ALICE.name, ALICE.birth_date, phone="+493984123456")
REMINDERS = {"reminder_72h", "reminder_24h", "reminder_2h"}


@pytest.fixture
def start() -> datetime:
    return people.tomorrow() + timedelta(days=6)


@pytest.fixture
async def open_day(cast: Database, start: datetime) -> Database:
    await people.open_hours(cast, people.DR_BOB, start, 6)
    return cast


async def written(owner: asyncpg.Connection, appointment: UUID) -> dict[tuple[str, str], asyncpg.Record]:
    rows = await owner.fetch("SELECT * FROM notice WHERE appointment = $1", appointment)
    found = {(row["kind"], row["channel"]): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize("held", [False, True])
async def test_a_booking_brings_confirmation_and_reminders(
    open_day: Database, owner: asyncpg.Connection, start: datetime, held: bool
) -> None:
    if held:
        booking = await book_held(open_day, await hold(open_day, start), BY_MAIL)
    else:
        booking = await book(open_day, start, BY_MAIL)
    found = await written(owner, booking.id)
    assert set(found) == {(kind, "email") for kind in ("booked", *REMINDERS)}
    assert found["reminder_72h", "email"]["due"] == start - timedelta(hours=72)
    assert found["reminder_24h", "email"]["due"] == start - timedelta(hours=24)
    assert found["reminder_2h", "email"]["due"] == start - timedelta(hours=2)
    jobs = await owner.fetch(
        "SELECT convert_from(payload, 'UTF8') AS id, execute_after FROM pgqueuer WHERE entrypoint = 'notice'"
    )
    assert {UUID(job["id"]) for job in jobs} == {row["id"] for row in found.values()}
    assert sum(job["execute_after"] <= clock.now() for job in jobs) == 1


async def test_the_practice_chooses_its_reminders(
    open_day: Database, owner: asyncpg.Connection, start: datetime
) -> None:
    await owner.execute("UPDATE site SET reminders = '{2}' WHERE id = $1", people.PRENZLAU)
    found = await written(owner, (await book(open_day, start, BY_MAIL)).id)
    assert {kind for kind, _ in found} == {"booked", "reminder_2h"}


async def test_who_comes_in_person_is_not_asked_to_check_a_line(
    open_day: Database, owner: asyncpg.Connection, start: datetime
) -> None:
    await owner.execute("UPDATE service SET modes = '{video,in_person}' WHERE id = $1", people.TALK)
    booking = await book(open_day, start, BY_MAIL, mode="in_person")
    assert {kind for kind, _ in await written(owner, booking.id)} == {"booked", "reminder_72h", "reminder_2h"}


async def test_no_reminder_that_is_over(cast: Database, owner: asyncpg.Connection) -> None:
    start = people.soon()
    await people.open_hours(cast, people.DR_BOB, start, 2)
    assert set(await written(owner, (await book(cast, start, BY_MAIL)).id)) == {("booked", "email")}


async def test_the_channels_follow_the_contact(open_day: Database, owner: asyncpg.Connection, start: datetime) -> None:
    for minutes, who, channels in (
        (0, BY_SMS, {(kind, "sms") for kind in ("booked", *REMINDERS)}),
        (
            15,
            BY_BOTH,
            {*((kind, "email") for kind in ("booked", *REMINDERS)), ("reminder_2h", "sms")},
        ),
        (30, LANDLINE, set()),
        (45, ALICE, set()),
    ):
        booking = await book(open_day, start + timedelta(minutes=minutes), who)
        assert set(await written(owner, booking.id)) == channels


async def test_moved_and_moved_back(open_day: Database, owner: asyncpg.Connection, start: datetime) -> None:
    """A move is told each time; a reminder for a start is due once, whatever happened in between."""
    it = (await book(open_day, start, BY_MAIL)).id
    for minutes in (60, 0, 60):
        await changes.move(open_day, guest(it), it, start + timedelta(minutes=minutes))
    rows = await owner.fetch("SELECT kind, start FROM notice WHERE appointment = $1", it)
    assert [row["kind"] for row in rows].count("moved") == 3
    assert [row["kind"] for row in rows].count("reminder_2h") == 2  # one for each of the two starts
    await changes.cancel(open_day, guest(it), it)
    await changes.cancel(open_day, guest(it), it)
    assert await owner.fetchval("SELECT count(*) FROM notice WHERE kind = 'cancelled'") == 1


async def test_what_did_not_happen_is_not_told(open_day: Database, owner: asyncpg.Connection, start: datetime) -> None:
    await book(open_day, start, BY_MAIL)
    before = await owner.fetchval("SELECT count(*) FROM notice")
    with pytest.raises(SlotTaken):
        await book(open_day, start, patient("Somebody"))
    assert await owner.fetchval("SELECT count(*) FROM notice") == before


@pytest.mark.parametrize("who", [ALICE, LANDLINE])
async def test_the_practice_calls_whom_it_cannot_write_to(
    open_day: Database, owner: asyncpg.Connection, start: datetime, who: Patient
) -> None:
    carla = people.CALLERS["carla"]
    moved, cancelled, own = [(await book(open_day, start + timedelta(hours=n), who)).id for n in range(3)]
    await changes.move(open_day, carla, moved, start + timedelta(minutes=30))
    await changes.cancel(open_day, carla, cancelled, message="Der Strom ist weg.")
    await changes.cancel(open_day, guest(own), own)  # who did it knows
    assert set(await written(owner, moved)) == {("moved", "phone")}
    assert (await written(owner, cancelled))["cancelled", "phone"]["message"] == "Der Strom ist weg."
    assert await written(owner, own) == {}
    assert await owner.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'notice'") == 0


async def test_walls(open_day: Database, start: datetime) -> None:
    """The practice sees its own, strangers and patients see none, and nobody can forge one."""
    it = (await book(open_day, start, BY_MAIL)).id
    for caller, many in (
        (people.CALLERS["carla"], 4), (people.CALLERS["bob"], 4), (SYSTEM, 4), (people.CALLERS["charlie"], 0),
        (people.CALLERS["petra"], 0), (people.CALLERS["ada"], 0), (guest(it), 0), (ANONYMOUS, 0),
    ):  # fmt: skip
        async with open_day.transaction(caller) as tx:
            assert await tx.connection.fetchval("SELECT count(*) FROM notice") == many, caller
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with open_day.transaction(caller) as tx:
                await tx.connection.execute("INSERT INTO notice SELECT * FROM notice")
