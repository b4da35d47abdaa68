"""The kept bounds of free starts: never later than the truth, whoever writes meanwhile; exact after the worker."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import datetime, time, timedelta
from uuid import UUID

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.directory import bounds as settling
from telemed.errors import Refusal
from telemed.identity.callers import SYSTEM
from telemed.pg import Urls
from telemed.scheduling import bookings, changes, holds
from telemed.scheduling.hours import openings
from telemed.scheduling.hours.rules import Rule
from telemed.scheduling.types import BookingWish, Wish
from tests import bounds, people
from tests.booking import CODES, patient

LONG, CAPPED = people.fixed(34), people.fixed(35)  # Bob's: 40 minutes with buffers; Dora's: two a day
DONE = ("book", "book_hold", "cancel", "move", "release", "expire", "hours", "service")
SERVICES = (people.TALK, people.TALK_DORA, LONG, CAPPED)


@pytest.fixture
async def practice(cast: Database) -> Database:
    """Bob and Dora with two services each and a week of hours, over noon and over midnight."""
    async with cast.transaction(SYSTEM) as tx:
        await tx.connection.execute(
            "INSERT INTO service (id, practitioner, name_de, name_en, duration, buffer_before, buffer_after, notice,"
            " grid, modes, daily_cap) VALUES"
            " ($1, $2, 'L', 'L', '40 min', '10 min', '5 min', '1 h', '20 min', '{video}', NULL),"
            " ($3, $4, 'C', 'C', '30 min', '0', '0', '10 min', '30 min', '{video}', 2)",
            LONG, people.DR_BOB, CAPPED, people.DR_DORA,
        )  # fmt: skip
        await tx.connection.execute("UPDATE service SET horizon = '4 days'")
        since = clock.now().date() - timedelta(days=2)
        for doctor, start, end in ((people.DR_BOB, time(10), time(13)), (people.DR_DORA, time(22), time(2)),
                                   (people.DR_DORA, time(15), time(18))):  # fmt: skip
            await openings.add_rule(
                tx, doctor, Rule.weekly((1, 2, 3, 4, 5, 6, 7), start, end, "Europe/Berlin", since, on_holidays=True)
            )
    return cast


class Storm:
    """Random writers; every refusal is part of the game."""

    def __init__(self, db: Database, seed: int, *, worker: bool) -> None:
        self.db, self.random, self.worker = db, random.Random(seed), worker
        self.booked: list[tuple[UUID, UUID]] = []
        self.done: Counter[str] = Counter()

    async def step(self) -> None:
        every: list[Callable[[], Awaitable[None]]] = [
            self.book, self.book, self.book, self.book_hold, self.cancel, self.cancel, self.move, self.release,
            self.expire, self.hours, self.service, self.noshow, *[self.tighten][: self.worker],
        ]  # fmt: skip
        chosen = self.random.choice(every)
        with suppress(Refusal):
            await chosen()
            self.done[chosen.__name__] += 1

    async def start(self, service: UUID) -> datetime:
        async with self.db.transaction(SYSTEM) as tx:
            starts = await tx.connection.fetch(
                "SELECT start FROM free_starts(ARRAY[$1::uuid], NULL, NULL, NULL, NULL, NULL, NULL, NULL, $2,"
                " 'infinity', $2, 60)",
                service, clock.now(),
            )  # fmt: skip
        if not starts:
            raise Refusal
        # The first starts are the ones that the bounds are about.
        chosen: datetime = self.random.choice(starts[: self.random.choice((1, 2, 60))])[0]
        return chosen

    async def book(self) -> None:
        service = self.random.choice(SERVICES)
        wish = BookingWish(service=service, start=await self.start(service), patient=patient(self.name()))
        made = await bookings.book(self.db, CODES, SYSTEM, wish)
        self.booked.append((made.id, service))

    async def book_hold(self) -> None:
        service = self.random.choice(SERVICES)
        held = await holds.hold(self.db, CODES, SYSTEM, Wish(service=service, start=await self.start(service)))
        wish = BookingWish(
            service=service, start=held.start, patient=patient(self.name()), hold=held.id, hold_secret=held.secret
        )
        made = await bookings.book(self.db, CODES, SYSTEM, wish)
        self.booked.append((made.id, service))

    async def cancel(self) -> None:
        if self.booked:
            id, _service = self.booked.pop(self.random.randrange(len(self.booked)))
            await changes.cancel(self.db, SYSTEM, id)

    async def move(self) -> None:
        if self.booked:
            id, service = self.random.choice(self.booked)
            await changes.move(self.db, SYSTEM, id, await self.start(service))

    async def release(self) -> None:
        service = self.random.choice(SERVICES)
        held = await holds.hold(self.db, CODES, SYSTEM, Wish(service=service, start=await self.start(service)))
        await holds.release(self.db, CODES, SYSTEM, held.id, held.secret)

    async def expire(self) -> None:
        service = self.random.choice(SERVICES)
        held = await holds.hold(self.db, CODES, SYSTEM, Wish(service=service, start=await self.start(service)))
        async with self.db.transaction(SYSTEM) as tx:
            await tx.connection.execute(
                "UPDATE appointment SET expires = now() - interval '1 s' WHERE id = $1", held.id
            )

    async def hours(self) -> None:
        doctor = self.random.choice((people.DR_BOB, people.DR_DORA))
        async with self.db.transaction(SYSTEM) as tx:
            await tx.connection.execute(
                "UPDATE rule SET end_time = end_time + $2::interval WHERE practitioner = $1 AND start_time <> '22:00'",
                doctor, timedelta(minutes=self.random.choice((-30, 30))),
            )  # fmt: skip
            await openings.rebuild(tx, doctor, clock.now().date())

    async def service(self) -> None:
        async with self.db.transaction(SYSTEM) as tx:
            await tx.connection.execute(
                "UPDATE service SET buffer_after = $2, active = $5,"
                " daily_cap = CASE WHEN id = $3 THEN $4::smallint END WHERE id = $1",
                self.random.choice((LONG, CAPPED)), timedelta(minutes=self.random.choice((0, 5))), CAPPED,
                self.random.choice((2, 3)), self.random.random() < 0.8,
            )  # fmt: skip

    async def noshow(self) -> None:
        if self.booked:
            async with self.db.transaction(SYSTEM) as tx:
                await tx.connection.execute(
                    "UPDATE appointment SET status = 'noshow' WHERE id = $1", self.random.choice(self.booked)[0]
                )

    async def tighten(self) -> None:
        now = clock.now()
        soon = now + timedelta(days=self.random.choice((0, 2)))
        async with self.db.transaction(SYSTEM) as tx:
            await tx.value("directory.tighten", now=now, soon=soon, settled=now, most=self.random.choice((1, 1000)))

    def name(self) -> str:
        return "".join(self.random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(12)).title()


@pytest.fixture
async def watching(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    """A connection of its own, to look while others write."""
    connection = await asyncpg.connect(urls.owner)
    yield connection
    await connection.close()


@pytest.mark.parametrize("seed", range(3))
async def test_one_after_the_other(practice: Database, watching: asyncpg.Connection, seed: int) -> None:
    storm = Storm(practice, seed, worker=True)
    for number in range(200):
        await storm.step()
        if number % 3 == 0:
            bounds.never_late(await bounds.look(watching))
    await _exact(practice, watching)
    assert min(storm.done[what] for what in (*DONE, "tighten")) > 2, storm.done


@pytest.mark.parametrize("worker", [True, False], ids=["the worker among them", "the worker afterwards"])
async def test_all_at_once(practice: Database, watching: asyncpg.Connection, worker: bool) -> None:
    """Eight writers, and somebody who looks at snapshots all the while: in none is a bound later than the truth.

    What the worker reckons while somebody takes the same start may stay too early until that is over.
    """
    storms = [Storm(practice, seed, worker=worker) for seed in range(8)]

    async def rage(storm: Storm) -> None:
        for _ in range(60):
            await storm.step()

    raging = asyncio.gather(*(rage(storm) for storm in storms))
    looks = 0
    try:
        while not raging.done():
            bounds.never_late(await bounds.look(watching))
            looks += 1
            await asyncio.sleep(0.01)
    finally:
        await raging
    bounds.never_late(await bounds.look(watching))
    if not worker:
        await _exact(practice, watching)
    done = sum((storm.done for storm in storms), Counter[str]())
    assert looks > 10 and min(done[what] for what in DONE) > 10, done


async def test_a_practice_moves_while_somebody_books(practice: Database, watching: asyncpg.Connection) -> None:
    """The move cannot touch the row that the booking replaces; the worker takes the new one along to the new town."""
    there = "SELECT count(*) FROM next_free WHERE place = $1"
    booking = watching.transaction()
    await booking.start()
    await watching.execute(
        "INSERT INTO appointment (id, practitioner, service, site, mode, status, during, reserved, code_digest,"
        " patient_key, patient_name, birth_date)"
        " SELECT gen_random_uuid(), practitioner, service, $2, 'video', 'booked', r, r, 'a', 'a', 'A', '1950-01-01'"
        " FROM next_free, tstzrange(start, start + interval '15 min') AS r"
        " WHERE service = $1 AND opening IS NOT NULL AND start > now() + interval '1 day' ORDER BY start LIMIT 1",
        people.TALK, people.PRENZLAU,
    )  # fmt: skip
    async with practice.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE site SET place = 2823533 WHERE id = $1", people.PRENZLAU)
    await booking.commit()
    assert await watching.fetchval(there, 2852218) > 0
    await _exact(practice, watching)
    assert await watching.fetchval(there, 2852218) == 0 and await watching.fetchval(there, 2823533) > 20


async def _exact(db: Database, watching: asyncpg.Connection) -> None:
    async with db.transaction(SYSTEM) as tx:
        now = clock.now()
        await tx.value("directory.tighten", now=now, soon=now + settling.SOON, settled=now, most=100_000)
    seen = await bounds.look(watching)
    bounds.exact(seen)
    assert len(seen.true) > 20
