"""Where things stand in the calendar: rows of five minutes on the wall clock, lanes for what overlaps. Pure.

Rows follow the clock on the wall, so that nine o'clock is at one height on every day of a week. The hour that October
has twice has two stretches of rows; a day on which an hour does not exist leaves its rows out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from telemed.scheduling.hours.rules import Range

ROWS: Final = 12  # of an hour
LANES: Final = 4
_MINUTES: Final = 60 // ROWS
_USUAL: Final = (8, 17)  # shown where nothing else says from when to when


class Hour(NamedTuple):
    hour: int
    again: bool = False  # the second time in October


class Place(NamedTuple):
    """Rows from 0; of `of` lanes beside each other it is in `lane`, from 1."""

    row: int
    rows: int
    lane: int = 1
    of: int = 1


class Axis(NamedTuple):
    """The hours that the calendar shows, from top to bottom."""

    zone: ZoneInfo
    hours: tuple[Hour, ...]

    @property
    def rows(self) -> int:
        return len(self.hours) * ROWS

    def place(self, on: date, during: Range) -> Place | None:
        """As much of a time as lies on this day and is shown; None: nothing of it."""
        start, end = self._row(on, during.start, up=False), self._row(on, during.end, up=True)
        return Place(start, end - start) if end > start else None

    def missing(self, on: date) -> list[Place]:
        """The hours shown that this day does not have."""
        return [Place(index * ROWS, ROWS) for index, hour in enumerate(self.hours) if hour not in _hours(on, self.zone)]

    def _row(self, on: date, instant: datetime, *, up: bool) -> int:
        wall = instant.astimezone(self.zone)
        if wall.date() != on:
            return 0 if wall.date() < on else self.rows
        hour = Hour(wall.hour, bool(wall.fold))
        if hour not in self.hours:
            return 0 if hour < self.hours[0] else self.rows if hour > self.hours[-1] else self._after(hour)
        minutes = wall.minute + (_MINUTES - 1 if up else 0)
        return self.hours.index(hour) * ROWS + minutes // _MINUTES

    def _after(self, hour: Hour) -> int:
        return next(index for index, shown in enumerate(self.hours) if shown > hour) * ROWS


def axis(zone: ZoneInfo, days: Sequence[date], times: Iterable[Range]) -> Axis:
    """The hours in which something is, whole ones, and at least one; the doubled hour if one of the days has it."""
    there = {hour for day in days for hour in _hours(day, zone)} | {Hour(hour) for hour in range(24)}
    shown = [hour for time_ in times for day in days for hour in _touched(day, time_, zone)]
    first, last = (min(shown).hour, max(shown).hour) if shown else (_USUAL[0], _USUAL[1] - 1)
    return Axis(zone, tuple(hour for hour in sorted(there) if first <= hour.hour <= last))


def in_lanes(places: Sequence[Place]) -> list[Place]:
    """The same places, those that overlap beside each other. They come in the order of their start."""
    done: list[Place] = []
    group: list[tuple[Place, int]] = []
    free_from: list[int] = []  # per lane
    for place in [*places, None]:
        if place is None or all(place.row >= row for row in free_from):
            of = min(len(free_from), LANES)
            done += [one._replace(lane=min(lane, LANES), of=of) for one, lane in group]
            group, free_from = [], []
        if place is not None:
            lane = next((n for n, row in enumerate(free_from) if row <= place.row), len(free_from))
            free_from[lane : lane + 1] = [place.row + place.rows]
            group.append((place, lane + 1))
    return done


def day_range(on: date, zone: ZoneInfo, days: int = 1) -> Range:
    """From local midnight to local midnight: 23, 24 or 25 hours a day."""
    start, end = (datetime.combine(on + timedelta(days=n), time(), zone).astimezone(UTC) for n in (0, days))
    return Range(start, end)


def _hours(on: date, zone: ZoneInfo) -> set[Hour]:
    start, end = day_range(on, zone)
    steps = range(int((end - start) / timedelta(minutes=30)))
    walls = [(start + timedelta(minutes=30) * n).astimezone(zone) for n in steps]
    return {Hour(wall.hour, bool(wall.fold)) for wall in walls}


def _touched(on: date, during: Range, zone: ZoneInfo) -> list[Hour]:
    """The first and the last hour of this day that a time is in."""
    start, end = day_range(on, zone)
    since, until = max(start, during.start), min(end, during.end)
    if since >= until:
        return []
    walls = [at.astimezone(zone) for at in (since, until - timedelta(microseconds=1))]
    return [Hour(wall.hour, bool(wall.fold)) for wall in walls]
