"""Booking a time that was free, and what whoever comes second is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from telemed.db import Database
from telemed.errors import Invalid, NotFound, NotLoggedIn, Refusal
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.names import NameUnreadable
from telemed.scheduling import bookings
from telemed.scheduling.refusals import InThePast, NotASlot, SlotTaken
from telemed.scheduling.slots import slots
from telemed.scheduling.types import Patient, SlotsQuery
from tests import people
from tests.booking import ALICE, CODES, book, patient, wish
from tests.people import CALLERS, DR_BOB, DR_CHARLIE, DR_DORA, STATION, STATION_GRAMZOW, TALK_CHARLIE, TALK_DORA

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)


@pytest.fixture
async def hours(cast: Database) -> Database:
    """Bob, Dora and Charlie can be booked tomorrow from 9 to 11."""
    for practitioner in (DR_BOB, DR_DORA, DR_CHARLIE):
        await people.open_hours(cast, practitioner, NINE, 2)
    return cast


async def test_a_free_time_is_booked_with_the_doctor_named(hours: Database) -> None:
    booked = await book(hours, NINE)
    assert (booked.status, booked.start, booked.end - booked.start) == ("booked", NINE, QUARTER)
    assert (booked.practitioner, booked.practitioner_name, booked.site_town) == (DR_BOB, "Bob Buchfink", "Prenzlau")
    assert booked.code == CODES.code(booked.id)


@pytest.mark.rule("B-01")
async def test_every_slot_names_the_doctor(hours: Database) -> None:
    async with hours.transaction(ANONYMOUS) as tx:
        found = await slots(tx, people.TALK, SlotsQuery())
    assert (found.service.practitioner_title, found.service.practitioner_name) == ("Dr. med.", "Bob Buchfink")
    assert [slot.start for slot in found.slots] == [NINE + QUARTER * n for n in range(8)]


async def test_booking_and_audit_are_one(hours: Database, owner: asyncpg.Connection) -> None:
    booked = await book(hours, NINE)
    trail = await owner.fetch("SELECT role, verb, appointment FROM audit WHERE site = $1", people.PRENZLAU)
    assert [tuple(row) for row in trail] == [("anonymous", "appointment.book", booked.id)]


async def test_only_a_digest_of_the_code_is_stored(hours: Database, owner: asyncpg.Connection) -> None:
    booked = await book(hours, NINE)
    row = str(dict(await owner.fetchrow("SELECT * FROM appointment") or {}))
    assert booked.code not in row
    assert booked.code.replace("-", "") not in row
    async with hours.transaction(ANONYMOUS) as tx:
        assert await bookings.find_by_code(tx, CODES.digest(booked.code.lower()) or b"") == booked.id
        assert await bookings.find_by_code(tx, CODES.digest("2222-2222-2222") or b"") is None


@pytest.mark.rule("B-13")
async def test_whoever_comes_second_is_offered_what_is_free(hours: Database) -> None:
    await book(hours, NINE)
    await book(hours, NINE + QUARTER, patient("Berta"))
    with pytest.raises(SlotTaken) as refused:
        await book(hours, NINE, patient("Carl"))
    assert refused.value.data["taken"] == ["practitioner"]
    assert refused.value.data["alternatives"] == [NINE + QUARTER * n for n in range(2, 7)]


@pytest.mark.rule("B-13")
async def test_of_many_at_once_exactly_one_wins(hours: Database) -> None:
    asked = [book(hours, NINE, patient(f"Nummer {chr(65 + n)}")) for n in range(16)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert sum(isinstance(answer, SlotTaken) for answer in answers) == 15


@pytest.mark.rule("B-13")
async def test_nobody_sits_in_two_consultations(hours: Database) -> None:
    await book(hours, NINE)
    with pytest.raises(SlotTaken) as refused:
        await book(hours, NINE, Patient("ALICE ährenfeld", ALICE.birth_date), service=TALK_CHARLIE)
    assert refused.value.data == {"taken": ["patient"], "alternatives": [NINE + QUARTER * n for n in range(1, 6)]}


@pytest.mark.rule("B-13")
async def test_a_station_is_one_room(hours: Database) -> None:
    petra = CALLERS["petra"]
    await book(hours, NINE, caller=petra, mode="assisted", station=STATION)
    with pytest.raises(SlotTaken) as refused:
        await book(hours, NINE, patient("Berta"), petra, service=TALK_DORA, mode="assisted", station=STATION)
    assert refused.value.data == {"taken": ["station"], "alternatives": [NINE + QUARTER * n for n in range(1, 6)]}


@pytest.mark.rule("B-13")
async def test_an_assistant_sits_beside_one_patient(hours: Database, owner: asyncpg.Connection) -> None:
    second = people.fixed(43)
    await owner.execute("INSERT INTO station (id, site, name) VALUES ($1, $2, 'Raum 2')", second, people.GERSWALDE)
    beside = {"caller": CALLERS["petra"], "mode": "assisted", "assisting": True}
    booked = await book(hours, NINE, station=STATION, **beside)  # type: ignore[arg-type]
    assert (booked.assistant, booked.station_site) == (people.PETRA, people.GERSWALDE)
    with pytest.raises(SlotTaken) as refused:
        await book(hours, NINE, patient("Berta"), station=second, service=TALK_DORA, **beside)  # type: ignore[arg-type]
    assert refused.value.data["taken"] == ["assistant"]


async def test_buffers_keep_others_away(hours: Database, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "UPDATE service SET buffer_before = '5 min', buffer_after = '10 min' WHERE id = $1", people.TALK
    )
    booked = await book(hours, NINE + QUARTER)
    assert booked.end - booked.start == QUARTER
    with pytest.raises(SlotTaken) as refused:
        await book(hours, NINE + 2 * QUARTER, patient("Berta"))
    assert refused.value.data["alternatives"] == [NINE + QUARTER * n for n in range(3, 8)]
    with pytest.raises(SlotTaken):
        await book(hours, NINE, patient("Berta"))


WRONG: dict[str, tuple[timedelta, dict[str, object], type[Refusal]]] = {
    "off the grid": (timedelta(minutes=5), {}, NotASlot),
    "a second off the grid": (timedelta(seconds=1), {}, NotASlot),
    "before opening": (-QUARTER, {}, NotASlot),
    "ends after closing": (timedelta(minutes=120), {}, NotASlot),
    "beyond the horizon": (timedelta(days=60), {}, NotASlot),
    "in ten thousand years": (datetime(9999, 12, 31, tzinfo=UTC) - NINE, {}, NotASlot),
    "yesterday": (-timedelta(days=2), {}, InThePast),
    "in the year one": (datetime(1, 1, 1, tzinfo=UTC) - NINE, {}, InThePast),
    "a mode not offered": (timedelta(), {"mode": "in_person"}, NotASlot),
    "an unknown service": (timedelta(), {"service": people.fixed(99)}, NotFound),
    "a station by video": (timedelta(), {"station": STATION}, Invalid),
    "assisting without login": (timedelta(), {"mode": "assisted", "station": STATION, "assisting": True}, NotLoggedIn),
    "an unreadable name": (timedelta(), {"who": Patient("\u202e\u202e", date(1970, 1, 1))}, NameUnreadable),
    "born tomorrow": (timedelta(), {"who": Patient("Alice A.", date(2970, 1, 1))}, Invalid),
}


@pytest.mark.parametrize(("shift", "more", "refusal"), WRONG.values(), ids=WRONG.keys())
async def test_what_cannot_be_booked_is_refused(
    hours: Database, shift: timedelta, more: dict[str, object], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal) as refused:
        await book(hours, NINE + shift, **more)  # type: ignore[arg-type]
    assert type(refused.value) is refusal


async def test_the_notice_period_is_kept(cast: Database, owner: asyncpg.Connection) -> None:
    start = people.soon()
    await people.open_hours(cast, DR_BOB, start, 1)
    await owner.execute("UPDATE service SET notice = '2 h' WHERE id = $1", people.TALK)
    with pytest.raises(NotASlot):
        await book(cast, start)


async def test_an_inactive_doctor_cannot_be_booked(hours: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE practitioner SET active = false WHERE id = $1", DR_BOB)
    with pytest.raises(NotFound):
        await book(hours, NINE)


async def test_every_wrong_field_is_named(hours: Database) -> None:
    everything = Patient("", date(1800, 1, 1), "nobody", "12")
    with pytest.raises(NameUnreadable) as refused:
        await book(hours, NINE, everything)
    assert set(refused.value.fields) == {f"patient.{name}" for name in ("name", "birth_date", "email", "phone")}


async def test_staff_book_for_their_own_practice_only(hours: Database) -> None:
    carla = await book(hours, NINE, caller=CALLERS["carla"])
    assert carla.booked_by == people.CARLA
    with pytest.raises(NotFound):
        await book(hours, NINE, patient("Berta"), CALLERS["charlie"])
    with pytest.raises(NotFound):
        await book(hours, NINE + QUARTER, patient("Berta"), CALLERS["charlie"])


async def test_an_assistant_books_for_their_own_station_only(hours: Database) -> None:
    for station in (STATION_GRAMZOW, people.fixed(99)):
        with pytest.raises(NotFound):
            await book(hours, NINE, caller=CALLERS["petra"], mode="assisted", station=station)


async def test_the_walls_hold_where_may_is_bypassed(hours: Database) -> None:
    booked = await book(hours, NINE, caller=CALLERS["petra"], mode="assisted", station=STATION)
    sees = {"bob": 1, "carla": 1, "petra": 1, "charlie": 0, "paul": 0, "ada": 0}
    for name, count in sees.items():
        async with hours.transaction(CALLERS[name]) as tx:
            assert len(await tx.connection.fetch("SELECT FROM appointment")) == count, name
            touched = await tx.connection.fetch("UPDATE appointment SET email = NULL RETURNING id")
            assert len(touched) == count, name
    for caller in (ANONYMOUS, Caller("guest", appointment=people.fixed(99))):
        async with hours.transaction(caller) as tx:
            assert await tx.connection.fetch("SELECT FROM appointment") == []
    async with hours.transaction(Caller("guest", appointment=booked.id)) as tx:
        assert len(await tx.connection.fetch("SELECT FROM appointment")) == 1


async def test_staff_cannot_write_into_another_practice(hours: Database) -> None:
    asked = wish(NINE)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with hours.transaction(CALLERS["charlie"]) as tx:
            await tx.connection.execute(
                "INSERT INTO appointment (id, practitioner, service, site, mode, status, expires, during, reserved)"
                " VALUES (gen_random_uuid(), $1, $2, $3, 'video', 'held', now(), tstzrange($4, $5), tstzrange($4, $5))",
                DR_BOB, asked.service, people.PRENZLAU, NINE, NINE + QUARTER,
            )  # fmt: skip
