"""Rules become openings: on ordinary days as anybody would say, on the days of clock changes as the definition says."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemed.scheduling.hours.rules import (
    WEEKDAYS,
    Range,
    Rule,
    local_time,
    merge,
    openings,
    recurrence_parts,
    subtract,
)

BERLIN = "Europe/Berlin"
MONDAY = date(2026, 11, 2)
DAILY = (1, 2, 3, 4, 5, 6, 7)


def rule(start: str, end: str, weekdays: tuple[int, ...] = DAILY, zone: str = BERLIN, **more: object) -> Rule:
    values = {"from_date": date(2000, 1, 1), **more}
    return Rule.weekly(weekdays, time.fromisoformat(start), time.fromisoformat(end), zone, **values)  # type: ignore[arg-type]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(found: list[Range]) -> list[str]:
    return [f"{start:%d %H:%M}-{end:%d %H:%M}" for start, end in found]


def test_a_weekday_rule_opens_its_weekdays() -> None:
    found = openings([rule("09:00", "12:00", (1, 3))], [], MONDAY, MONDAY + timedelta(days=6))
    assert shown(found) == ["02 08:00-02 11:00", "04 08:00-04 11:00"]


def test_every_second_week_counts_from_the_week_of_the_first_day() -> None:
    fortnightly = rule("09:00", "10:00", (1,), from_date=MONDAY + timedelta(days=2), every_weeks=2)
    found = openings([fortnightly], [], MONDAY, MONDAY + timedelta(days=35))
    assert [start.date() for start, _ in found] == [MONDAY + timedelta(days=14), MONDAY + timedelta(days=28)]


def test_a_rule_ends_with_its_last_day() -> None:
    found = openings(
        [rule("09:00", "10:00", until_date=MONDAY + timedelta(days=1))], [], MONDAY, MONDAY + timedelta(days=9)
    )
    assert len(found) == 2


def test_an_end_before_the_start_is_on_the_next_day() -> None:
    assert shown(openings([rule("22:00", "02:00")], [], MONDAY, MONDAY)) == ["02 21:00-03 01:00"]


def test_an_end_equal_to_the_start_is_a_whole_day() -> None:
    assert shown(openings([rule("08:00", "08:00")], [], MONDAY, MONDAY)) == ["02 07:00-03 07:00"]


def test_touching_and_overlapping_rules_make_one_opening() -> None:
    rules = [rule("09:00", "10:00"), rule("10:00", "11:00"), rule("10:30", "12:00")]
    assert shown(openings(rules, [], MONDAY, MONDAY)) == ["02 08:00-02 11:00"]


def test_a_closure_cuts_out_its_time() -> None:
    pause = Range(utc("2026-11-02 09:00"), utc("2026-11-02 09:30"))
    journey = Range(utc("2026-11-02 10:45"), utc("2026-11-04 00:00"))
    found = openings([rule("09:00", "12:00")], [pause, journey], MONDAY, MONDAY + timedelta(days=1))
    assert shown(found) == ["02 08:00-02 09:00", "02 09:30-02 10:45"]


def test_public_holidays_are_closed_unless_the_rule_says_otherwise() -> None:
    usual, emergency = rule("09:00", "10:00"), rule("18:00", "19:00", on_holidays=True)
    assert shown(openings([usual, emergency], [], MONDAY, MONDAY, {MONDAY})) == ["02 17:00-02 18:00"]


def test_the_doubled_hour_belongs_to_the_opening_twice() -> None:
    found = openings([rule("02:00", "03:00")], [], date(2026, 10, 25), date(2026, 10, 25))
    assert shown(found) == ["25 00:00-25 02:00"]


def test_half_of_the_doubled_hour_is_two_openings() -> None:
    found = openings([rule("02:00", "02:30")], [], date(2026, 10, 25), date(2026, 10, 25))
    assert shown(found) == ["25 00:00-25 00:30", "25 01:00-25 01:30"]


def test_the_missing_hour_is_not_offered() -> None:
    assert openings([rule("02:00", "03:00")], [], date(2026, 3, 29), date(2026, 3, 29)) == []
    assert shown(openings([rule("01:30", "03:30")], [], date(2026, 3, 29), date(2026, 3, 29))) == ["29 00:30-29 01:30"]


def test_a_doubled_time_is_labelled_apart_and_no_other() -> None:
    labels = [local_time(utc("2026-10-24 23:30") + timedelta(hours=n), BERLIN) for n in range(4)]
    assert [(label.time, label.season) for label in labels] == [
        ("01:30", None), ("02:30", "summer"), ("02:30", "winter"), ("03:30", None),
    ]  # fmt: skip
    assert local_time(utc("2026-03-29 01:00"), BERLIN).season is None
    assert local_time(utc("2026-10-25 00:30"), "Europe/Dublin").season == "summer"  # whose dst() is negative in winter


CHANGES = [
    (BERLIN, day)
    for year in range(2024, 2036)
    for month in (3, 10)
    for day in [max(date(year, month, n) for n in range(25, 32) if date(year, month, n).isoweekday() == 7)]
]
ELSEWHERE = [
    ("Australia/Lord_Howe", date(2026, 4, 5)), ("Australia/Lord_Howe", date(2026, 10, 4)),  # 30 minutes
    ("America/St_Johns", date(2026, 3, 8)), ("America/St_Johns", date(2026, 11, 1)),
    ("Europe/Dublin", date(2026, 10, 25)), ("America/Havana", date(2026, 11, 1)),  # at midnight
    ("Africa/Casablanca", date(2026, 2, 15)), ("Pacific/Apia", date(2011, 12, 30)),  # a whole day missing
]  # fmt: skip


def slow_model(rules: list[Rule], zone: str, first: date, last: date) -> set[datetime]:
    """Minute by minute: look at the wall clock, and whether a rule is open at that reading."""
    windows = [
        (datetime.combine(day, rule.start_time), datetime.combine(day + timedelta(days=past_midnight), rule.end_time))
        for rule in rules
        for past_midnight in [rule.end_time <= rule.start_time]
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
        if WEEKDAYS[day.weekday()] in recurrence_parts(rule.recurrence)["BYDAY"].split(",")
    ]
    return {minute for minute, wall in walls(zone, first, last) if any(start <= wall < end for start, end in windows)}


@cache
def walls(zone: str, first: date, last: date) -> list[tuple[datetime, datetime]]:
    begin = datetime.combine(first - timedelta(days=2), time(), UTC)
    minutes = (begin + timedelta(minutes=n) for n in range(((last - first).days + 6) * 1440))
    return [(minute, minute.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for minute in minutes]


def minutes_of(found: list[Range]) -> set[datetime]:
    return {s + timedelta(minutes=n) for s, e in found for n in range(int((e - s).total_seconds()) // 60)}


@pytest.mark.parametrize(("zone", "day"), CHANGES + ELSEWHERE, ids=lambda value: str(value))
def test_every_clock_change_equals_the_slow_model(zone: str, day: date) -> None:
    only = (day.isoweekday(),)
    pairs = [("00:00", "00:00"), ("01:45", "02:15"), ("02:00", "03:00"), ("02:30", "02:45"), ("00:00", "00:30")]
    sets = [[rule(start, end, only, zone)] for start, end in pairs]
    sets += [[rule("23:50", "02:10", zone=zone)], [rule("03:00", "02:30", zone=zone)]]
    sets += [[rule("01:10", "02:40", zone=zone), rule("02:20", "03:05", zone=zone)]]
    first, last = day - timedelta(days=1), day + timedelta(days=1)
    for rules in sets:
        found = openings(rules, [], first, last)
        assert minutes_of(found) == slow_model(rules, zone, first, last)
        assert all(a.end < b.start for a, b in pairwise(found)), "ordered, disjoint and merged"


MINUTE = st.integers(0, 1439)
RULE = st.tuples(MINUTE, MINUTE, st.sets(st.integers(1, 7), min_size=1))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(CHANGES + ELSEWHERE), st.lists(RULE, min_size=1, max_size=3))
def test_any_rules_on_any_clock_change_equal_the_slow_model(
    change: tuple[str, date], drawn: list[tuple[int, int, set[int]]]
) -> None:
    zone, day = change
    rules = [
        Rule.weekly(days, time(a // 60, a % 60), time(b // 60, b % 60), zone, date(2000, 1, 1)) for a, b, days in drawn
    ]
    assert minutes_of(openings(rules, [], day, day)) == slow_model(rules, zone, day, day)


RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=8)


@given(RANGES, RANGES)
def test_merge_and_subtract_are_set_operations(opened: list[tuple[int, int]], closed: list[tuple[int, int]]) -> None:
    def ranges(pairs: list[tuple[int, int]]) -> list[Range]:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return [Range(at + timedelta(minutes=a), at + timedelta(minutes=a + length)) for a, length in pairs]

    left = subtract(merge(ranges(opened)), merge(ranges(closed)))
    assert minutes_of(left) == minutes_of(ranges(opened)) - minutes_of(ranges(closed))
    assert left == merge(left)
