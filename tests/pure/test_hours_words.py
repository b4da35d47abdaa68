"""Every recurrence has its plain words, in both languages, and the form shows exactly what it can make."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemed.desk.hours_words import OF_MONTH, Days, by_form, in_words
from telemed.scheduling.hours.checks import check_recurrence
from telemed.scheduling.hours.rules import WEEKDAYS, Rule
from telemed.wording import Wording

FIRST = date(2026, 1, 24)  # a Saturday
LATER = FIRST + timedelta(days=800)


def rule(recurrence: str) -> Rule:
    check_recurrence(recurrence)
    return Rule(recurrence, time(8), time(12), "Europe/Berlin", FIRST)


WORDS = {
    "FREQ=WEEKLY": ("samstags 8:00–12:00 Uhr", "on Saturdays 8:00 to 12:00"),
    "FREQ=DAILY": ("täglich 8:00–12:00 Uhr", "daily 8:00 to 12:00"),
    "FREQ=DAILY;INTERVAL=3": (
        "8:00–12:00 Uhr, alle 3 Tage, ab 24.1.2026", "8:00 to 12:00, every 3 days, from 24 January 2026 on"),
    "FREQ=MONTHLY": ("am 24. des Monats 8:00–12:00 Uhr", "on the 24th of the month 8:00 to 12:00"),
    "FREQ=MONTHLY;BYDAY=1MO": (
        "am ersten Montag des Monats 8:00–12:00 Uhr", "on the first Monday of the month 8:00 to 12:00"),
    "FREQ=MONTHLY;BYDAY=1MO,3MO": (
        "am ersten Montag und am dritten Montag des Monats 8:00–12:00 Uhr",
        "on the first Monday and on the third Monday of the month 8:00 to 12:00"),
    "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR": (
        "am letzten Freitag des Monats 8:00–12:00 Uhr, jeden zweiten Monat, ab 24.1.2026",
        "on the last Friday of the month 8:00 to 12:00, every second month, from 24 January 2026 on"),
    "FREQ=MONTHLY;BYDAY=MO": ("montags 8:00–12:00 Uhr", "on Mondays 8:00 to 12:00"),
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13": (
        "freitags, aber nur am 13. des Monats 8:00–12:00 Uhr",
        "on Fridays, but only on the 13th of the month 8:00 to 12:00"),
    "FREQ=MONTHLY;BYMONTHDAY=1,15,-1": (
        "am 1., am 15. und am letzten Tag des Monats 8:00–12:00 Uhr",
        "on the 1st, on the 15th and on the last day of the month 8:00 to 12:00"),
    "FREQ=MONTHLY;BYMONTHDAY=-3": (
        "am 2. Tag vor dem letzten des Monats 8:00–12:00 Uhr",
        "on the 2nd day before the last of the month 8:00 to 12:00"),
    "FREQ=YEARLY": ("jedes Jahr am 24. Januar 8:00–12:00 Uhr", "every year on 24 January 8:00 to 12:00"),
    "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24,31": (
        "am 24. und am 31. im Dezember 8:00–12:00 Uhr", "on the 24th and on the 31st in December 8:00 to 12:00"),
    "FREQ=YEARLY;BYMONTH=3,9": (
        "am 24. im März und September 8:00–12:00 Uhr", "on the 24th in March and September 8:00 to 12:00"),
    "FREQ=YEARLY;BYDAY=1MO": (
        "am ersten Montag des Jahres 8:00–12:00 Uhr", "on the first Monday of the year 8:00 to 12:00"),
    "FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=-2WE": (
        "am vorletzten Mittwoch im Januar 8:00–12:00 Uhr, jedes zweite Jahr, ab 24.1.2026",
        "on the last Wednesday but one in January 8:00 to 12:00, every second year, from 24 January 2026 on"),
    "FREQ=YEARLY;BYMONTHDAY=2": ("am 2. des Monats 8:00–12:00 Uhr", "on the 2nd of the month 8:00 to 12:00"),
}  # fmt: skip


@pytest.mark.parametrize("recurrence", WORDS)
def test_in_words(recurrence: str) -> None:
    assert tuple(in_words(rule(recurrence), FIRST, Wording(locale)) for locale in ("de", "en")) == WORDS[recurrence]


def test_the_words_are_what_the_rule_does() -> None:
    """Where RFC 5545 surprises: the year's first Monday, and months that borrow the day of the first date."""
    year = [date(2027, 1, 1), date(2027, 12, 31)]
    assert rule("FREQ=YEARLY;BYDAY=1MO").dates(*year) == [date(2027, 1, 4)]
    assert rule("FREQ=YEARLY;BYMONTH=3,9").dates(*year) == [date(2027, 3, 24), date(2027, 9, 24)]
    assert len(rule("FREQ=YEARLY;BYMONTHDAY=2").dates(*year)) == 12
    assert rule("FREQ=MONTHLY;BYMONTHDAY=-3").dates(date(2027, 2, 1), date(2027, 2, 28)) == [date(2027, 2, 26)]
    assert rule("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13").dates(*year) == [date(2027, 8, 13)]


_nth = st.tuples(st.sampled_from(["", "1", "+2", "-1", "3", "-5", "5"]), st.sampled_from(WEEKDAYS)).map("".join)
_lists = {
    "BYDAY": st.lists(_nth, min_size=1, max_size=4),
    "BYMONTHDAY": st.lists(st.sampled_from(["1", "15", "31", "-1", "-2", "-31"]), min_size=1, max_size=3),
    "BYMONTH": st.lists(st.sampled_from(["1", "2", "12"]), min_size=1, max_size=3),
}


@st.composite
def recurrences(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 4))}"]
    if frequency == "WEEKLY":
        parts += ["BYDAY=" + ",".join(draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True)))]
    elif frequency != "DAILY":
        for name in draw(st.sets(st.sampled_from(sorted(_lists)))):
            if name != "BYMONTH" or frequency == "YEARLY":
                parts.append(f"{name}={','.join(draw(_lists[name]))}")
    return ";".join(parts)


@given(recurrences())
def test_nothing_of_a_rule_is_left_to_engineers(recurrence: str) -> None:
    for locale in ("de", "en"):
        assert not re.search(r"[A-Z]{2}|=|%", in_words(rule(recurrence), FIRST, Wording(locale)))


@given(
    st.frozensets(st.integers(1, 7), min_size=1), st.integers(1, 52), st.frozensets(st.sampled_from(sorted(OF_MONTH)))
)
def test_what_the_form_makes_it_shows_again(weekdays: frozenset[int], every: int, of_month: frozenset[int]) -> None:
    made = Days(weekdays, 1 if of_month else every, of_month)
    assert by_form(rule(made.recurrence())) == made


@given(recurrences())
def test_what_the_form_shows_is_the_rule(recurrence: str) -> None:
    """Opened and saved without a change, a rule opens the same days as before; or the form leaves its days alone."""
    shown = by_form(rule(recurrence))
    if shown is not None:
        saved = rule(shown.recurrence())
        assert saved.dates(FIRST, LATER) == rule(recurrence).dates(FIRST, LATER)
