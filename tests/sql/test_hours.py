"""Changes of hours in the database: never a hole for a search, never two truths by two workers, walls around it all."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, time, timedelta

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import NotFound
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.scheduling.hours import closures, hours, openings
from telemed.scheduling.hours.checks import RulesOverlap
from telemed.scheduling.hours.closures import ClosureWish
from telemed.scheduling.hours.outside import outside
from telemed.scheduling.hours.rules import Range, Rule
from telemed.scheduling.slots import slots
from telemed.scheduling.types import SlotsQuery
from telemed.wording import HERE
from tests import people
from tests.booking import book
from tests.people import CALLERS, DR_BOB, DR_CHARLIE, DR_DORA, PRENZLAU, TALK
from tests.sql.test_walls import BY_CALLER

CARLA = CALLERS["carla"]
TODAY = clock.now().astimezone(HERE).date()
YESTERDAY = clock.now().date() - timedelta(days=1)
NOON = datetime.combine(YESTERDAY + timedelta(days=3), time(11, 30), UTC)  # inside 8 to 16 o'clock in Berlin, all year


def daily(start: int, end: int) -> Rule:
    return Rule("FREQ=DAILY", time(start), time(end), "Europe/Berlin", YESTERDAY, on_holidays=True)


async def kept(owner: asyncpg.Connection, practitioner: object = DR_BOB) -> list[Range]:
    rows = await owner.fetch(
        "SELECT lower(during), upper(during) FROM opening WHERE practitioner = $1 ORDER BY 1", practitioner
    )
    return [Range(*row) for row in rows]


async def test_a_search_never_finds_a_hole(cast: Database) -> None:
    """Eighty changes of the hours around noon while a reader asks for noon all the time."""
    async with cast.transaction(CARLA) as tx:
        rule = await hours.add(tx, CARLA, DR_BOB, daily(8, 16))
    done = asyncio.Event()
    seen: list[bool] = []

    async def read() -> None:
        while not done.is_set():
            async with cast.transaction(ANONYMOUS) as tx:
                found = await slots(tx, TALK, SlotsQuery(NOON, NOON + timedelta(minutes=30)))
            seen.append(NOON in [slot.start for slot in found.slots])

    readers = [asyncio.create_task(read()) for _ in range(2)]
    for n in range(40):
        async with cast.transaction(CARLA) as tx:
            await hours.change(tx, CARLA, rule.id, daily(8 + n % 3, 16 + n % 2))
        async with cast.transaction(SYSTEM) as tx:
            await openings.rebuild(tx, DR_BOB, clock.now().date() + timedelta(days=n % 2))
    done.set()
    await asyncio.gather(*readers)
    assert len(seen) > 20 and all(seen)


async def test_many_workers_make_one_truth(cast: Database, owner: asyncpg.Connection) -> None:
    """Rebuilds on two days, rules and closures at once, in any order: then the openings are those of the rules."""
    drawn = random.Random(7)

    async def change(n: int) -> None:
        await asyncio.sleep(drawn.random() / 50)
        async with cast.transaction(CARLA) as tx:
            if n % 4 == 0:
                await hours.add(tx, CARLA, (DR_BOB, DR_DORA)[n // 4 % 2], daily(n // 4 + 7, n // 4 + 8))
            elif n % 4 == 1:
                day = TODAY + timedelta(days=n - 1)
                who = (None, DR_BOB)[n // 4 % 2]
                await closures.add(tx, CARLA, ClosureWish(first=day, last=day, practitioner=who))
            else:
                await openings.rebuild(tx, DR_BOB, clock.now().date() + timedelta(days=n % 2))

    await asyncio.gather(*(change(n) for n in range(32)), openings.rebuild_all(cast), openings.rebuild_all(cast))
    before = await kept(owner), await kept(owner, DR_DORA)
    await openings.rebuild_all(cast)
    assert before == (await kept(owner), await kept(owner, DR_DORA))
    assert await owner.fetchval("SELECT count(*) FROM rule") == 8


async def test_two_who_enter_overlapping_hours_at_once(cast: Database, owner: asyncpg.Connection) -> None:
    async def add(start: int) -> None:
        async with cast.transaction(CARLA) as tx:
            await hours.add(tx, CARLA, DR_BOB, daily(start, start + 3))

    results = await asyncio.gather(*(add(start) for start in (8, 9, 10)), return_exceptions=True)
    assert [type(result) for result in results if result] == [RulesOverlap, RulesOverlap]
    assert await owner.fetchval("SELECT count(*) FROM rule") == 1


async def test_a_whole_practice_closes_and_opens_again(cast: Database, owner: asyncpg.Connection) -> None:
    for doctor in (DR_BOB, DR_DORA, DR_CHARLIE):
        async with cast.transaction(SYSTEM) as tx:
            await openings.add_rule(tx, doctor, daily(8, 12))
    before = {doctor: await kept(owner, doctor) for doctor in (DR_BOB, DR_DORA, DR_CHARLIE)}
    first = YESTERDAY + timedelta(days=5)
    async with cast.transaction(CARLA) as tx:
        made = await closures.add(tx, CARLA, ClosureWish(first=first, last=first + timedelta(days=1)))
    lost = {doctor: len(before[doctor]) - len(await kept(owner, doctor)) for doctor in before}
    assert lost == {DR_BOB: 2, DR_DORA: 2, DR_CHARLIE: 0}
    async with cast.transaction(CARLA) as tx:
        await closures.remove(tx, CARLA, made.id)
    assert before == {doctor: await kept(owner, doctor) for doctor in before}


async def test_holidays_on_and_off(cast: Database, owner: asyncpg.Connection) -> None:
    advent = datetime(2026, 12, 20, 6, tzinfo=UTC)
    with clock.shifted(advent - datetime.now(UTC)):
        closed_then = Rule("FREQ=DAILY", time(9), time(10), "Europe/Berlin", YESTERDAY)
        async with cast.transaction(CARLA) as tx:
            await hours.add(tx, CARLA, DR_BOB, closed_then)
        without = await kept(owner)
        async with cast.transaction(CARLA) as tx:
            await hours.open_on_holidays(tx, CARLA, PRENZLAU, True)
        more = set(await kept(owner)) - set(without)
    assert [opening.start.date().isoformat() for opening in sorted(more)] == ["2026-12-25", "2026-12-26", "2027-01-01"]


async def test_what_lies_outside(cast: Database, owner: asyncpg.Connection) -> None:
    """Only what is booked, in the future and undecided; a change back takes it off the list."""
    async with cast.transaction(CARLA) as tx:
        rule = await hours.add(tx, CARLA, DR_BOB, daily(8, 16))
    booked = await book(cast, NOON)

    async def listed() -> list[object]:
        async with cast.transaction(CARLA) as tx:
            return [it.id for it in await outside(tx, PRENZLAU)]

    assert await listed() == []
    async with cast.transaction(CARLA) as tx:
        await hours.remove(tx, CARLA, rule.id)
    assert await listed() == [booked.id]
    with clock.shifted(timedelta(days=7)):
        assert await listed() == []
    for column, value in (("kept_outside", "true"), ("override_reason", "'Notfall'"), ("status", "'cancelled'")):
        before = await owner.fetchval(f"SELECT {column} FROM appointment")
        await owner.execute(f"UPDATE appointment SET {column} = {value}")
        assert await listed() == [], column
        await owner.execute(f"UPDATE appointment SET {column} = $1", before)
    async with cast.transaction(CARLA) as tx:
        await hours.add(tx, CARLA, DR_BOB, daily(8, 16))
    assert await listed() == []


async def test_a_longer_horizon_than_a_year_is_refused(cast: Database, owner: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE service SET horizon = '367 days'")
    await owner.execute("UPDATE service SET horizon = '366 days'")
    async with cast.transaction(CARLA) as tx:
        await hours.add(tx, CARLA, DR_BOB, daily(8, 12))
    assert len(await kept(owner)) == 366 + 3


@pytest.mark.parametrize("who", BY_CALLER)
async def test_hours_are_seen_and_changed_by_their_practice_alone(cast: Database, who: str) -> None:
    caller = BY_CALLER[who][0]
    ours = who in ("bob", "carla")
    async with cast.transaction(CARLA) as tx:
        await hours.add(tx, CARLA, DR_BOB, daily(8, 12))
        await closures.add(tx, CARLA, ClosureWish(first=TODAY, last=TODAY, practitioner=DR_BOB, substitute=DR_DORA))
    async with cast.transaction(caller) as tx:
        assert len(await tx.connection.fetch("SELECT * FROM rule")) == ours
        assert len(await tx.connection.fetch("SELECT * FROM closure")) == ours
        assert await tx.connection.execute("DELETE FROM rule") == f"DELETE {int(ours)}"
        assert await tx.connection.execute("UPDATE closure SET note = 'x'") == f"UPDATE {int(ours)}"
        public = await tx.connection.fetch("SELECT substitute FROM substitutions($1, now())", DR_BOB)
        assert [row["substitute"] for row in public] == [DR_DORA]


async def test_a_stranger_gets_nowhere(cast: Database) -> None:
    charlie = CALLERS["charlie"]
    async with cast.transaction(CARLA) as tx:
        rule = await hours.add(tx, CARLA, DR_BOB, daily(8, 12))
        off = await closures.add(tx, CARLA, ClosureWish(first=YESTERDAY, last=YESTERDAY + timedelta(days=3)))
    async with cast.transaction(charlie) as tx:
        for attempt in (
            hours.add(tx, charlie, DR_BOB, daily(8, 12)), hours.remove(tx, charlie, rule.id),
            hours.change(tx, charlie, rule.id, daily(9, 12)), closures.remove(tx, charlie, off.id),
            hours.open_on_holidays(tx, charlie, PRENZLAU, True),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await attempt


async def test_a_substitute_of_another_practice_is_held_off_by_the_schema(
    cast: Database, owner: asyncpg.Connection
) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="closure_substitute"):
        await owner.execute(
            "INSERT INTO closure (id, site, practitioner, substitute, during)"
            " VALUES ($1, $2, $3, $4, tstzrange(now(), now() + interval '1 day'))",
            people.fixed(71), PRENZLAU, DR_BOB, DR_CHARLIE,
        )  # fmt: skip
