"""Recurring opening times, computed without clock or database.

A rule speaks local wall clock time; an opening is made of instants. The definition that ties them together: an opening
holds every instant whose wall clock reading in the rule's zone lies in [date + start, date + end). So the hour that
occurs twice in October belongs to it twice (RFC 5545 would lose one), and the hour missing in March does not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

DAY = timedelta(days=1)


class Range(NamedTuple):
    """Instants from `start` up to but not including `end`, both in UTC."""

    start: datetime
    end: datetime


class Rule(msgspec.Struct, frozen=True):
    """A recurring opening. `weekdays` as in ISO 8601 (1 = Monday); weeks count from the Monday before `from_date`."""

    weekdays: tuple[int, ...]
    start_time: time
    end_time: time  # not after start_time: on the next day; equal: 24 hours
    zone: str
    from_date: date
    until_date: date | None = None  # inclusive
    every_weeks: int = 1
    on_holidays: bool = False

    def applies(self, day: date) -> bool:
        if day < self.from_date or (self.until_date is not None and day > self.until_date):
            return False
        weeks = (_monday(day) - _monday(self.from_date)).days // 7
        return day.isoweekday() in self.weekdays and weeks % self.every_weeks == 0

    def on(self, day: date) -> list[Range]:
        start = datetime.combine(day, self.start_time)
        end = datetime.combine(day, self.end_time)
        return instants(start, end if end > start else end + DAY, self.zone)


def openings(
    rules: Iterable[Rule],
    closures: Iterable[Range],
    first: date,
    last: date,
    holidays: Collection[date] = frozenset(),
) -> list[Range]:
    """What `rules` open on the dates from `first` to `last` (both included), minus `closures`; ordered and disjoint."""
    opened: list[Range] = []
    for rule in rules:
        for day in _dates(first, last):
            if rule.applies(day) and (rule.on_holidays or day not in holidays):
                opened += rule.on(day)
    return subtract(merge(opened), merge(closures))


def instants(start: datetime, end: datetime, zone: str) -> list[Range]:
    """All instants whose wall clock reading in `zone` lies in the naive interval [start, end)."""
    found: list[Range] = []
    for year in range(start.year - 1, end.year + 2):
        for since, until, offset in _offsets(zone, year):
            begin = max(start.replace(tzinfo=UTC) - offset, since)
            finish = min(end.replace(tzinfo=UTC) - offset, until)
            if begin < finish:
                found.append(Range(begin, finish))
    return merge(found)


def merge(ranges: Iterable[Range]) -> list[Range]:
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1].end:
            merged[-1] = Range(merged[-1].start, max(merged[-1].end, end))
        else:
            merged.append(Range(start, end))
    return merged


def subtract(ranges: Iterable[Range], closed: Iterable[Range]) -> list[Range]:
    """`ranges` without `closed`; both ordered and disjoint."""
    left = list(ranges)
    for closure in closed:
        pieces = (
            piece
            for whole in left
            for piece in (
                Range(whole.start, min(whole.end, closure.start)),
                Range(max(whole.start, closure.end), whole.end),
            )
        )
        left = [piece for piece in pieces if piece.start < piece.end]
    return left


class LocalTime(msgspec.Struct, frozen=True):
    """What a clock on the wall shows: `time` as "02:30"; `season` only where the wall shows that time twice."""

    date: date
    time: str
    season: Literal["summer", "winter"] | None


def local_time(instant: datetime, zone: str) -> LocalTime:
    wall = instant.astimezone(ZoneInfo(zone))
    twice = wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()
    # The first pass is summer time by the larger offset; dst() would be the wrong way round for Europe/Dublin.
    season: Literal["summer", "winter"] | None = ("winter" if wall.fold else "summer") if twice else None
    return LocalTime(wall.date(), f"{wall:%H:%M}", season)


@lru_cache(maxsize=64)
def _offsets(zone: str, year: int) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """The stretches of one offset within a year. zoneinfo does not show its transitions, so they are searched for;
    no zone has two within six hours.
    """
    tz = ZoneInfo(zone)

    def offset(instant: datetime) -> timedelta:
        return instant.astimezone(tz).utcoffset() or timedelta()

    begin, finish, step = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC), timedelta(hours=6)
    cuts = [begin]
    for before, after in pairwise(begin + step * n for n in range((finish - begin) // step + 1)):
        if offset(before) != offset(after):
            low, high = before, after
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (middle, high) if offset(middle) == offset(before) else (low, middle)
            cuts.append(high)
    return tuple((since, until, offset(since)) for since, until in pairwise([*cuts, finish]))


def _dates(first: date, last: date) -> Iterable[date]:
    return (first + DAY * n for n in range((last - first).days + 1))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
