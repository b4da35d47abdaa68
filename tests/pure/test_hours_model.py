"""Openings against a slow model that is right to look at, on every day on which the clocks change somewhere.

The model asks for every minute: what does the wall clock show there, and is the practice open at that reading?
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemed.scheduling.hours.rules import WEEKDAYS, Range, Rule, every_year, openings

DAY = timedelta(days=1)
ZONES = {
    "Europe/Berlin": range(2025, 2030), "Europe/London": range(2026, 2028), "Europe/Lisbon": range(2026, 2028),
    "Australia/Lord_Howe": range(2026, 2028), "Pacific/Apia": range(2010, 2013), "America/Santiago": range(2026, 2028),
    "Africa/Casablanca": range(2026, 2028), "America/Havana": range(2026, 2027),
}  # fmt: skip


def offset(zone: str, at: datetime) -> timedelta:
    return at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()


def changes(zone: str, years: range) -> list[date]:
    """The local dates in whose UTC day the offset changes."""
    days = (datetime(years.start, 1, 1, tzinfo=UTC) + DAY * n for n in range(366 * len(years)))
    return [day.date() for day in days if offset(zone, day) != offset(zone, day + DAY)]


CHANGES = [(zone, day) for zone, years in ZONES.items() for day in changes(zone, years)]
CHANGES += [("UTC", date(2028, 2, 29)), ("Europe/Berlin", date(2028, 2, 29)), ("Europe/Berlin", date(2026, 12, 31))]


@dataclass(frozen=True)
class Meant:
    """A rule as its drawer meant it: `occurs` is the definition, `recurrence` how RFC 5545 writes it."""

    kind: str
    every: int
    days: frozenset[int]  # ISO weekdays
    nth: int
    monthday: int
    month: int

    @property
    def recurrence(self) -> str:
        names = [WEEKDAYS[day - 1] for day in sorted(self.days)]
        return {
            "daily": f"FREQ=DAILY;INTERVAL={self.every}",
            "weekly": f"FREQ=WEEKLY;INTERVAL={self.every};BYDAY={','.join(names)}",
            "nth": f"FREQ=MONTHLY;INTERVAL={self.every};BYDAY={','.join(f'{self.nth}{name}' for name in names)}",
            "monthday": f"FREQ=MONTHLY;INTERVAL={self.every};BYMONTHDAY={self.monthday}",
            "yearly": f"FREQ=YEARLY;BYMONTH={self.month};BYMONTHDAY={self.monthday}",
        }[self.kind]

    def occurs(self, day: date, first: date) -> bool:
        length = monthrange(day.year, day.month)[1]
        months = (day.year - first.year) * 12 + day.month - first.month
        weeks = ((day - DAY * day.weekday()) - (first - DAY * first.weekday())).days // 7
        nth = (day.day - 1) // 7 + 1 if self.nth > 0 else -((length - day.day) // 7 + 1)
        monthday = day.day if self.monthday > 0 else day.day - length - 1
        return {
            "daily": (day - first).days % self.every == 0,
            "weekly": weeks % self.every == 0 and day.isoweekday() in self.days,
            "nth": months % self.every == 0 and day.isoweekday() in self.days and nth == self.nth,
            "monthday": months % self.every == 0 and monthday == self.monthday,
            "yearly": day.month == self.month and monthday == self.monthday,
        }[self.kind]


def closed_every_year(day: date, first: date, last: date) -> bool:
    """Whether `day` has a date from `first` to `last`, in that year or a later one."""
    since, until, this = (first.month, first.day), (last.month, last.day), (day.month, day.day)
    if first.year == last.year:
        return since <= this <= until and day.year >= first.year
    return (this >= since and day.year >= first.year) or (this <= until and day.year > first.year)


@cache
def walls(zone: str, first: date, last: date) -> list[tuple[datetime, datetime]]:
    begin = datetime.combine(first - DAY, time(), UTC)
    minutes = (begin + timedelta(minutes=n) for n in range(((last - first).days + 3) * 1440))
    return [(minute, minute.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for minute in minutes]


def minutes_of(found: list[Range]) -> set[datetime]:
    return {s + timedelta(minutes=n) for s, e in found for n in range(int((e - s).total_seconds()) // 60)}


MINUTE = st.integers(0, 1439).map(lambda n: time(n // 60, n % 60)) | st.sampled_from([time(0), time(2), time(3)])
MEANT = st.builds(
    Meant, st.sampled_from(["daily", "weekly", "weekly", "nth", "monthday", "yearly"]), st.integers(1, 4),
    st.frozensets(st.integers(1, 7), min_size=1), st.sampled_from([1, 2, 3, 4, 5, -1, -2]),
    st.integers(1, 31) | st.integers(-5, -1), st.integers(1, 12),
)  # fmt: skip
NEAR = st.integers(-3, 3)
DRAWN_RULE = st.tuples(MEANT, MINUTE, MINUTE, st.integers(-900, 1), st.none() | NEAR, st.booleans())
ONCE = st.tuples(st.integers(-4000, 4000), st.integers(1, 3000))
YEARLY = st.tuples(NEAR, st.integers(0, 40), st.integers(0, 3))


@pytest.mark.parametrize(("zone", "day"), CHANGES, ids=str)
@settings(max_examples=12, deadline=None)
@given(
    st.lists(DRAWN_RULE, min_size=1, max_size=3), st.lists(ONCE, max_size=2), st.lists(YEARLY, max_size=1),
    st.sets(NEAR, max_size=2),
)  # fmt: skip
def test_openings_equal_the_slow_model(
    zone: str, day: date, rules: list[tuple[Meant, time, time, int, int | None, bool]], once: list[tuple[int, int]],
    yearly: list[tuple[int, int, int]], off: set[int],
) -> None:  # fmt: skip
    first, last = day - DAY, day + DAY
    noon = datetime.combine(day, time(12), UTC)
    drawn = []
    for meant, start, end, since, until, on in rules:
        begin, over = day + DAY * since, None if until is None else day + DAY * max(since, until)
        drawn.append((meant, Rule(meant.recurrence, start, end, zone, begin, over, on)))
    closures = [Range(noon + timedelta(minutes=a), noon + timedelta(minutes=a + length)) for a, length in once]
    dates = []  # of every year: first and last day, the first time `ago` years before
    for near, length, ago in yearly:
        begin = (day + DAY * near - DAY * (length // 2)).replace(day=min((day + DAY * near).day, 28))
        begin = begin.replace(year=begin.year - ago)
        dates.append((begin, begin + DAY * length))
    holidays = {day + DAY * n for n in off}

    windows = []
    for meant, rule in drawn:
        for each in (first, day, last):
            counts = rule.from_date <= each <= (rule.until_date or each) and meant.occurs(each, rule.from_date)
            if counts and (rule.on_holidays or each not in holidays):
                past_midnight = DAY * (rule.end_time <= rule.start_time)
                finish = datetime.combine(each + past_midnight, rule.end_time)
                windows.append((datetime.combine(each, rule.start_time), finish))
    slow = {
        minute
        for minute, wall in walls(zone, first, last)
        if any(begins <= wall < ends for begins, ends in windows)
        and not any(start <= minute < end for start, end in closures)
        and not any(closed_every_year(wall.date(), *days) for days in dates)
    }

    def midnight(local: date) -> datetime:
        """The first instant of a local day."""
        return next(m for m, wall in walls(zone, local - DAY, local + DAY) if wall.date() >= local)

    of_every_year = [
        closed
        for begin, end in dates
        for closed in every_year(Range(midnight(begin), midnight(end + DAY)), zone, first - DAY, last + 2 * DAY)
    ]
    assert (
        minutes_of(openings([rule for _meant, rule in drawn], [*closures, *of_every_year], first, last, holidays))
        == slow
    )
