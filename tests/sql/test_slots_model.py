"""Free starts against a slow model that tries every minute: openings minus reservations, on the days clocks change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from telemed.db import Database
from telemed.pg import Urls
from tests.people import DR_BOB, DR_DORA, PRENZLAU, TALK, TALK_DORA

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PATIENT = b"patient"
# The days on which clocks change, an ordinary one, and the ends of a year.
DAYS = [
    ("Europe/Berlin", date(2027, 3, 28)), ("Europe/Berlin", date(2027, 10, 31)), ("Europe/Lisbon", date(2027, 3, 28)),
    ("Europe/Lisbon", date(2027, 10, 31)), ("Europe/Berlin", date(2027, 6, 9)), ("Europe/Lisbon", date(2027, 12, 31)),
]  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """A time of Bob's (`reserved`, with `during` inside it), or with `elsewhere` the patient's with another doctor."""

    reserved: tuple[datetime, datetime]
    during: tuple[datetime, datetime]
    status: str
    expired: bool
    same_service: bool
    elsewhere: bool

    @property
    def blocks(self) -> bool:
        return self.status in ("booked", "arrived", "fulfilled") or (self.status == "held" and not self.expired)


@dataclass(frozen=True)
class World:
    zone: str
    now: datetime
    openings: list[tuple[datetime, datetime]]
    taken: list[Taken]
    duration: timedelta
    before: timedelta
    after: timedelta
    grid: timedelta
    notice: timedelta
    horizon: timedelta
    cap: int | None
    near_minutes: int | None
    share: int
    near_until: timedelta
    head_start: timedelta
    # the question
    near: bool
    earliest: datetime
    latest: datetime
    weekdays: list[int] | None
    since: time | None
    until: time | None

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.zone))

    def is_slot(self, start: datetime) -> bool:
        if not self.now + self.notice <= start < self.now + self.horizon:
            return False
        for begins, ends in self.openings:
            if begins <= start and start + self.duration <= ends and (start - begins) % self.grid == timedelta():
                return self.near or self._opened((start - begins) // self.grid, start)
        return False

    def _opened(self, number: int, start: datetime) -> bool:
        """To people from farther away. Of the first n starts, `share` percent are kept, rounded down."""
        if self.near_minutes is None:
            return True
        kept = 0
        for n in range(number + 1):
            is_kept = (kept + 1) * 100 <= self.share * (n + 1)
            kept += is_kept
        released = self.now >= start - max(self.horizon - self.head_start, DAY)
        return released and not (is_kept and self.now < start - self.near_until)

    def is_free(self, start: datetime) -> bool:
        mine = (start - self.before, start + self.duration + self.after)
        for it in self.taken:
            if it.blocks and it.elsewhere and it.during[0] < start + self.duration and start < it.during[1]:
                return False
            if it.blocks and not it.elsewhere and it.reserved[0] < mine[1] and mine[0] < it.reserved[1]:
                return False
        return self.cap is None or self.cap > sum(
            it.blocks and it.same_service and not it.elsewhere
            and self.local(it.during[0]).date() == self.local(start).date()
            for it in self.taken
        )  # fmt: skip

    def is_asked_for(self, start: datetime) -> bool:
        wall = self.local(start)
        return (
            self.earliest <= start < self.latest
            and (self.weekdays is None or wall.isoweekday() in self.weekdays)
            and (self.since is None or wall.time() >= self.since)
            and (self.until is None or wall.time() < self.until)
        )

    def minutes(self) -> list[datetime]:
        return [
            begins + n * MINUTE for begins, ends in self.openings for n in range(-30, (ends - begins) // MINUTE + 30)
        ]  # fmt: skip


def minutes(least: int, most: int, step: int = 5) -> st.SearchStrategy[timedelta]:
    return st.integers(least // step, most // step).map(lambda n: timedelta(minutes=n * step))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    zone, day = draw(st.sampled_from(DAYS))
    midnight = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    at, openings = midnight + draw(minutes(-120, 240, 7)), []
    for _ in range(draw(st.integers(1, 3))):
        length = draw(minutes(10, 600))
        openings.append((at, at + length))
        at += length + draw(minutes(1, 700, 1))
    duration, before, after = draw(minutes(5, 90)), draw(minutes(0, 30)), draw(minutes(0, 30))
    taken: list[Taken] = []
    for elsewhere in (False, True):
        at = midnight + draw(minutes(-120, 240))
        for _ in range(draw(st.integers(0, 4))):
            lead, length, tail = draw(minutes(0, 20)), draw(minutes(5, 60)), draw(minutes(0, 20))
            taken.append(
                Taken(
                    (at, at + lead + length + tail), (at + lead, at + lead + length),
                    draw(st.sampled_from(["held", "booked", "arrived", "cancelled"])), draw(st.booleans()),
                    draw(st.booleans()), elsewhere,
                )
            )  # fmt: skip
            at += lead + length + tail + draw(minutes(0, 300))
    now = (
        midnight
        - draw(st.sampled_from([timedelta(hours=3), timedelta(), DAY, 3 * DAY, 9 * DAY]))
        + draw(minutes(0, 600, 1))
    )
    earliest = midnight + draw(minutes(-300, 1500, 1))
    since = draw(st.none() | st.sampled_from([time(0), time(2, 30), time(9)]))
    return World(
        zone, now, openings, taken, duration, before, after, draw(minutes(5, 60)), draw(minutes(0, 600)),
        draw(st.sampled_from([DAY, 2 * DAY, 10 * DAY, 30 * DAY])), draw(st.none() | st.integers(1, 3)),
        draw(st.none() | st.just(30)), draw(st.integers(0, 100)), draw(st.sampled_from([timedelta(), DAY, 2 * DAY])),
        draw(st.sampled_from([timedelta(), DAY, 5 * DAY])), draw(st.booleans()), earliest,
        earliest + draw(minutes(0, 3000, 1)), draw(st.none() | st.lists(st.integers(1, 7), min_size=1, max_size=4)),
        since, draw(st.none() | st.sampled_from([time(3), time(12), time(23, 30)])),
    )  # fmt: skip


class Bench:
    """A connection of its own, on a loop of its own: hypothesis calls plain functions."""

    def __init__(self, app: str) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._connection = self._runner.run(asyncpg.connect(app, server_settings={"timezone": "UTC"}))

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()

    def ask(self, world: World) -> tuple[list[datetime], set[datetime]]:
        """The free starts, and which minutes are slots."""
        return self._runner.run(self._ask(world))

    async def _ask(self, world: World) -> tuple[list[datetime], set[datetime]]:
        run = self._connection.execute
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            await run("SELECT set_config('telemed.role', 'system', true)")
            await run(
                "UPDATE site SET zone = $2, near_minutes = $3, near_share = $4, near_until = $5, head_start = $6"
                " WHERE id = $1",
                PRENZLAU, world.zone, world.near_minutes, world.share, world.near_until, world.head_start,
            )  # fmt: skip
            await run(
                "UPDATE service SET duration = $2, buffer_before = $3, buffer_after = $4, grid = $5, notice = $6,"
                " horizon = $7, daily_cap = $8 WHERE id = $1",
                TALK, world.duration, world.before, world.after, world.grid, world.notice, world.horizon, world.cap,
            )  # fmt: skip
            for opening in world.openings:
                await run("INSERT INTO opening (practitioner, during) VALUES ($1, tstzrange($2, $3))", DR_BOB, *opening)
            for it in world.taken:
                await run(_TAKEN, *_row(it, world.now))
            free = await self._connection.fetch(
                "SELECT start FROM free_starts("
                "ARRAY[$1::uuid], ARRAY[$2::boolean], NULL, NULL, $3, $4, $5, $6, $7, $8, $9, 10000)",
                TALK, world.near, PATIENT, world.weekdays, world.since, world.until, world.earliest, world.latest,
                world.now,
            )  # fmt: skip
            slots = await self._connection.fetch(
                "SELECT start FROM unnest($1::timestamptz[]) AS start"
                " WHERE EXISTS (SELECT FROM slot($2, start, 'video', NULL, $3, $4))",
                world.minutes(), TALK, world.near, world.now,
            )  # fmt: skip
            return [row["start"] for row in free], {row["start"] for row in slots}
        finally:
            await transaction.rollback()


_TAKEN = """
    INSERT INTO appointment (id, practitioner, service, site, mode, status, reserved, during, expires, code_digest,
                             patient_name, birth_date, patient_key)
    VALUES (gen_random_uuid(), $1, $2, $3, 'video', $4, tstzrange($5, $6), tstzrange($7, $8), $9,
            sha256(gen_random_uuid()::text::bytea), 'Probe', '1950-01-01', $10)
"""


def _row(it: Taken, now: datetime) -> list[Any]:
    whose, service = (DR_DORA, TALK_DORA) if it.elsewhere else (DR_BOB, TALK if it.same_service else TALK_DORA)
    expires = now - MINUTE if it.expired else now + MINUTE
    key = PATIENT if it.elsewhere else str(it.reserved).encode()
    return [whose, service, PRENZLAU, it.status, *it.reserved, *it.during, expires, key]


@pytest.fixture
def bench(cast: Database, urls: Urls) -> Any:
    made = Bench(urls.app)
    yield made
    made.close()


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds())
def test_slots_are_what_a_look_at_every_minute_finds(bench: Bench, world: World) -> None:
    free, slots = bench.ask(world)
    note(f"free {free}")
    every = world.minutes()
    assert slots == {start for start in every if world.is_slot(start)}
    wanted = [start for start in every if world.is_slot(start) and world.is_free(start) and world.is_asked_for(start)]
    assert free == sorted(set(wanted))
