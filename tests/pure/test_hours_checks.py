"""What a practice enters: the hours that make sense pass, closures of every year, and how hours are read and said."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter

import msgspec
import pytest

from telemed.desk.hours_words import in_words
from telemed.forms import read_time
from telemed.scheduling.hours.checks import (
    EndsInThePast,
    Hint,
    NeverOccurs,
    RulesOverlap,
    UntilBeforeFrom,
    check_end,
    check_rule,
    hints,
)
from telemed.scheduling.hours.rules import Range, Rule, every_year
from telemed.wording import Wording

BERLIN = "Europe/Berlin"
TODAY = date(2026, 11, 23)
NIGHT = Rule.weekly(range(1, 8), time(22), time(3), BERLIN, date(2026, 1, 1))


def rule(recurrence: str, start: int = 8, end: int = 12, first: date = TODAY, until: date | None = None) -> Rule:
    return Rule(recurrence, time(start), time(end % 24), BERLIN, first, until)


SOUND = [
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=52;BYDAY=MO",
    "FREQ=MONTHLY;BYDAY=1MO,3MO", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24,31",
]  # fmt: skip


@pytest.mark.parametrize("recurrence", SOUND)
def test_rules_that_make_sense(recurrence: str) -> None:
    check_rule(rule(recurrence), [], TODAY)

    check_rule(rule(recurrence, 22, 3), [], TODAY, overnight=True)


def test_touching_hours_are_two_and_overlapping_ones_are_refused() -> None:
    mornings = rule("FREQ=WEEKLY;BYDAY=MO", 8, 12)
    check_rule(rule("FREQ=WEEKLY;BYDAY=MO", 12, 14), [mornings], TODAY)
    check_rule(rule("FREQ=WEEKLY;BYDAY=TU"), [mornings], TODAY)
    check_rule(rule("FREQ=WEEKLY;BYDAY=MO", 18, 24), [mornings], TODAY)
    with pytest.raises(RulesOverlap) as refused:
        check_rule(rule("FREQ=MONTHLY;BYDAY=1MO", 11, 13), [mornings], TODAY)
    assert refused.value.data["on"] == date(2026, 12, 7)
    with pytest.raises(RulesOverlap):
        check_rule(rule("FREQ=WEEKLY;BYDAY=TU", 1, 4), [NIGHT], TODAY)


def test_hours_of_two_weeks_take_turns() -> None:
    this_week = rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO")
    check_rule(rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", first=TODAY + timedelta(days=7)), [this_week], TODAY)
    with pytest.raises(RulesOverlap):
        check_rule(rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", first=TODAY + timedelta(days=14)), [this_week], TODAY)


def test_what_never_occurs_is_known_at_once() -> None:
    """dateutil alone looks until the year 9999 for it: half a second, while nobody else is served."""
    for recurrence in ("FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=20", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"):
        started = perf_counter()
        with pytest.raises(NeverOccurs):
            check_rule(rule(recurrence), [], TODAY)
        assert perf_counter() - started < 0.25


def test_clock_changes_are_told() -> None:
    assert hints(NIGHT, TODAY) == [Hint(date(2027, 3, 27), "skips"), Hint(date(2027, 10, 30), "repeats")]
    assert hints(rule("FREQ=DAILY"), TODAY) == []


def years(first: date, last: date, seen: range) -> list[tuple[date, date]]:
    """The first and last days of the closures that meet some years, in UTC."""
    once = Range(*(datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=1))))
    found = every_year(once, "UTC", date(seen.start, 1, 1), date(seen.stop - 1, 12, 31))
    days = [(closed.start.date(), (closed.end - timedelta(days=1)).date()) for closed in found]
    return [(begin, end) for begin, end in days if begin.year in seen or end.year in seen]


def test_a_closure_that_ends_on_28_february_leaves_the_29th_open() -> None:
    carnival = years(date(2027, 2, 20), date(2027, 2, 28), range(2028, 2029))
    assert carnival == [(date(2028, 2, 20), date(2028, 2, 28))]


def test_a_closure_of_every_year() -> None:
    christmas = years(date(2026, 12, 24), date(2026, 12, 31), range(2025, 2029))
    assert christmas == [(date(year, 12, 24), date(year, 12, 31)) for year in (2026, 2027, 2028)]
    turn = years(date(2026, 12, 27), date(2027, 1, 3), range(2028, 2029))
    assert turn == [(date(2027, 12, 27), date(2028, 1, 3)), (date(2028, 12, 27), date(2029, 1, 3))]


def test_the_29_of_february_is_closed_in_leap_years_only() -> None:
    assert years(date(2024, 2, 29), date(2024, 2, 29), range(2024, 2030)) == [
        (date(2024, 2, 29), date(2024, 2, 29)), (date(2028, 2, 29), date(2028, 2, 29)),
    ]  # fmt: skip
    assert years(date(2024, 2, 28), date(2024, 2, 29), range(2025, 2026)) == [(date(2025, 2, 28), date(2025, 2, 28))]
    assert years(date(2024, 2, 29), date(2024, 3, 2), range(2025, 2026)) == [(date(2025, 3, 1), date(2025, 3, 2))]
    assert years(date(2023, 2, 28), date(2023, 3, 1), range(2024, 2025)) == [(date(2024, 2, 28), date(2024, 3, 1))]


def test_rules_in_words() -> None:
    say, words = Wording("de"), rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", first=date(2026, 12, 1))
    assert in_words(words, TODAY, say) == "montags und mittwochs 8:00–12:00 Uhr, jede zweite Woche, ab 1.12.2026"
    assert in_words(words, TODAY, Wording("en")) == (
        "on Mondays and on Wednesdays 8:00 to 12:00, every second week, from 1 December 2026 on"
    )
    assert in_words(NIGHT, TODAY, say) == "täglich 22:00–3:00 Uhr am nächsten Tag"
    weekdays = Rule.weekly(range(1, 6), time(18), time(), BERLIN, TODAY, date(2026, 12, 31), on_holidays=True)
    assert in_words(weekdays, TODAY, say) == (
        "montags bis freitags 18:00 Uhr bis Mitternacht, bis 31.12.2026, auch an Feiertagen"
    )


def test_an_end_that_can_be_meant() -> None:
    begun, later = rule("FREQ=DAILY", first=date(2026, 1, 1)), rule("FREQ=DAILY", first=date(2026, 12, 24))
    for last in (TODAY - timedelta(days=1), TODAY, date(2099, 1, 1)):
        check_end(begun, last, [], TODAY)
    with pytest.raises(EndsInThePast):
        check_end(begun, TODAY - timedelta(days=2), [], TODAY)
    with pytest.raises(UntilBeforeFrom):
        check_end(later, date(2026, 12, 23), [], TODAY)
    over_soon = msgspec.structs.replace(begun, until_date=date(2026, 12, 23))
    check_end(over_soon, date(2026, 12, 1), [later], TODAY)
    with pytest.raises(RulesOverlap):  # made longer, it meets what comes after it
        check_end(over_soon, date(2026, 12, 24), [later], TODAY)


def test_spans_in_words() -> None:
    say = Wording("de")
    eve = datetime(2026, 12, 23, 23, tzinfo=UTC)
    assert say.span(eve, eve + timedelta(days=1)) == "am 24.12.2026"
    assert say.span(eve, eve + timedelta(days=8), year=False) == "vom 24.12. bis 31.12."
    assert say.span(eve + timedelta(hours=8), eve + timedelta(hours=12)) == "am 24.12.2026 von 08:00 Uhr bis 12:00 Uhr"
    assert (
        say.span(eve + timedelta(hours=13), eve + timedelta(days=2))
        == "vom 24.12.2026, 13:00 Uhr bis 25.12.2026, Mitternacht"
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("8", time(8)), ("8:30", time(8, 30)), ("08.30 Uhr", time(8, 30)), ("0830", time(8, 30)), ("24:00", time())],
)
def test_times_as_people_write_them(typed: str, meant: time) -> None:
    assert read_time(typed) == meant


@pytest.mark.parametrize("typed", ["", "25", "8:60", "8:3", "acht", "-1", "²", "24:01", "8:00:00", "1" * 500])
def test_times_that_are_none(typed: str) -> None:
    with pytest.raises(ValueError):
        read_time(typed)
