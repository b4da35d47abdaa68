"""A request repeated because its answer was lost: told *booked*, with the same code, never *taken*."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.once import KeyMalformed, KeyReused, once
from telemed.scheduling import bookings, changes, holds
from telemed.scheduling.refusals import SlotTaken
from telemed.scheduling.types import Booking, BookingWish, Hold, Wish
from tests import people
from tests.booking import CODES, guest, hold, patient, wish
from tests.people import CALLERS, DR_BOB

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)
KEY = "0192-a-key-of-a-page"


@pytest.fixture
async def hours(cast: Database) -> Database:
    await people.open_hours(cast, DR_BOB, NINE, 1)
    return cast


async def ask(db: Database, body: BookingWish, key: str = KEY, caller: Caller = ANONYMOUS) -> Booking:
    return await bookings.book(db, CODES, caller, body, once(key, caller, "appointment.book", body))


async def ask_hold(db: Database, body: Wish, key: str = KEY) -> Hold:
    return await holds.hold(db, CODES, ANONYMOUS, body, once(key, ANONYMOUS, "hold.make", body))


async def count(owner: asyncpg.Connection) -> int:
    found = await owner.fetchval("SELECT count(*) FROM appointment")
    assert isinstance(found, int)
    return found


async def test_a_repeated_booking_is_the_same_booking(hours: Database, owner: asyncpg.Connection) -> None:
    first = await ask(hours, wish(NINE))
    assert await ask(hours, wish(NINE)) == first
    assert await count(owner) == 1


async def test_concurrent_repeats_are_one_booking(hours: Database, owner: asyncpg.Connection) -> None:
    answers = await asyncio.gather(*(ask(hours, wish(NINE)) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert await count(owner) == 1


async def test_a_key_does_not_serve_another_request(hours: Database) -> None:
    await ask(hours, wish(NINE))
    for body in (wish(NINE + QUARTER), wish(NINE, patient("Berta"))):
        with pytest.raises(KeyReused):
            await ask(hours, body)
    with pytest.raises(KeyReused):
        await ask(hours, wish(NINE), caller=CALLERS["carla"])
    with pytest.raises(KeyReused):
        await ask_hold(hours, Wish(service=people.TALK, start=NINE))


async def test_another_key_is_another_request(hours: Database) -> None:
    await ask(hours, wish(NINE))
    with pytest.raises(SlotTaken):
        await ask(hours, wish(NINE), key="another-key")


async def test_a_repeat_after_cancelling_says_so_and_books_nothing(hours: Database, owner: asyncpg.Connection) -> None:
    booked = await ask(hours, wish(NINE))
    await changes.cancel(hours, guest(booked.id), booked.id)
    again = await ask(hours, wish(NINE))
    assert (again.id, again.status, again.code) == (booked.id, "cancelled", booked.code)
    assert await count(owner) == 1


async def test_a_repeat_after_moving_says_where_it_is_now(hours: Database) -> None:
    booked = await ask(hours, wish(NINE))
    await changes.move(hours, guest(booked.id), booked.id, NINE + QUARTER)
    again = await ask(hours, wish(NINE))
    assert (again.id, again.start) == (booked.id, NINE + QUARTER)


async def test_a_repeated_hold_is_the_same_hold_with_the_same_secret(
    hours: Database, owner: asyncpg.Connection
) -> None:
    body = Wish(service=people.TALK, start=NINE)
    held = await asyncio.gather(*(ask_hold(hours, body) for _ in range(4)))
    assert all(one == held[0] for one in held)
    assert await count(owner) == 1


async def test_a_repeated_booking_of_a_hold_is_the_same_booking(hours: Database) -> None:
    held = await hold(hours, NINE)
    body = wish(NINE, hold=held.id, hold_secret=held.secret)
    answers = await asyncio.gather(*(ask(hours, body) for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].id == held.id
    with pytest.raises(KeyReused):
        await ask(hours, wish(NINE, patient("Berta"), hold=held.id, hold_secret=held.secret))


async def test_a_key_used_elsewhere_does_not_book_a_hold(hours: Database) -> None:
    held = await hold(hours, NINE)
    await ask(hours, wish(NINE + QUARTER))
    with pytest.raises(KeyReused):
        await ask(hours, wish(NINE, patient("Berta"), hold=held.id, hold_secret=held.secret))


@pytest.mark.parametrize("key", ["", "short", "x" * 129, "with a space", "umlaut-ääää", "line\nbreak"])
def test_a_key_is_8_to_128_visible_characters(key: str) -> None:
    with pytest.raises(KeyMalformed):
        once(key, ANONYMOUS, "appointment.book", wish(NINE))
