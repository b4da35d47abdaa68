"""Outside the hours or beside another appointment, on purpose: possible with a reason, and never one patient twice."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from telemed.db import Database
from telemed.errors import Forbidden, NotFound
from telemed.identity.callers import SYSTEM
from telemed.scheduling import changes, holds, overrides
from telemed.scheduling.overrides import ReasonMissing
from telemed.scheduling.refusals import (
    AssessmentFirst,
    ChangedMeanwhile,
    InThePast,
    NotActive,
    NotASlot,
    SlotTaken,
)
from telemed.scheduling.types import Booking, Mode, Patient, Wish
from tests import booking, people
from tests.booking import CODES, wish

NINE = people.tomorrow(9)
CARLA, CHARLIE = people.CALLERS["carla"], people.CALLERS["charlie"]
DIETER = Patient("Dieter Dorn", date(1960, 2, 3))
WHY = "Notfall nach Rücksprache"


@pytest.fixture
async def open_db(cast: Database) -> Database:
    """Bob from nine to eleven."""
    await people.open_hours(cast, people.DR_BOB, NINE, 2)
    return cast


async def put(
    db: Database, hours: float, who: Patient = booking.ALICE, reason: str = WHY, mode: Mode = "video"
) -> Booking:
    start = NINE + timedelta(hours=hours)
    return await overrides.book(db, CODES, CARLA, wish(start, who, mode=mode), reason)


async def reserved(db: Database, it: Booking) -> bool:
    async with db.transaction(SYSTEM) as tx:
        return bool(await tx.connection.fetchval("SELECT NOT isempty(reserved) FROM appointment WHERE id = $1", it.id))


async def test_outside_the_hours_its_time_is_reserved(open_db: Database) -> None:
    made = await put(open_db, 5)
    assert made.override_reason == WHY and await reserved(open_db, made)
    beside = await put(open_db, 5, DIETER)
    assert not await reserved(open_db, beside)


async def test_beside_another_appointment(open_db: Database) -> None:
    first = await booking.book(open_db, NINE)
    beside = await put(open_db, 0.1, DIETER)
    assert (beside.start, await reserved(open_db, beside)) == (NINE + timedelta(minutes=6), False)
    assert (await changes.read(open_db, CARLA, first.id)).status == "booked"
    assert booking.CODES.digest(beside.code) is not None


async def test_an_expired_hold_is_no_neighbour(open_db: Database) -> None:
    held = await booking.hold(open_db, NINE)
    async with open_db.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE appointment SET expires = now() - interval '1 s' WHERE id = $1", held.id)
    assert await reserved(open_db, await put(open_db, 0))


async def test_an_expired_hold_at_the_station_is_no_obstacle(open_db: Database) -> None:
    petra = people.CALLERS["petra"]
    made = await booking.book(open_db, NINE, DIETER, petra, mode="assisted", station=people.STATION)
    await people.open_hours(open_db, people.DR_CHARLIE, NINE, 3)
    later = NINE + timedelta(hours=1)
    there = Wish(service=people.TALK_CHARLIE, start=later, mode="assisted", station=people.STATION)
    held = await holds.hold(open_db, CODES, petra, there)
    with pytest.raises(SlotTaken):
        await overrides.move(open_db, CARLA, made.id, later, WHY)
    async with open_db.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE appointment SET expires = now() - interval '1 s' WHERE id = $1", held.id)
    assert (await overrides.move(open_db, CARLA, made.id, later, WHY)).start == later


@pytest.mark.rule("B-13")
async def test_a_patient_is_never_in_two_places(open_db: Database) -> None:
    await booking.book(open_db, NINE)
    with pytest.raises(SlotTaken) as refused:
        await put(open_db, 0)
    assert refused.value.data["taken"] == ["patient"]
    later = await put(open_db, 3)
    with pytest.raises(SlotTaken):
        await overrides.move(open_db, CARLA, later.id, NINE + timedelta(minutes=5), WHY)
    assert (await changes.read(open_db, CARLA, later.id)).start == NINE + timedelta(hours=3)


@pytest.mark.rule("B-09")
async def test_no_way_around_the_first_assessment(open_db: Database) -> None:
    async with open_db.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE service SET first_assessment = true")
    with pytest.raises(AssessmentFirst):
        await put(open_db, 5)


async def test_what_is_refused(open_db: Database) -> None:
    for reason in ("", "  a ", "...", "x" * 201, "un\u200bsichtbar"):
        with pytest.raises(ReasonMissing):
            await put(open_db, 5, reason=reason)
    with pytest.raises(InThePast):
        await put(open_db, -48)
    with pytest.raises(NotASlot):
        await put(open_db, 5, mode="in_person")
    for who, refusal in (("charlie", NotFound), ("petra", Forbidden), ("ada", Forbidden)):
        with pytest.raises(refusal):
            await overrides.book(open_db, CODES, people.CALLERS[who], wish(NINE), WHY)


async def test_move_anywhere(open_db: Database) -> None:
    first = await booking.book(open_db, NINE)
    other = await booking.book(open_db, NINE + timedelta(hours=1), DIETER)
    moved = await overrides.move(open_db, CARLA, other.id, NINE, WHY, other.epoch)
    assert (moved.start, moved.override_reason, moved.epoch) == (NINE, WHY, other.epoch + 1)
    assert not await reserved(open_db, other) and await reserved(open_db, first)
    with pytest.raises(ChangedMeanwhile):
        await overrides.move(open_db, CARLA, other.id, NINE + timedelta(hours=6), WHY, other.epoch)
    with pytest.raises(NotFound):
        await overrides.move(open_db, CHARLIE, other.id, NINE + timedelta(hours=6), WHY)
    await changes.cancel(open_db, CARLA, first.id)
    with pytest.raises(NotActive):
        await overrides.move(open_db, CARLA, first.id, NINE, WHY)


async def test_back_into_the_hours_it_is_like_any_other(open_db: Database) -> None:
    """It takes its time from then on: nobody is booked over it, and it is not moved over anybody."""
    await booking.book(open_db, NINE)
    beside = await put(open_db, 0, DIETER)
    with pytest.raises(SlotTaken):
        await changes.move(open_db, CARLA, (await put(open_db, 0.05, booking.patient("Emil"))).id, NINE)
    back = await changes.move(open_db, CARLA, beside.id, NINE + timedelta(hours=1))
    assert back.override_reason is None and await reserved(open_db, beside)
    with pytest.raises(SlotTaken):
        await booking.book(open_db, NINE + timedelta(hours=1), booking.patient("Frieda"))


@pytest.mark.rule("B-13")
async def test_many_at_once(open_db: Database) -> None:
    """Everybody gets in, exactly one of them holds the doctor's time, and nobody waits for ever."""
    made = await asyncio.gather(*(put(open_db, 0, booking.patient(f"Nr {n}")) for n in range(12)))
    assert [await reserved(open_db, it) for it in made].count(True) == 1


async def test_the_trail_has_no_names(open_db: Database) -> None:
    made = await put(open_db, 5)
    await overrides.move(open_db, CARLA, made.id, NINE + timedelta(hours=7), WHY)
    async with open_db.transaction(CARLA) as tx:
        rows = await tx.connection.fetch("SELECT person, verb, appointment, detail FROM audit ORDER BY id")
    assert [tuple(row) for row in rows] == [
        (people.CARLA, "appointment.override", made.id, "booked"),
        (people.CARLA, "appointment.override", made.id, "moved"),
    ]
