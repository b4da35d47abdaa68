"""The calendar's rows against the wall clock, on every day the clocks change, and lanes against each other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from telemed.desk import grid
from telemed.desk.grid import ROWS, Hour, Place, axis, day_range, in_lanes
from telemed.scheduling.hours.rules import Range

BERLIN = ZoneInfo("Europe/Berlin")
AUTUMN, SPRING, USUAL = date(2026, 10, 25), date(2026, 3, 29), date(2026, 11, 23)


def span(on: date, hour: int, minute: int, minutes: int) -> Range:
    start = datetime(on.year, on.month, on.day, hour, minute, tzinfo=BERLIN).astimezone(UTC)
    return Range(start, start + timedelta(minutes=minutes))


def test_days_have_23_24_and_25_hours() -> None:
    for day, hours in ((SPRING, 23), (USUAL, 24), (AUTUMN, 25)):
        start, end = day_range(day, BERLIN)
        assert end - start == timedelta(hours=hours)
        assert len(axis(BERLIN, [day], [Range(start, end)]).hours) == max(24, hours)


def test_the_hour_that_is_there_twice_has_two_stretches() -> None:
    early = axis(BERLIN, [AUTUMN], [span(AUTUMN, 1, 0, 180)])
    assert early.hours == (Hour(1), Hour(2), Hour(2, again=True))
    start = span(AUTUMN, 2, 30, 15).start
    summer, winter = (Range(at, at + timedelta(minutes=15)) for at in (start, start + timedelta(hours=1)))
    assert early.place(AUTUMN, summer) == Place(ROWS + 6, 3)
    assert early.place(AUTUMN, winter) == Place(2 * ROWS + 6, 3)
    across = Range(start + timedelta(minutes=15), start + timedelta(minutes=45))
    assert early.place(AUTUMN, across) == Place(ROWS + 9, 6)
    week = axis(BERLIN, [AUTUMN - timedelta(days=1), AUTUMN], [span(AUTUMN, 1, 0, 180)])
    assert week.missing(AUTUMN - timedelta(days=1)) == [Place(2 * ROWS, ROWS)] and week.missing(AUTUMN) == []


def test_the_hour_that_is_not_there() -> None:
    early = axis(BERLIN, [SPRING], [span(SPRING, 1, 0, 120)])
    assert early.hours == (Hour(1), Hour(2), Hour(3))
    assert early.missing(SPRING) == [Place(ROWS, ROWS)]
    assert early.place(SPRING, span(SPRING, 3, 0, 10)) == Place(2 * ROWS, 2)


def test_nine_is_at_one_height_all_week() -> None:
    days = [AUTUMN - timedelta(days=n) for n in range(7)]
    scale = axis(BERLIN, days, [span(day, 9, 0, 60) for day in days] + [span(AUTUMN, 1, 0, 60)])
    assert {scale.place(day, span(day, 9, 0, 60)) for day in days} == {Place(9 * ROWS, ROWS)}


def test_hours_that_are_not_shown() -> None:
    scale = axis(BERLIN, [USUAL], [span(USUAL, 9, 0, 60)])
    assert scale.hours == (Hour(9),)
    assert scale.place(USUAL, span(USUAL, 7, 0, 60)) is None
    assert scale.place(USUAL, span(USUAL, 8, 30, 300)) == Place(0, ROWS)
    assert scale.place(USUAL, span(USUAL - timedelta(days=1), 9, 0, 30)) is None
    assert len(axis(BERLIN, [USUAL], []).hours) == 9  # nothing at all: a usual day


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 30)), max_size=12))
def test_what_overlaps_stands_side_by_side(spans: list[tuple[int, int]]) -> None:
    placed = in_lanes([Place(row, rows) for row, rows in sorted(spans)])
    assert [(one.row, one.rows) for one in placed] == sorted(spans)
    for number, one in enumerate(placed):
        assert 1 <= one.lane <= one.of <= grid.LANES
        for other in placed[:number]:
            if other.row + other.rows > one.row:
                assert other.of == one.of
                assert other.lane != one.lane or one.of == grid.LANES


@settings(deadline=None)
@given(st.integers(0, 365 * 24 * 60), st.integers(5, 600))
def test_every_time_of_a_day_is_somewhere(minute: int, minutes: int) -> None:
    """On the day it starts, and no longer than it is there."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    day = start.astimezone(BERLIN).date()
    time = Range(start, start + timedelta(minutes=minutes))
    place = axis(BERLIN, [day], [time]).place(day, time)
    assert place is not None and place.rows >= 1
    until = min(time.end, day_range(day, BERLIN).end)
    shown = (until - start).total_seconds() / 300
    assert shown <= place.rows + (ROWS if day == AUTUMN else 0)
    assert place.rows <= shown + 2 + (ROWS if day == SPRING else 0)
