"""Openings: rules, closures and public holidays of the horizon, kept in the database and never computed on a look."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

import holidays
import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.identity.callers import SYSTEM
from telemed.ids import new_id
from telemed.scheduling.hours import rules
from telemed.scheduling.hours.rules import Range, Rule

_AHEAD: Final = timedelta(days=368)  # beyond the longest horizon


class _Closure(msgspec.Struct, frozen=True):
    start: datetime
    end: datetime
    yearly: bool = False


class _Reach(msgspec.Struct, frozen=True):
    zone: str
    state: str
    on_holidays: bool
    horizon: timedelta  # at most 366 days, by a constraint of the table


class _Place(msgspec.Struct, frozen=True):
    zone: str
    state: str
    on_holidays: bool


class Span(msgspec.Struct, frozen=True):
    """When a site with stations is open: on an ISO weekday, from `since` until before `until` on its wall clock."""

    weekday: int
    since: time
    until: time


class _Id(msgspec.Struct, frozen=True):
    id: UUID


async def rebuild(tx: Tx, practitioner: UUID, today: date) -> int:
    """Makes the openings what rules, closures and holidays say, from yesterday to the horizon; how many there are.

    Only differences are written, in the caller's transaction, so a search at the same time never finds a hole.
    """
    await lock(tx, practitioner)
    reach = await tx.one(_Reach, "hours.reach", practitioner=practitioner)
    first, last = today - timedelta(days=1), today + reach.horizon + timedelta(days=1)
    found = await tx.many(Rule, "hours.rules", practitioner=practitioner)
    closed = await _closed(tx, practitioner, reach, first, last)
    off = frozenset[date]() if reach.on_holidays else _days_off(reach.state, tuple(range(first.year, last.year + 1)))
    meant = rules.openings(found, closed, first, last, off)
    ranges = {"starts": [opening.start for opening in meant], "ends": [opening.end for opening in meant]}
    await tx.run("hours.drop_openings", practitioner=practitioner, **ranges)
    if await tx.run("hours.add_openings", practitioner=practitioner, **ranges):
        await tx.value("waitlist.refill", practitioner=practitioner)
    return len(meant)


async def rebuild_site(tx: Tx, site: UUID, today: date) -> None:
    """The same for a site with stations: when somebody is there for people who have booked from elsewhere.

    Without hours it is open all the time, but for its closures.
    """
    await lock(tx, site)
    at = await tx.maybe(_Place, "hours.site_reach", site=site)
    if at is None:
        return
    first, last = today - timedelta(days=1), today + _AHEAD
    spans = await tx.many(Span, "hours.site_hours", site=site)
    days = [Rule.weekly((span.weekday,), span.since, span.until, at.zone, first) for span in spans]
    always = [Rule.weekly(range(1, 8), time(), time(), at.zone, first, on_holidays=True)]
    off = frozenset[date]() if at.on_holidays else _days_off(at.state, tuple(range(first.year, last.year + 1)))
    since = datetime.combine(first - timedelta(days=2), time(), UTC)
    found = await tx.many(_Closure, "hours.site_closing", site=site, since=since)
    meant = rules.openings(days or always, _in_time(found, at.zone, first, last), first, last, off)
    ranges = {"starts": [opening.start for opening in meant], "ends": [opening.end for opening in meant]}
    await tx.run("hours.drop_site_openings", site=site, **ranges)
    await tx.value("hours.add_site_openings", site=site, **ranges)


async def lock(tx: Tx, practitioner: UUID) -> None:
    """Waits until nobody else changes this practitioner's hours; until the end of the transaction nobody will."""
    await tx.value("hours.lock_openings", practitioner=practitioner)


async def lock_site(tx: Tx, site: UUID) -> None:
    """The same for everybody at a practice, in one order, so that two changes never wait in a circle."""
    for practitioner in await tx.many(_Id, "hours.practitioners_at", site=site):
        await lock(tx, practitioner.id)


async def rebuild_all(db: Database) -> None:
    """The worker's daily round: each practitioner, and each site with stations, in a transaction of its own."""
    async with db.transaction(SYSTEM) as tx:
        everybody = await tx.many(_Id, "hours.practitioners")
        sites = await tx.many(_Id, "hours.sites_with_hours")
    for practitioner in everybody:
        async with db.transaction(SYSTEM) as tx:
            await rebuild(tx, practitioner.id, clock.now().date())
    for site in sites:
        async with db.transaction(SYSTEM) as tx:
            await rebuild_site(tx, site.id, clock.now().date())


async def add_rule(tx: Tx, practitioner: UUID, rule: Rule) -> None:
    """A new rule as it is, unchecked, and the openings it brings."""
    await tx.run("hours.add_rule", id=new_id(), practitioner=practitioner, **msgspec.structs.asdict(rule))
    await rebuild(tx, practitioner, clock.now().date())


async def rebuild_at(tx: Tx, site: UUID) -> None:
    """Everybody's openings at a site whose closures or holidays have changed, and its own."""
    for practitioner in await tx.many(_Id, "hours.practitioners_at", site=site):
        await rebuild(tx, practitioner.id, clock.now().date())
    await rebuild_site(tx, site, clock.now().date())


def public_holidays(state: str, years: tuple[int, ...], locale: str = "de") -> dict[date, str]:
    """The public holidays of a state (`BB`) with their names."""
    language = {"de": "de", "en": "en_US"}[locale]
    return dict(holidays.country_holidays("DE", subdiv=state, years=years, language=language))


async def _closed(tx: Tx, practitioner: UUID, reach: _Reach, first: date, last: date) -> list[Range]:
    """All that takes time away again, around the dates from `first` to `last`."""
    since = datetime.combine(first - timedelta(days=2), time(), UTC)
    found = await tx.many(_Closure, "hours.closing", practitioner=practitioner, since=since)
    closed = _in_time(found, reach.zone, first, last)
    elsewhere = await tx.many(_Closure, "feeds.busy", practitioner=practitioner, since=since)
    closed += [Range(busy.start, busy.end) for busy in elsewhere]
    return closed


def _in_time(closures: list[_Closure], zone: str, first: date, last: date) -> list[Range]:
    closed: list[Range] = []
    for closure in closures:
        once = Range(closure.start, closure.end)
        closed += rules.every_year(once, zone, first, last + timedelta(days=2)) if closure.yearly else [once]
    return closed


@lru_cache(maxsize=64)
def _days_off(state: str, years: tuple[int, ...]) -> frozenset[date]:
    return frozenset(public_holidays(state, years))
