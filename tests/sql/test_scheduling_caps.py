"""A daily cap holds under any interleaving: expired holds, moves, and a cap that is lowered while people book."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.ids import new_id
from telemed.pg import Urls
from telemed.scheduling import changes, slots
from telemed.scheduling.holds import LENGTH
from telemed.scheduling.refusals import SlotTaken
from telemed.scheduling.types import Appointment, Booking
from tests import people
from tests.booking import book, guest, hold, patient
from tests.people import DR_BOB, TALK
from tests.storms import count_deadlocks

NINE = people.tomorrow(9)
DAY = timedelta(days=1)
STARTS = [NINE + timedelta(minutes=15 * n) for n in range(16)]


@pytest.fixture
async def hours(cast: Database, urls: Urls, owner: asyncpg.Connection) -> AsyncIterator[Database]:
    """Bob for four hours on three days, and as many connections as a busy node."""
    for day in range(3):
        await people.open_hours(cast, DR_BOB, NINE + day * DAY, 4)
    database = await Database.open(urls.app, size=24)
    yield database
    await database.close()


async def cap(owner: asyncpg.Connection, most: int | None) -> None:
    await owner.execute("UPDATE service SET daily_cap = $1 WHERE id = $2", most, TALK)


async def everybody(db: Database, starts: list[datetime]) -> tuple[list[Booking], list[SlotTaken]]:
    """Each start wanted by one patient, all at once."""
    told = await asyncio.gather(
        *(book(db, start, patient(f"Wunsch {chr(65 + n % 26)}{chr(97 + n // 26)}")) for n, start in enumerate(starts)),
        return_exceptions=True,
    )
    assert {type(answer) for answer in told} <= {Booking, SlotTaken}, told
    return [it for it in told if isinstance(it, Booking)], [it for it in told if isinstance(it, SlotTaken)]


async def active(owner: asyncpg.Connection) -> Counter[object]:
    rows = await owner.fetch("SELECT lower(during)::date AS day FROM appointment WHERE status IN ('held', 'booked')")
    return Counter(row["day"] for row in rows)


@pytest.mark.rule("B-13")
async def test_a_full_day_takes_no_more_and_says_where_there_is_room(
    hours: Database, owner: asyncpg.Connection
) -> None:
    await cap(owner, 5)
    booked, refused = await everybody(hours, STARTS * 3)
    assert await active(owner) == {NINE.date(): 5}
    assert len(booked) == 5
    for refusal in refused:
        assert "day" in refusal.data["taken"] or refusal.data["taken"] == ["practitioner"]  # type: ignore[operator]
    late = [refusal for refusal in refused if refusal.data["taken"] == ["day"]]
    assert late
    assert late[-1].data["alternatives"] == [start + DAY for start in STARTS[:5]]


async def test_nobody_is_refused_while_the_day_has_room(hours: Database, owner: asyncpg.Connection) -> None:
    """Rivals for one *place* are not rivals for one *time*: who meets another one there gets the next place."""
    for most in (16, 12, 5):
        await owner.execute("DELETE FROM appointment")
        await cap(owner, most)
        booked, refused = await everybody(hours, STARTS)
        assert (len(booked), len(refused)) == (most, 16 - most)


async def test_a_lowered_cap_is_not_passed_by_many_at_once(hours: Database, owner: asyncpg.Connection) -> None:
    """The rows of before may have places beyond the cap, or none: they count all the same."""
    for before, places in ((5, "5"), (5, "4"), (None, None)):
        await owner.execute("DELETE FROM appointment")
        await cap(owner, before)
        await everybody(hours, STARTS[:2])
        if places:
            await owner.execute("UPDATE appointment SET cap_place = $1 WHERE cap_place = 1", int(places))
        await cap(owner, 4)
        booked, _refused = await everybody(hours, STARTS[2:])
        assert len(booked) == 2, (before, places)
        assert await active(owner) == {NINE.date(): 4}


async def test_expired_holds_give_the_day_back(hours: Database, owner: asyncpg.Connection) -> None:
    await cap(owner, 2)
    await asyncio.gather(hold(hours, STARTS[0]), hold(hours, STARTS[1]))
    with pytest.raises(SlotTaken):
        await book(hours, STARTS[5])
    with clock.shifted(LENGTH + timedelta(seconds=1)):
        async with hours.transaction(ANONYMOUS) as tx:
            assert len(await slots.free(tx, TALK, 99, until=NINE + DAY / 2)) == 16
        booked, refused = await everybody(hours, STARTS[2:6])
    assert (len(booked), len(refused)) == (2, 2)


async def test_a_move_within_a_day_needs_no_place(hours: Database, owner: asyncpg.Connection) -> None:
    """Not even in a day that has more than its cap, because the cap was lowered."""
    await cap(owner, 3)
    booked, _refused = await everybody(hours, STARTS[:3])
    await cap(owner, 2)
    moved = await asyncio.gather(
        *(changes.move(hours, guest(it.id), it.id, start) for it, start in zip(booked, STARTS[8:11], strict=True))
    )
    assert [it.start for it in moved] == STARTS[8:11]
    with pytest.raises(SlotTaken):
        await book(hours, STARTS[0])


async def test_a_move_to_another_day_takes_a_place_there(hours: Database, owner: asyncpg.Connection) -> None:
    await cap(owner, 3)
    booked, _refused = await everybody(hours, STARTS[:3])
    await cap(owner, 2)
    told = await asyncio.gather(
        *(changes.move(hours, guest(it.id), it.id, STARTS[n] + DAY) for n, it in enumerate(booked)),
        return_exceptions=True,
    )
    assert sorted(type(it).__name__ for it in told) == ["Appointment", "Appointment", "SlotTaken"]
    assert await active(owner) == {NINE.date(): 1, (NINE + DAY).date(): 2}


async def test_the_worker_lets_go_and_takes_without_a_circle(hours: Database, owner: asyncpg.Connection) -> None:
    """It gives a time back and holds another one in one transaction, while somebody waits for the first."""
    await cap(owner, 9)
    held, before = await hold(hours, STARTS[0]), await count_deadlocks(owner)
    async with hours.transaction(SYSTEM) as tx:
        await tx.value("waitlist.alone", practitioner=DR_BOB)
        await tx.connection.execute("UPDATE appointment SET status = 'cancelled' WHERE id = $1", held.id)
        rival = asyncio.create_task(book(hours, STARTS[0]))
        await asyncio.sleep(0.3)
        taken = await tx.many(
            Appointment, "scheduling.hold", id=new_id(), service=TALK, start=STARTS[1], mode="video", near=True,
            station=None, assistant=None, expires=clock.now() + LENGTH, key=None, digest=None, now=clock.now(),
        )  # fmt: skip
        assert len(taken) == 1
    assert (await rival).start == STARTS[0]
    assert await count_deadlocks(owner) == before


async def test_a_day_of_25_hours_is_full_to_its_end(hours: Database, owner: asyncpg.Connection) -> None:
    """On the last Sunday of October a booking in the first hour counts for a start in the last, 24 hours later."""
    year = NINE.year if datetime(NINE.year, 10, 20, tzinfo=UTC) > NINE else NINE.year + 1
    sunday = next(
        day for n in range(25, 32) if (day := datetime(year, 10, n, tzinfo=ZoneInfo("Europe/Berlin"))).isoweekday() == 7
    ).astimezone(UTC)
    await cap(owner, 1)
    await owner.execute("UPDATE service SET notice = '0', horizon = '366 days' WHERE id = $1", TALK)
    await people.open_hours(hours, DR_BOB, sunday, 1)
    await people.open_hours(hours, DR_BOB, sunday + timedelta(hours=24), 1)
    await book(hours, sunday)
    with clock.shifted(sunday + timedelta(hours=24, minutes=20) - clock.now()):
        async with hours.transaction(ANONYMOUS) as tx:
            assert await slots.free(tx, TALK, 9) == []


async def test_looking_past_the_horizon_finds_nothing(hours: Database, owner: asyncpg.Connection) -> None:
    for most in (None, 3):
        await cap(owner, most)
        async with hours.transaction(ANONYMOUS) as tx:
            assert await slots.free(tx, TALK, 9, since=NINE + 90 * DAY) == []
            assert await slots.free(tx, TALK, 9, since=NINE + 10 * DAY, until=NINE) == []
