"""Time off: of one doctor or a whole practice, once or every year, and who covers. What is booked stays booked."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.errors import CONSTRAINTS, Forbidden
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.scheduling.hours import hours, openings
from telemed.scheduling.hours.checks import (
    CLOSURES_MOST,
    ClosureEndsFirst,
    ClosureTooLong,
    SubstituteUnfit,
    TooManyClosures,
    YearlyWholeDays,
    check_closure,
)
from telemed.scheduling.hours.rules import DAY, Range, every_year, instants

CONSTRAINTS["closure_substitute"] = SubstituteUnfit
AHEAD = timedelta(days=60)  # how long before patients are told
LocalTime = Annotated[time, msgspec.Meta(tz=False)]


class ClosureWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Local dates, both included; with times, from `since` on the first to `until` on the last day.

    Without `practitioner` the whole practice is closed.
    """

    first: date
    last: date
    since: LocalTime | None = None
    until: LocalTime | None = None
    practitioner: UUID | None = None
    yearly: bool = False
    substitute: UUID | None = None
    note: Annotated[str, msgspec.Meta(max_length=400)] = ""


class Closure(msgspec.Struct, frozen=True, kw_only=True):
    """Time off as it is written down; of every year, as it was first."""

    id: UUID
    site: UUID
    practitioner: UUID | None
    practitioner_name: str
    start: datetime
    end: datetime
    yearly: bool
    substitute: UUID | None
    substitute_name: str
    note: str


class Away(msgspec.Struct, frozen=True):
    """A doctor is away and somebody covers: what patients are told."""

    start: datetime
    end: datetime
    substitute: UUID
    name: str


class _Its(msgspec.Struct, frozen=True):
    id: UUID
    site: UUID
    practitioner: UUID | None


class _Site(msgspec.Struct, frozen=True):
    id: UUID
    zone: str


class _Substitution(Away, frozen=True):
    yearly: bool


async def closures(tx: Tx, site: UUID) -> list[Closure]:
    """A practice's time off that is not over."""
    return await tx.many(Closure, "hours.closures", site=site, now=clock.now())


async def add(tx: Tx, caller: Caller, wish: ClosureWish, verb: str = "hours.change") -> Closure:
    """Closes; the very same closure again is the one that is there. Raises a HoursRefused, NotFound, Forbidden."""
    site = await _site(tx, caller, wish, verb)
    closed = _range(wish, site.zone)
    note = " ".join(wish.note.split())
    check_closure(closed, clock.now(), yearly=wish.yearly, note=note)
    if wish.substitute is not None and wish.practitioner in (None, wish.substitute):
        raise SubstituteUnfit
    await _lock(tx, site.id, wish.practitioner)
    row = {"practitioner": wish.practitioner, "yearly": wish.yearly, "substitute": wish.substitute, "note": note}
    there = await closures(tx, site.id)
    wanted = {**row, "start": closed.start, "end": closed.end}
    same = next((one for one in there if {name: getattr(one, name) for name in wanted} == wanted), None)
    if same is not None:
        return same
    if len(there) >= CLOSURES_MOST:
        raise TooManyClosures
    id = new_id()
    await tx.run("hours.add_closure", id=id, site=site.id, start=closed.start, end=closed.end, **row)
    await _changed(tx, _Its(id, site.id, wish.practitioner), "added")
    return next(one for one in await closures(tx, site.id) if one.id == id)


async def remove(tx: Tx, caller: Caller, closure: UUID, verb: str = "hours.change") -> UUID | None:
    """Opens again; whose time off it was, None for the whole practice. Raises NotFound."""
    it = await tx.one(_Its, "hours.closure", id=closure)
    may(caller, verb, Thing(site=it.site))
    await _lock(tx, it.site, it.practitioner)
    await tx.run("hours.remove_closure", id=closure)
    await _changed(tx, it, "removed")
    return it.practitioner


async def away(tx: Tx, practitioner: UUID, zone: str) -> list[Away]:
    """When a doctor is away within the next weeks and who covers; patients are sent there, never moved (B-01)."""
    now = clock.now()
    today = now.astimezone(ZoneInfo(zone)).date()
    told = []
    for one in await tx.many(_Substitution, "hours.substitutions", practitioner=practitioner, now=now):
        once = Range(one.start, one.end)
        times = every_year(once, zone, today - DAY, today + AHEAD) if one.yearly else [once]
        told += [Away(start, end, one.substitute, one.name) for start, end in times if end > now > start - AHEAD]
    return sorted(told, key=lambda one: one.start)


async def _site(tx: Tx, caller: Caller, wish: ClosureWish, verb: str) -> _Site:
    if wish.practitioner is not None:
        who = await hours.whose(tx, caller, wish.practitioner, verb)
        return _Site(who.site, who.zone)
    if caller.site is None:
        raise Forbidden
    may(caller, verb, Thing(site=caller.site))
    return await tx.one(_Site, "hours.hours_site", site=caller.site)


def _range(wish: ClosureWish, zone: str) -> Range:
    """From the first to the last instant that is meant; an hour that is there twice is closed twice."""
    if wish.yearly and (wish.since or wish.until):
        raise YearlyWholeDays
    if not 2000 <= wish.first.year <= 2100 or not 2000 <= wish.last.year <= 2100:
        raise ClosureTooLong
    end = datetime.combine(wish.last, wish.until) if wish.until else datetime.combine(wish.last + DAY, time())
    found = instants(datetime.combine(wish.first, wish.since or time()), end, zone)
    if not found:
        raise ClosureEndsFirst
    return Range(found[0].start, found[-1].end)


async def _lock(tx: Tx, site: UUID, practitioner: UUID | None) -> None:
    if practitioner is None:
        await openings.lock_site(tx, site)
    else:
        await openings.lock(tx, practitioner)


async def _changed(tx: Tx, it: _Its, what: str) -> None:
    if it.practitioner is None:
        await openings.rebuild_at(tx, it.site)
    else:
        await openings.rebuild(tx, it.practitioner, clock.now().date())
    await hours.note(tx, it.site, f"closure {it.id} {what}")
