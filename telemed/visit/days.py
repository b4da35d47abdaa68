"""Free starts grouped by day, as much as a page shows at once."""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import groupby
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from telemed.db import Tx
from telemed.scheduling.slots import slots
from telemed.scheduling.types import Service, Slot, SlotsQuery

DAYS: Final = 7  # with free times, however far apart
_READ: Final = 400


class Day(msgspec.Struct, frozen=True):
    date: date
    starts: list[datetime]


class Choice(msgspec.Struct, frozen=True):
    """`later` is the first day that did not fit on the page; None if there is none."""

    service: Service
    days: list[Day]
    later: date | None


async def choice(tx: Tx, service: UUID, since: date | None = None, station: UUID | None = None) -> Choice:
    """The next days with free starts, from `since` on. Raises NotFound."""
    offered = await slots(tx, service, SlotsQuery(since=_midnight(since), station=station, limit=_READ))
    days = by_day(offered.slots)
    cut = DAYS if len(days) > DAYS else len(days) - 1 if len(offered.slots) == _READ and len(days) > 1 else None
    if cut is None:
        return Choice(offered.service, days, None)
    return Choice(offered.service, days[:cut], days[cut].date)


def by_day(free: list[Slot]) -> list[Day]:
    return [
        Day(date.fromisoformat(day), [slot.start for slot in group])
        for day, group in groupby(free, lambda slot: slot.local[:10])
    ]


def starts_by_day(starts: list[datetime], zone: str) -> list[Day]:
    """The same for bare instants, on the wall clock of `zone`."""
    local = ZoneInfo(zone)
    return [Day(day, list(group)) for day, group in groupby(starts, lambda start: start.astimezone(local).date())]


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), ZoneInfo("Europe/Berlin")) if day is not None else None
