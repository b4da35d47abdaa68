"""Hours as people say them: „montags und mittwochs 8:00–12:00 Uhr, jede zweite Woche, ab 1.12.2026“."""

from __future__ import annotations

from datetime import date, time
from typing import Final, NamedTuple

from telemed.desk import recurrence_words
from telemed.scheduling.hours.rules import WEEKDAYS, Rule, monthly, recurrence_parts, weekly
from telemed.text import Text, _
from telemed.wording import Wording

OF_MONTH: Final = {1: _("the first"), 2: _("the second"), 3: _("the third"), 4: _("the fourth"), -1: _("the last")}
"""Which of the month's Mondays the form offers."""


def in_words(rule: Rule, today: date, say: Wording) -> str:
    """One rule in one line, in the language of `say`. What is usual or over is not said."""
    every = recurrence_words.every(rule)
    times = _times(rule).render(say.locale)
    parts: list[Text | str] = [" ".join(filter(None, (recurrence_words.days(rule, say), times)))]
    if every is not None:
        parts.append(every)
    if rule.from_date > today or every is not None:
        parts.append(_("from %(day)s on", day=say.date(rule.from_date)))
    if rule.until_date is not None:
        parts.append(_("until %(day)s", day=say.date(rule.until_date)))
    if rule.on_holidays:
        parts.append(_("on public holidays too"))
    return ", ".join(part if isinstance(part, str) else part.render(say.locale) for part in parts)


class Days(NamedTuple):
    """What the form can show of a recurrence: ISO weekdays, every how many weeks, or which of them in a month."""

    weekdays: frozenset[int]
    every_weeks: int = 1
    of_month: frozenset[int] = frozenset()

    def recurrence(self) -> str:
        return monthly(self.of_month, self.weekdays) if self.of_month else weekly(self.weekdays, self.every_weeks)


def by_form(rule: Rule) -> Days | None:
    """None for a recurrence that only the API can make: the form shows its words and keeps it."""
    parts = recurrence_parts(rule.recurrence)
    frequency, every, named = parts["FREQ"], recurrence_words.interval(rule), parts.get("BYDAY", "").split(",")
    if frequency == "DAILY" and every == 1:
        return Days(frozenset(range(1, 8)))
    if frequency == "WEEKLY":
        usual = [WEEKDAYS[rule.from_date.weekday()]]
        return Days(frozenset(WEEKDAYS.index(name) + 1 for name in (named if named != [""] else usual)), every)
    if frequency != "MONTHLY" or every > 1 or "BYMONTHDAY" in parts or named == [""]:
        return None
    ticked = [recurrence_words.nth(name) for name in named]
    found = Days(frozenset(day for _n, day in ticked), 1, frozenset(n for n, _day in ticked))
    every_one_of_them = {(n, day) for n in found.of_month for day in found.weekdays} == set(ticked)
    return found if every_one_of_them and found.of_month <= OF_MONTH.keys() else None


def clock_time(at: time) -> str:
    """`8:00`, as Germans write it."""
    return f"{at.hour}:{at.minute:02}"


def _times(rule: Rule) -> Text:
    start, end = clock_time(rule.start_time), clock_time(rule.end_time)
    if rule.start_time == rule.end_time:
        return _("around the clock") if rule.start_time == time() else _("24 hours from %(start)s", start=start)
    if rule.end_time == time():
        return _("%(start)s to midnight", start=start)
    if rule.end_time < rule.start_time:
        return _("%(start)s to %(end)s on the next day", start=start, end=end)
    return _("%(start)s to %(end)s", start=start, end=end)
