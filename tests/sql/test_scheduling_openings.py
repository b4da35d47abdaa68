"""Rules become openings in the database, and openings become the starts that are offered."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import NotFound
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.scheduling.hours import closures, openings
from telemed.scheduling.hours.closures import ClosureWish
from telemed.scheduling.hours.rules import Range, Rule
from telemed.scheduling.slots import slots
from telemed.scheduling.types import FirstFree, Slot, SlotsQuery
from tests import people
from tests.booking import book, patient
from tests.people import CALLERS, DR_BOB, DR_CHARLIE, STATION, TALK, TALK_CHARLIE, TALK_DORA

DAILY = (1, 2, 3, 4, 5, 6, 7)
QUARTER = timedelta(minutes=15)
OCTOBER = datetime(2026, 10, 20, 6, tzinfo=UTC)  # five days before the clocks change
ADVENT = datetime(2026, 12, 20, 6, tzinfo=UTC)


def rule(start: str, end: str, **more: object) -> Rule:
    begin, finish = time.fromisoformat(start), time.fromisoformat(end)
    return Rule.weekly(DAILY, begin, finish, "Europe/Berlin", date(2026, 1, 1), **more)  # type: ignore[arg-type]


def at(moment: datetime) -> object:
    """The process lives at that moment."""
    return clock.shifted(moment - datetime.now(UTC))


async def add(db: Database, *rules: Rule, practitioner: UUID = DR_BOB) -> None:
    async with db.transaction(SYSTEM) as tx:
        for one in rules:
            await openings.add_rule(tx, practitioner, one)


async def search(db: Database, since: datetime, until: datetime, **more: object) -> list[Slot]:
    async with db.transaction(ANONYMOUS) as tx:
        return (await slots(tx, TALK, SlotsQuery(since, until, limit=500, **more))).slots  # type: ignore[arg-type]


async def kept(owner: asyncpg.Connection, practitioner: UUID = DR_BOB) -> dict[int, Range]:
    rows = await owner.fetch(
        "SELECT id, lower(during) AS a, upper(during) AS b FROM opening WHERE practitioner = $1", practitioner
    )
    return {row["id"]: Range(row["a"], row["b"]) for row in rows}


async def test_openings_reach_from_yesterday_to_the_horizon(cast: Database, owner: asyncpg.Connection) -> None:
    await add(cast, rule("09:00", "10:00", on_holidays=True))
    days = sorted(opening.start.date() for opening in (await kept(owner)).values())
    today = clock.now().date()
    assert (days[0], days[-1], len(days)) == (today - timedelta(days=1), today + timedelta(days=31), 33)


async def test_a_rebuild_touches_only_what_changed(cast: Database, owner: asyncpg.Connection) -> None:
    await add(cast, rule("09:00", "10:00", on_holidays=True))
    before = await kept(owner)
    with clock.shifted(timedelta(days=1)):
        await openings.rebuild_all(cast)
    after = await kept(owner)
    assert (len(before.keys() - after.keys()), len(after.keys() - before.keys())) == (1, 1)


async def test_a_closure_takes_its_openings_away_and_what_is_booked_stays(cast: Database) -> None:
    await add(cast, rule("09:00", "10:00", on_holidays=True))
    free = await search(cast, clock.now(), clock.now() + timedelta(days=2))
    booked = await book(cast, free[0].start)
    async with cast.transaction(CALLERS["carla"]) as tx:
        today = clock.now().date()
        off = ClosureWish(first=today, last=today + timedelta(days=2), practitioner=DR_BOB, note="Fortbildung")
        await closures.add(tx, CALLERS["carla"], off)
    assert await search(cast, clock.now(), clock.now() + timedelta(days=2)) == []
    assert booked.status == "booked"


async def test_public_holidays_of_the_practices_state_are_closed(cast: Database) -> None:
    with at(ADVENT):  # type: ignore[attr-defined]
        await add(cast, rule("09:00", "09:15"), rule("20:00", "20:15", on_holidays=True))
        found = await search(cast, ADVENT, ADVENT + timedelta(days=8))
    morning = [slot.start.day for slot in found if slot.start.hour == 8]
    assert morning == [20, 21, 22, 23, 24, 27]
    assert len(found) - len(morning) == 8


async def test_the_doubled_hour_is_offered_twice_and_labelled_apart(cast: Database) -> None:
    with at(OCTOBER):  # type: ignore[attr-defined]
        await add(cast, rule("02:00", "03:00"))
        found = await search(cast, datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC))
        assert [(slot.local[-5:], slot.season) for slot in found] == [
            (f"02:{minute:02}", season) for season in ("summer", "winter") for minute in (0, 15, 30, 45)
        ]
        first, second = [
            await book(cast, slot.start, patient(f"Zeit {slot.season}")) for slot in found if slot.local[-2:] == "30"
        ]
        assert second.start - first.start == timedelta(hours=1)
        left = await search(cast, datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC))
        assert [slot.local[-2:] for slot in left] == ["00", "15", "45"] * 2


async def test_the_missing_hour_is_not_offered(cast: Database) -> None:
    march = datetime(2027, 3, 27, 6, tzinfo=UTC)
    with at(march):  # type: ignore[attr-defined]
        await add(cast, rule("01:45", "03:15", on_holidays=True))
        found = await search(cast, march, march + timedelta(days=1, hours=3))
    assert [slot.local[-5:] for slot in found] == ["01:45", "03:00"]


async def test_a_window_and_a_limit_are_kept(cast: Database) -> None:
    nine = people.tomorrow(9)
    await people.open_hours(cast, DR_BOB, nine, 4)
    found = await search(cast, nine + timedelta(minutes=1), nine + timedelta(minutes=60))
    assert [slot.start for slot in found] == [nine + QUARTER * n for n in (1, 2, 3)]
    async with cast.transaction(ANONYMOUS) as tx:
        assert [slot.start for slot in (await slots(tx, TALK, SlotsQuery(limit=2))).slots] == [nine, nine + QUARTER]
        far = SlotsQuery(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
        assert len((await slots(tx, TALK, far)).slots) == 16
        with pytest.raises(NotFound):
            await slots(tx, people.fixed(99), SlotsQuery())


async def test_a_busy_station_hides_starts_for_assisted_only(cast: Database) -> None:
    nine = people.tomorrow(9)
    for practitioner in (DR_BOB, DR_CHARLIE):
        await people.open_hours(cast, practitioner, nine, 0.5)
    await book(cast, nine, caller=CALLERS["petra"], service=TALK_CHARLIE, mode="assisted", station=STATION)
    day = nine + timedelta(days=1)
    assert [slot.start for slot in await search(cast, nine, day, station=STATION)] == [nine + QUARTER]
    assert [slot.start for slot in await search(cast, nine, day)] == [nine, nine + QUARTER]


async def test_the_first_free_start_of_many(cast: Database) -> None:
    nine = people.tomorrow(9)
    await people.open_hours(cast, DR_BOB, nine, 0.5)
    await people.open_hours(cast, DR_CHARLIE, nine, 0.25)
    await book(cast, nine)
    await book(cast, nine, patient("Berta"), service=TALK_CHARLIE)
    await people.open_hours(cast, DR_BOB, nine - timedelta(hours=1) + timedelta(days=3), 1)
    async with cast.transaction(ANONYMOUS) as tx:
        found = await tx.many(
            FirstFree, "scheduling.first_free", services=[TALK, TALK_CHARLIE, TALK_DORA, people.fixed(99)], near=None,
            now=clock.now(),
        )  # fmt: skip
    assert found == [FirstFree(TALK, nine + QUARTER)]
