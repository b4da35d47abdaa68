"""A hold keeps a time while the form is filled, and stands in nobody's way after that."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from msgspec.structs import replace

from telemed import clock
from telemed.db import Database
from telemed.errors import NotFound
from telemed.identity.callers import ANONYMOUS
from telemed.scheduling import holds
from telemed.scheduling.refusals import AlreadyExtended, HoldDiffers, HoldGone, InThePast, SlotTaken
from telemed.scheduling.slots import slots
from telemed.scheduling.types import SlotsQuery
from tests import people
from tests.booking import CODES, book, book_held, hold, patient
from tests.people import DR_BOB, DR_CHARLIE, TALK_CHARLIE

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)
ELEVEN_MINUTES = timedelta(minutes=11)


@pytest.fixture
async def hours(cast: Database) -> Database:
    for practitioner in (DR_BOB, DR_CHARLIE):
        await people.open_hours(cast, practitioner, NINE, 1)
    return cast


async def free(db: Database) -> list[int]:
    """The quarters of the hour that are offered."""
    async with db.transaction(ANONYMOUS) as tx:
        found = await slots(tx, people.TALK, SlotsQuery())
    return [int((slot.start - NINE) / QUARTER) for slot in found.slots]


async def test_a_held_time_is_kept_from_others(hours: Database) -> None:
    held = await hold(hours, NINE)
    assert held.expires is not None
    assert timedelta(minutes=9) < held.expires - clock.now() <= timedelta(minutes=10)
    assert await free(hours) == [1, 2, 3]
    with pytest.raises(SlotTaken):
        await book(hours, NINE, patient("Berta"))


async def test_a_hold_becomes_the_appointment(hours: Database) -> None:
    held = await hold(hours, NINE)
    booked = await book_held(hours, held)
    assert (booked.id, booked.status, booked.patient_name) == (held.id, "booked", "Alice Ährenfeld")


async def test_an_expired_hold_is_offered_again(hours: Database) -> None:
    await hold(hours, NINE)
    with clock.shifted(ELEVEN_MINUTES):
        assert await free(hours) == [0, 1, 2, 3]
        booked = await book(hours, NINE, patient("Berta"))
    assert booked.status == "booked"


async def test_a_late_holder_still_gets_what_nobody_took(hours: Database) -> None:
    held = await hold(hours, NINE)
    with clock.shifted(ELEVEN_MINUTES):
        booked = await book_held(hours, held)
    assert booked.id == held.id


async def test_a_hold_freed_and_left_can_still_be_booked(hours: Database, owner: asyncpg.Connection) -> None:
    held = await hold(hours, NINE)
    with clock.shifted(ELEVEN_MINUTES):
        other = await hold(hours, NINE)
        await holds.release(hours, CODES, ANONYMOUS, other.id, other.secret)
        booked = await book_held(hours, held)
    assert (booked.status, booked.start) == ("booked", NINE)
    assert await owner.fetchval("SELECT status FROM appointment WHERE id = $1", held.id) == "expired"


async def test_a_holder_too_late_is_told_what_is_free(hours: Database) -> None:
    held = await hold(hours, NINE)
    with clock.shifted(ELEVEN_MINUTES):
        await book(hours, NINE, patient("Berta"))
        with pytest.raises(SlotTaken) as refused:
            await book_held(hours, held)
    assert refused.value.data["alternatives"] == [NINE + QUARTER * n for n in (1, 2, 3)]


async def test_a_hold_is_extended_once(hours: Database) -> None:
    held = await hold(hours, NINE)
    with clock.shifted(timedelta(minutes=9)):
        longer = await holds.extend(hours, CODES, ANONYMOUS, held.id, held.secret)
        assert longer.expires is not None
        assert longer.expires - clock.now() > timedelta(minutes=9, seconds=50)
        with pytest.raises(AlreadyExtended):
            await holds.extend(hours, CODES, ANONYMOUS, held.id, held.secret)


async def test_a_released_hold_is_free_at_once_and_cannot_be_extended(hours: Database) -> None:
    held = await hold(hours, NINE)
    for _again in range(2):
        await holds.release(hours, CODES, ANONYMOUS, held.id, held.secret)
    assert await free(hours) == [0, 1, 2, 3]
    with pytest.raises(HoldGone):
        await holds.extend(hours, CODES, ANONYMOUS, held.id, held.secret)


@pytest.mark.rule("V-09")
async def test_a_stranger_gets_not_found(hours: Database) -> None:
    held, other = await hold(hours, NINE), await hold(hours, NINE + QUARTER)
    for secret in ("", other.secret, held.secret[:-1]):
        with pytest.raises(NotFound):
            await holds.extend(hours, CODES, ANONYMOUS, held.id, secret)
        with pytest.raises(NotFound):
            await holds.release(hours, CODES, ANONYMOUS, held.id, secret)
        with pytest.raises(NotFound):
            await book_held(hours, replace(held, secret=secret))


async def test_a_hold_is_good_for_its_own_time_only(hours: Database) -> None:
    held = await hold(hours, NINE)
    for other in (replace(held, start=NINE + QUARTER), replace(held, service=TALK_CHARLIE)):
        with pytest.raises(HoldDiffers):
            await book_held(hours, other)


async def test_a_double_click_gives_the_same_booking(hours: Database) -> None:
    held = await hold(hours, NINE)
    first, second = await asyncio.gather(book_held(hours, held), book_held(hours, held))
    third = await book_held(hours, held)
    assert first == second == third


async def test_a_hold_booked_for_one_is_gone_for_another(hours: Database) -> None:
    held = await hold(hours, NINE)
    await book_held(hours, held)
    with pytest.raises(HoldGone):
        await book_held(hours, held, patient("Berta"))


@pytest.mark.rule("B-13")
async def test_a_hold_does_not_seat_a_patient_twice(hours: Database) -> None:
    await book(hours, NINE, service=TALK_CHARLIE)
    held = await hold(hours, NINE)
    with pytest.raises(SlotTaken) as refused:
        await book_held(hours, held)
    assert refused.value.data == {"taken": ["patient"], "alternatives": [NINE + QUARTER * n for n in (1, 2, 3)]}
    assert (await book_held(hours, held, patient("Berta"))).id == held.id


@pytest.mark.rule("B-13")
async def test_two_holds_for_one_patient_booked_at_once_make_one_booking(hours: Database) -> None:
    for quarter in range(4):
        start = NINE + QUARTER * quarter
        held = [await hold(hours, start), await hold(hours, start, TALK_CHARLIE)]
        answers = await asyncio.gather(*(book_held(hours, one) for one in held), return_exceptions=True)
        assert sorted(type(answer).__name__ for answer in answers) == ["Booking", "SlotTaken"]


async def test_a_time_that_has_begun_cannot_be_booked_from_its_hold(hours: Database) -> None:
    held = await hold(hours, NINE)
    with clock.shifted(NINE - clock.now() + timedelta(seconds=1)), pytest.raises(InThePast):
        await book_held(hours, held)


@pytest.mark.rule("B-13")
async def test_rivals_for_expired_holds_do_not_wait_in_a_circle(hours: Database, owner: asyncpg.Connection) -> None:
    """Two expired holds overlap one wish, so that rivals each free one and want both (migration 0004, rule 4)."""
    await owner.execute("UPDATE service SET grid = '5 min' WHERE id = $1", people.TALK)
    for _round in range(5):
        await hold(hours, NINE)
        await hold(hours, NINE + QUARTER)
        with clock.shifted(ELEVEN_MINUTES):
            wanted = [
                book(hours, NINE + timedelta(minutes=5 * (1 + n % 2)), patient(f"Nummer {chr(65 + n)}"))
                for n in range(10)
            ]
            answers = await asyncio.gather(*wanted, return_exceptions=True)
        assert sorted({type(answer).__name__ for answer in answers}) == ["Booking", "SlotTaken"]
        assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
        await owner.execute("DELETE FROM appointment")
