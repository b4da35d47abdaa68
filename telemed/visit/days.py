"""Free starts grouped by day, as much as a page shows at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import groupby
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from telemed.db import Tx
from telemed.scheduling.services import nearness
from telemed.scheduling.slots import slots
from telemed.scheduling.types import KeptSlot, Service, SlotsQuery
from telemed.wording import HERE

DAYS: Final = 7  # with free times, however far apart
_READ: Final = 400


class Day(msgspec.Struct, frozen=True):
    """`kept`: free too, but only people nearby can book them yet (B-08)."""

    date: date
    starts: list[datetime]
    kept: list[KeptSlot] = []

    @property
    def opens(self) -> datetime | None:
        """When the first of those opens to everybody."""
        return min((slot.opens for slot in self.kept), default=None)


class Choice(msgspec.Struct, frozen=True):
    """`later` is the first day that did not fit on the page; None if there is none."""

    service: Service
    days: list[Day]
    later: date | None


async def choice(
    tx: Tx, service: UUID, since: date | None = None, station: UUID | None = None, *, near: bool = True,
    with_kept: bool = False,
) -> Choice:  # fmt: skip
    """The next days with free starts, from `since` on. Raises NotFound."""
    begin = _midnight(since)
    offered = await slots(tx, service, SlotsQuery(since=begin, station=station, limit=_READ), near=near)
    free = [slot.start for slot in offered.slots]
    kept = await nearness.kept(tx, service, _READ, since=begin, station=station) if with_kept and not near else []
    days = _by_day(free, kept, offered.service.zone)
    # What is cut off where reading stopped: the day it stopped in may have more, later ones certainly have.
    ends = [found[-1] for found in (free, [slot.start for slot in kept]) if len(found) == _READ]
    whole = [day for day in days if not ends or day.date < _date(min(ends), offered.service.zone)] or days[:1]
    shown = whole[:DAYS]
    return Choice(offered.service, shown, days[len(shown)].date if len(days) > len(shown) else None)


def read_day(text: str) -> date | None:
    """A day as an address says it, `2026-11-22`; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def starts_by_day(starts: list[datetime], zone: str) -> list[Day]:
    """Bare instants, on the wall clock of `zone`."""
    return _by_day(starts, [], zone)


def _by_day(free: Iterable[datetime], kept: Iterable[KeptSlot], zone: str) -> list[Day]:
    starts = {day: list(found) for day, found in groupby(free, lambda start: _date(start, zone))}
    others = {day: list(found) for day, found in groupby(kept, lambda slot: _date(slot.start, zone))}
    return [Day(day, starts.get(day, []), others.get(day, [])) for day in sorted(starts.keys() | others.keys())]


def _date(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), HERE) if day is not None else None
