"""Recurring opening times, computed without clock or database.

A rule speaks local wall clock time; an opening is made of instants. The definition that ties them together: an opening
holds every instant whose wall clock reading in the rule's zone lies in [date + start, date + end). So the hour that
occurs twice in October belongs to it twice (RFC 5545 would lose one), and the hour missing in March does not exist.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from dateutil.rrule import rrulestr

DAY = timedelta(days=1)
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Range(NamedTuple):
    """Instants from `start` up to but not including `end`, both in UTC."""

    start: datetime
    end: datetime


class Rule(msgspec.Struct, frozen=True):
    """A recurring opening. `recurrence` is an RRULE value (RFC 5545 section 3.3.10) by days over local dates.

    `from_date` is its DTSTART, weeks start on Monday. `checks.py` says which recurrences are taken.
    """

    recurrence: str
    start_time: time
    end_time: time  # not after start_time: on the next day; equal: 24 hours
    zone: str
    from_date: date
    until_date: date | None = None  # inclusive
    on_holidays: bool = False

    @classmethod
    def weekly(
        cls, weekdays: Iterable[int], start_time: time, end_time: time, zone: str, from_date: date,
        until_date: date | None = None, *, every_weeks: int = 1, on_holidays: bool = False,
    ) -> Rule:  # fmt: skip
        """On weekdays as in ISO 8601 (1 = Monday), every n-th week counted from the one of `from_date`."""
        return cls(weekly(weekdays, every_weeks), start_time, end_time, zone, from_date, until_date, on_holidays)

    def dates(self, first: date, last: date) -> list[date]:
        """The dates from `first` to `last` (both included) on which it opens."""
        first, last = max(first, self.from_date), min(last, self.until_date or last)
        if first > last:
            return []
        dtstart = self._later_start(first)
        later = _repeat(last)
        recurrence = rrulestr(self.recurrence, dtstart=_in_year(dtstart, later))
        found = recurrence.between(_in_year(first, later), _in_year(last, later), inc=True)
        return [day.date().replace(year=day.year - later) for day in found]

    def on(self, day: date) -> list[Range]:
        start = datetime.combine(day, self.start_time)
        end = datetime.combine(day, self.end_time)
        return instants(start, end if end > start else end + DAY, self.zone)

    def _later_start(self, first: date) -> date:
        """A DTSTART that gives the same dates from `first` on, but does not count through all the years before."""
        parts = recurrence_parts(self.recurrence)
        step = {"DAILY": 1, "WEEKLY": 7}.get(parts["FREQ"], 0) * int(parts.get("INTERVAL", 1))
        return self.from_date + DAY * ((first - self.from_date).days // step * step) if step else self.from_date


def weekly(weekdays: Iterable[int], every_weeks: int = 1) -> str:
    """The recurrence of ISO weekdays, every n-th week."""
    interval = f"INTERVAL={every_weeks};" if every_weeks > 1 else ""
    return f"FREQ=WEEKLY;{interval}BYDAY={','.join(WEEKDAYS[day - 1] for day in sorted(set(weekdays)))}"


def monthly(of_month: Iterable[int], weekdays: Iterable[int]) -> str:
    """The recurrence of the n-th of these ISO weekdays in each month; -1 is the last."""
    days = [WEEKDAYS[day - 1] for day in sorted(set(weekdays))]
    in_order = sorted(set(of_month), key=lambda n: (n < 0, n))
    return f"FREQ=MONTHLY;BYDAY={','.join(f'{n}{day}' for n in in_order for day in days)}"


def recurrence_parts(recurrence: str) -> dict[str, str]:
    """`{"FREQ": "WEEKLY", "BYDAY": "MO,WE"}`."""
    return dict(part.partition("=")[::2] for part in recurrence.split(";"))


def openings(
    rules: Iterable[Rule],
    closures: Iterable[Range],
    first: date,
    last: date,
    holidays: Container[date] = frozenset(),
) -> list[Range]:
    """What `rules` open on the dates from `first` to `last` (both included), minus `closures`; ordered and disjoint."""
    opened: list[Range] = []
    for rule in rules:
        for day in rule.dates(first, last):
            if rule.on_holidays or day not in holidays:
                opened += rule.on(day)
    return subtract(merge(opened), merge(closures))


def every_year(once: Range, zone: str, first: date, last: date) -> list[Range]:
    """The local dates of `once` in its own and each later year, as far as they may meet the dates `first` to `last`.

    In a year without 29 February, what begins on it begins on 1 March, and what ends with it ends with the 28th.
    """
    begin, end = (each.astimezone(ZoneInfo(zone)) for each in (once.start, once.end - timedelta(microseconds=1)))
    return [
        closed
        for later in range(max(0, first.year - begin.year - 1), last.year - begin.year + 1)
        for closed in instants(_in_year(begin.date(), later), _in_year(end.date(), later, DAY), zone)
    ]


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


def _in_year(day: date, later: int, over: timedelta = timedelta()) -> datetime:
    """Midnight of the same date so many years later, and `over`; of 1 March where there is no 29 February."""
    try:
        return datetime.combine(day.replace(year=day.year + later), time()) + over
    except ValueError:
        return datetime.combine(date(day.year + later, 3, 1), time())


def _repeat(last: date) -> int:
    """How many years later a rule is looked at: as many times 400, after which dates and weekdays repeat, as there are.

    rrule looks for the next date until the year 9999, so near that even a rule that never occurs is answered in
    milliseconds.
    """
    return (9999 - last.year) // 400 * 400
