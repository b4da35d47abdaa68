"""Openings: rules, closures and public holidays of the horizon, kept in the database and never computed on a look."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from uuid import UUID

import holidays
import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.identity.callers import SYSTEM
from telemed.ids import new_id
from telemed.scheduling import rules
from telemed.scheduling.rules import Range, Rule


class _Closure(msgspec.Struct, frozen=True):
    start: datetime
    end: datetime


class _Reach(msgspec.Struct, frozen=True):
    state: str
    horizon: timedelta


class _Id(msgspec.Struct, frozen=True):
    id: UUID


async def rebuild(tx: Tx, practitioner: UUID, today: date) -> int:
    """Makes the openings what rules, closures and holidays say, from yesterday to the horizon; how many there are.

    Only differences are written, in the caller's transaction, so a search at the same time never finds a hole.
    """
    await tx.value("scheduling.lock_openings", practitioner=practitioner)
    reach = await tx.one(_Reach, "scheduling.reach", practitioner=practitioner)
    first, last = today - timedelta(days=1), today + reach.horizon + timedelta(days=1)
    since = datetime.combine(first - timedelta(days=2), time(), UTC)
    found = await tx.many(Rule, "scheduling.rules", practitioner=practitioner)
    closed = await tx.many(_Closure, "scheduling.closures", practitioner=practitioner, since=since)
    meant = rules.openings(
        found, [Range(closure.start, closure.end) for closure in closed], first, last,
        _holidays(reach.state, tuple(range(first.year, last.year + 1))),
    )  # fmt: skip
    ranges = {"starts": [opening.start for opening in meant], "ends": [opening.end for opening in meant]}
    await tx.run("scheduling.drop_openings", practitioner=practitioner, **ranges)
    await tx.run("scheduling.add_openings", practitioner=practitioner, **ranges)
    return len(meant)


async def rebuild_all(db: Database) -> None:
    """The worker's daily round: each practitioner in a transaction of its own."""
    async with db.transaction(SYSTEM) as tx:
        everybody = await tx.many(_Id, "scheduling.practitioners")
    for practitioner in everybody:
        async with db.transaction(SYSTEM) as tx:
            await rebuild(tx, practitioner.id, clock.now().date())


async def add_rule(tx: Tx, practitioner: UUID, rule: Rule) -> None:
    """A new rule, and the openings it brings."""
    await tx.run("scheduling.add_rule", id=new_id(), practitioner=practitioner, **msgspec.structs.asdict(rule))
    await rebuild(tx, practitioner, clock.now().date())


async def close(tx: Tx, practitioner: UUID, closed: Range, note: str = "") -> None:
    """Time off. What is booked already stays booked."""
    await tx.run(
        "scheduling.add_closure", id=new_id(), practitioner=practitioner, start=closed.start, end=closed.end, note=note
    )
    await rebuild(tx, practitioner, clock.now().date())


@lru_cache(maxsize=64)
def _holidays(state: str, years: tuple[int, ...]) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DE", subdiv=state, years=years))
