"""Whether hours and closures make sense, without clock or database: each thing that cannot be meant has its refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import ClassVar, Final, Literal, NamedTuple
from zoneinfo import available_timezones

import msgspec

from telemed.errors import Invalid
from telemed.scheduling.hours.rules import DAY, Range, Rule, openings, recurrence_parts
from telemed.text import Text, _

YEAR: Final = timedelta(days=366)
RULES_MOST: Final = 40  # of one practitioner
CLOSURES_MOST: Final = 400  # of one practice, those that are over not counted
NOTE_MOST: Final = 200  # characters
_TEN_YEARS: Final = 10 * YEAR
_LONGEST: Final = 2 * YEAR
_NTH: Final = r"(?:[+-]?[1-5])?(?:MO|TU|WE|TH|FR|SA|SU)"
_MONTHDAY: Final = r"-?(?:[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:[1-9]|1[0-2])"
_PARTS: Final[dict[str, dict[str, str]]] = {
    "DAILY": {},
    "WEEKLY": {"BYDAY": r"(?:MO|TU|WE|TH|FR|SA|SU)"},
    "MONTHLY": {"BYDAY": _NTH, "BYMONTHDAY": _MONTHDAY},
    "YEARLY": {"BYDAY": _NTH, "BYMONTHDAY": _MONTHDAY, "BYMONTH": _MONTH},
}
_LONGEST_INTERVAL: Final = {"DAILY": 366, "WEEKLY": 52, "MONTHLY": 12, "YEARLY": 4}


class HoursRefused(Invalid):
    """Hours that cannot be meant; `field` is where to correct it."""

    code = "hours_refused"
    field: ClassVar[str] = "recurrence"

    def __init__(self, sentence: Text | None = None, **data: object) -> None:
        super().__init__(sentence, fields={self.field: sentence or self.sentence}, **data)


class RecurrenceUnreadable(HoursRefused):
    """Not an RRULE by days: RFC 5545 section 3.3.10 without times, COUNT and UNTIL (there is `until_date`)."""

    code = "recurrence_unreadable"
    sentence = _("Please choose at least one day, and every how many weeks.")


class IntervalTooLong(HoursRefused):
    code = "interval_too_long"
    sentence = _("The pause between two times is too long. At most every 52nd week is possible.")


class NeverOccurs(HoursRefused):
    code = "never_occurs"
    sentence = _("With this entry the practice would not be open on any day. Please check days and dates.")


class EndBeforeStart(HoursRefused):
    code, field = "end_before_start", "end_time"
    sentence = _("The end is not after the start. If it goes on after midnight, please tick that.")


class UntilBeforeFrom(HoursRefused):
    code, field = "until_before_from", "until_date"
    sentence = _("The last day is before the first day.")


class EndsInThePast(HoursRefused):
    code, field = "ends_in_the_past", "until_date"
    sentence = _("What is over cannot be changed. Please choose yesterday or a later day.")


class DateTooFar(HoursRefused):
    code, field = "date_too_far", "from_date"
    sentence = _("Please choose a year between 2000 and 2100.")


class UnknownZone(HoursRefused):
    code, field = "unknown_zone", "zone"
    sentence = _("There is no such time zone. An example is Europe/Berlin.")


class RulesOverlap(HoursRefused):
    """Two rules for one time would leave open which of them to change; `on` is the first day of both."""

    code, field = "rules_overlap", "start_time"
    sentence = _("This overlaps with other opening hours of the same doctor.")


class TooManyRules(HoursRefused):
    code = "too_many_rules"
    sentence = _("These are too many different opening hours. Please remove old ones first.")


class ClosureEndsFirst(HoursRefused):
    code, field = "closure_ends_first", "last"
    sentence = _("The end is before the start.")


class ClosureInThePast(HoursRefused):
    code, field = "closure_in_the_past", "last"
    sentence = _("This time is already over and cannot be closed any more. Please check the dates.")


class ClosureTooLong(HoursRefused):
    code, field = "closure_too_long", "last"
    sentence = _("A closure can last two years at most, and one of every year less than a year.")


class YearlyWholeDays(HoursRefused):
    code, field = "yearly_whole_days", "yearly"
    sentence = _("A closure of every year is for whole days. Please leave the times empty.")


class SubstituteUnfit(HoursRefused):
    code, field = "substitute_unfit", "substitute"
    sentence = _("Only another doctor of this practice can cover, and only for one doctor who is away.")


class NoteTooLong(HoursRefused):
    code, field = "note_too_long", "note"
    sentence = _("The note can have 200 characters at most.")


class TooManyClosures(HoursRefused):
    code, field = "too_many_closures", "first"
    sentence = _("These are too many closures. Please remove old ones first.")


class Hint(NamedTuple):
    """A day on which the clocks change within the hours: some of their times are skipped, or there twice."""

    day: date
    clock: Literal["skips", "repeats"]


def check_rule(rule: Rule, others: Iterable[Rule], today: date, *, overnight: bool = False) -> None:
    """Passes or raises a HoursRefused. `others` are the same practitioner's; touching them is fine, overlapping is not.

    `overnight`: an end that is not after the start is meant to be on the next day.
    """
    if rule.zone not in _zones():
        raise UnknownZone
    if not 2000 <= rule.from_date.year <= 2100:
        raise DateTooFar
    if rule.until_date is not None and rule.until_date < rule.from_date:
        raise UntilBeforeFrom
    check_recurrence(rule.recurrence)
    if rule.end_time <= rule.start_time and rule.end_time != time() and not overnight:  # until midnight is clear
        raise EndBeforeStart
    since = max(today, rule.from_date)
    if not rule.dates(since, since + _TEN_YEARS):
        raise NeverOccurs
    mine = openings([rule], [], since, since + YEAR)
    theirs = openings(others, [], since - DAY, since + YEAR)
    both = next((later for sooner, later in pairwise(sorted([*mine, *theirs])) if later.start < sooner.end), None)
    if both is not None:
        raise RulesOverlap(on=both.start.date())


def check_end(rule: Rule, last: date, others: Iterable[Rule], today: date) -> None:
    """Passes or raises a HoursRefused: whether `last` can become the last day of a rule that is there already."""
    if last < rule.from_date:
        raise UntilBeforeFrom
    if last < today - DAY:
        raise EndsInThePast
    if rule.until_date is not None and last > rule.until_date:
        check_rule(msgspec.structs.replace(rule, until_date=last), others, today, overnight=True)


def check_recurrence(recurrence: str) -> None:
    """Passes, or raises RecurrenceUnreadable or IntervalTooLong."""
    parts = recurrence_parts(recurrence)
    twice = len(parts) <= recurrence.count(";")
    frequency, interval = parts.pop("FREQ", ""), parts.pop("INTERVAL", "1")
    taken = _PARTS.get(frequency)
    if taken is None or twice or not recurrence.startswith("FREQ="):
        raise RecurrenceUnreadable
    for name, values in parts.items():
        if name not in taken or not re.fullmatch(rf"{taken[name]}(?:,{taken[name]})*", values) or len(values) > 150:
            raise RecurrenceUnreadable
    if not re.fullmatch(r"[1-9]\d*", interval, re.ASCII):
        raise RecurrenceUnreadable
    if len(interval) > 3 or int(interval) > _LONGEST_INTERVAL[frequency]:
        raise IntervalTooLong


def check_closure(closed: Range, now: datetime, *, yearly: bool, note: str) -> None:
    """Passes or raises a HoursRefused."""
    if closed.end <= closed.start:
        raise ClosureEndsFirst
    if not 2000 <= closed.start.year <= 2100 or closed.end - closed.start > (YEAR - DAY if yearly else _LONGEST):
        raise ClosureTooLong
    if closed.end <= now and not yearly:
        raise ClosureInThePast
    if len(note) > NOTE_MOST:
        raise NoteTooLong


def hints(rule: Rule, today: date) -> list[Hint]:
    """What to tell about the clock changes of the coming year. Skipped times are not offered, doubled ones twice."""
    found = []
    for day in rule.dates(today, today + YEAR):
        start, end = datetime.combine(day, rule.start_time), datetime.combine(day, rule.end_time)
        meant = end - start if end > start else end - start + DAY
        offered = sum((opening.end - opening.start for opening in rule.on(day)), timedelta())
        if offered != meant:
            found.append(Hint(day, "skips" if offered < meant else "repeats"))
    return found


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
