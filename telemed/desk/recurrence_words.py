"""On which days a rule opens, as people say it: „am ersten Montag des Monats“, „am 1. und am letzten Tag des Monats“.

Every recurrence that `checks.py` takes has its words, also those that only the API can make (RFC 5545 section 3.3.10).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from babel.dates import format_date, get_month_names

from telemed.scheduling.hours.rules import WEEKDAYS, Rule, recurrence_parts
from telemed.text import Text, _
from telemed.wording import Wording

_DAYS: Final = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
)  # fmt: skip
_ON: Final = (
    _("on Mondays"), _("on Tuesdays"), _("on Wednesdays"), _("on Thursdays"), _("on Fridays"), _("on Saturdays"),
    _("on Sundays"),
)  # fmt: skip


def days(rule: Rule, say: Wording) -> str:
    """`montags und mittwochs`, `am ersten Freitag des Monats`, `jedes Jahr am 24. Dezember`; how often is not said."""
    parts = recurrence_parts(rule.recurrence)
    frequency, months = parts["FREQ"], _numbers(parts.get("BYMONTH", ""))
    weekdays = [nth(value) for value in parts.get("BYDAY", "").split(",") if value]
    monthdays = _numbers(parts.get("BYMONTHDAY", ""))
    if frequency == "DAILY":
        return "" if interval(rule) > 1 else _("daily").render(say.locale)
    if frequency == "WEEKLY":
        named = {day for _n, day in weekdays} or {rule.from_date.isoweekday()}
        return _week(named, say)
    if not weekdays and not monthdays:
        if frequency == "YEARLY" and not months:
            return _("every year on %(day)s", day=_day_of_year(rule.from_date, say)).render(say.locale)
        monthdays = [rule.from_date.day]
    on_dates = _and([_monthday(n, say) for n in monthdays], say)
    on_days = _and([_weekday(n, day, say) for n, day in weekdays], say)
    numbered = any(n for n, _day in weekdays)
    if months:
        names = get_month_names("wide", "stand-alone", say.locale)
        period = _("in %(months)s", months=_and([names[month] for month in months], say)).render(say.locale)
    elif on_dates or (numbered and frequency == "MONTHLY"):
        period = _("of the month").render(say.locale)
    else:
        period = _("of the year").render(say.locale) if numbered else ""
    told = _("%(days)s, but only %(dates)s", days=on_days, dates=on_dates).render(say.locale)
    return " ".join(filter(None, (told if on_days and on_dates else on_days or on_dates, period)))


def interval(rule: Rule) -> int:
    """Every how many days, weeks, months or years."""
    return int(recurrence_parts(rule.recurrence).get("INTERVAL", "1"))


def every(rule: Rule) -> Text | None:
    """`jede zweite Woche`, `alle 3 Monate`; None for every single one."""
    n = interval(rule)
    if n == 1:
        return None
    match recurrence_parts(rule.recurrence)["FREQ"]:
        case "DAILY":
            return _("every second day") if n == 2 else _("every %(n)s days", n=n)
        case "WEEKLY":
            return _("every second week") if n == 2 else _("every %(n)s weeks", n=n)
        case "MONTHLY":
            return _("every second month") if n == 2 else _("every %(n)s months", n=n)
        case _yearly:
            return _("every second year") if n == 2 else _("every %(n)s years", n=n)


def _week(named: set[int], say: Wording) -> str:
    if len(named) == 7:
        return _("daily").render(say.locale)
    if named == {1, 2, 3, 4, 5}:
        return _("Monday to Friday").render(say.locale)
    return _and([_ON[day - 1].render(say.locale) for day in sorted(named)], say)


def _weekday(n: int, day: int, say: Wording) -> str:
    """Every Monday, or the n-th of its month or year; from its end if negative."""
    if n == 0:
        return _ON[day - 1].render(say.locale)
    name = _DAYS[day - 1].render(say.locale)
    told = {
        1: _("on the first %(day)s", day=name), 2: _("on the second %(day)s", day=name),
        3: _("on the third %(day)s", day=name), 4: _("on the fourth %(day)s", day=name),
        5: _("on the fifth %(day)s", day=name), -1: _("on the last %(day)s", day=name),
        -2: _("on the last %(day)s but one", day=name), -3: _("on the last %(day)s but two", day=name),
        -4: _("on the last %(day)s but three", day=name), -5: _("on the last %(day)s but four", day=name),
    }  # fmt: skip
    return told[n].render(say.locale)


def _monthday(n: int, say: Wording) -> str:
    if n == -1:
        return _("on the last day").render(say.locale)
    if n < 0:
        return _("on the %(nth)s day before the last", nth=_ordinal(-n - 1, say)).render(say.locale)
    return _("on the %(nth)s", nth=_ordinal(n, say)).render(say.locale)


def _day_of_year(on: date, say: Wording) -> str:
    return format_date(on, {"de": "d. MMMM", "en": "d MMMM"}[say.locale], locale=say.locale)


def _ordinal(n: int, say: Wording) -> str:
    if say.locale == "de":
        return f"{n}."
    return f"{n}{'th' if n % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def nth(value: str) -> tuple[int, int]:
    """`-1FR` as (-1, 5); `FR` as (0, 5)."""
    return int(value[:-2] or 0), WEEKDAYS.index(value[-2:]) + 1


def _numbers(values: str) -> list[int]:
    return [int(value) for value in values.split(",") if value]


def _and(words: Iterable[str], say: Wording) -> str:
    *first, last = [*dict.fromkeys(words)] or [""]
    return _("%(some)s and %(last)s", some=", ".join(first), last=last).render(say.locale) if first else last
