"""What is in the practice's calendar for a while: appointments and holds, bookable time, time off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.desk.grid import Axis, Place, day_range, in_lanes
from telemed.desk.rows import Doctor, Row, Site
from telemed.scheduling.hours.rules import Range, every_year, merge, subtract

Kind = Literal["missing", "opening", "closure", "buffer", "free", "entry"]


class Entry(Row, frozen=True, kw_only=True):
    """What is reserved around it; nothing: it was put beside others."""

    reserved_since: datetime | None
    reserved_until: datetime | None

    @property
    def reserves(self) -> bool:
        return self.status in ("held", "booked", "arrived", "fulfilled")

    @property
    def buffers(self) -> list[Range]:
        if not self.reserves or self.reserved_since is None or self.reserved_until is None:
            return []
        around = Range(self.reserved_since, self.start), Range(self.end, self.reserved_until)
        return [one for one in around if one.end > one.start]


class Opening(msgspec.Struct, frozen=True):
    practitioner: UUID
    start: datetime
    end: datetime


class Closed(msgspec.Struct, frozen=True):
    """Time off; without `practitioner` of the whole practice."""

    id: UUID
    practitioner: UUID | None
    practitioner_name: str
    start: datetime
    end: datetime
    yearly: bool
    note: str


class Item(msgspec.Struct, frozen=True):
    """One thing in a column."""

    kind: Kind
    start: datetime
    end: datetime
    entry: Entry | None = None
    closed: Closed | None = None
    practitioner: UUID | None = None
    place: Place | None = None

    @property
    def part_of_day(self) -> bool:
        """Shorter than any day is."""
        return self.end - self.start < timedelta(hours=23)


class Agenda(msgspec.Struct, frozen=True):
    entries: list[Entry]
    openings: list[Opening]
    closures: list[Closed]

    def times(self) -> Iterator[Range]:
        """All that decides which hours are shown. A closure of days does not."""
        yield from (Range(one.start, one.end) for one in self.entries)
        yield from (Range(one.start, one.end) for one in self.openings)

    def without_cancelled(self) -> Agenda:
        return msgspec.structs.replace(self, entries=[one for one in self.entries if one.status != "cancelled"])

    def on(self, day: date, who: Doctor | None, zone: str) -> list[Item]:
        """What meets this local day, in order; free time only from now on."""
        day_ = day_range(day, ZoneInfo(zone))
        entries = [one for one in self.entries if _meets(one, day_) and (who is None or one.practitioner == who.id)]
        openings = [one for one in self.openings if _meets(one, day_) and (who is None or one.practitioner == who.id)]
        closed = [
            one for one in self.closures if _meets(one, day_) and (who is None or one.practitioner in (None, who.id))
        ]
        items = [Item("entry", one.start, one.end, entry=one) for one in entries]
        items += [Item("buffer", start, end) for one in entries for start, end in one.buffers]
        items += [Item("closure", one.start, one.end, closed=one) for one in closed]
        items += [Item("opening", *span) for span in merge(Range(one.start, one.end) for one in openings)]
        whose = {one.practitioner for one in openings}
        only = next(iter(whose)) if len(whose) == 1 else None
        free = merge(span for one in whose for span in _free(openings, self.entries, one, day_))
        items += [Item("free", *span, practitioner=only) for span in free]
        return sorted(items, key=lambda item: (max(item.start, day_.start), item.kind))


async def read(tx: Tx, at: Site, during: Range, practitioner: UUID | None) -> Agenda:
    asked = {"site": at.id, "practitioner": practitioner, "since": during.start, "until": during.end}
    entries = await tx.many(Entry, "calendar.entries", **asked, now=clock.now())
    openings = await tx.many(Opening, "calendar.openings", **asked)
    closures = await tx.many(Closed, "calendar.closures", **asked)
    return Agenda(entries, openings, [each for one in closures for each in _repeated(one, at.zone, during)])


def placed(items: list[Item], on: date, scale: Axis) -> list[Item]:
    """The items that are to be seen, in order, each with its place; entries that overlap in lanes."""
    found = [Item("missing", item_.start, item_.end, place=place) for item_, place in _missing(on, scale)]
    for item in items:
        place = scale.place(on, Range(item.start, item.end))
        if place is not None:
            found.append(msgspec.structs.replace(item, place=place))
    lanes = iter(in_lanes([item.place for item in found if item.kind == "entry" and item.place is not None]))
    return [msgspec.structs.replace(item, place=next(lanes)) if item.kind == "entry" else item for item in found]


def _missing(on: date, scale: Axis) -> list[tuple[Range, Place]]:
    start, _end = day_range(on, scale.zone)
    return [(Range(start, start), place) for place in scale.missing(on)]


def _free(openings: list[Opening], entries: list[Entry], whose: UUID, day: Range) -> list[Range]:
    """Bookable time in which nobody is booked, within the day and from now on."""
    opened = merge(Range(one.start, one.end) for one in openings if one.practitioner == whose)
    taken = [
        Range(one.reserved_since or one.start, one.reserved_until or one.end)
        for one in entries
        if one.practitioner == whose and one.reserves
    ]
    outside = [Range(datetime.min.replace(tzinfo=day.start.tzinfo), max(day.start, _next_minute()))]
    later = Range(day.end, datetime.max.replace(tzinfo=day.end.tzinfo))
    return [span for span in subtract(opened, merge([*outside, *taken, later])) if span.end - span.start >= _SHORT]


_SHORT = timedelta(minutes=5)


def _next_minute() -> datetime:
    return clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)


def _meets(one: Entry | Opening | Closed, day: Range) -> bool:
    return one.start < day.end and one.end > day.start


def _repeated(one: Closed, zone: str, during: Range) -> list[Closed]:
    """A yearly closure in the year that is looked at; another one as it is."""
    if not one.yearly:
        return [one]
    days = [instant.astimezone(ZoneInfo(zone)).date() for instant in during]
    return [
        msgspec.structs.replace(one, start=start, end=end)
        for start, end in every_year(Range(one.start, one.end), zone, *days)
        if start < during.end and end > during.start
    ]
