"""Hours as people say them: „montags und mittwochs 8:00–12:00 Uhr, jede zweite Woche, ab 1.12.2026“."""

from __future__ import annotations

from datetime import date, time
from typing import Final

from telemed.scheduling.hours.rules import WEEKDAYS, Rule, recurrence_parts
from telemed.text import Text, _
from telemed.wording import Wording

_ON: Final = (
    _("on Mondays"), _("on Tuesdays"), _("on Wednesdays"), _("on Thursdays"), _("on Fridays"), _("on Saturdays"),
    _("on Sundays"),
)  # fmt: skip


def in_words(rule: Rule, today: date, say: Wording) -> str:
    """One rule in one line, in the language of `say`. What is usual or over is not said."""
    every = every_weeks(rule)
    parts: list[Text | str] = [f"{_days(rule, say)} {_times(rule).render(say.locale)}"]
    if every == 2:
        parts.append(_("every second week"))
    elif every > 2:
        parts.append(_("every %(n)s weeks", n=every))
    if rule.from_date > today or every > 1:
        parts.append(_("from %(day)s on", day=say.date(rule.from_date)))
    if rule.until_date is not None:
        parts.append(_("until %(day)s", day=say.date(rule.until_date)))
    if rule.on_holidays:
        parts.append(_("on public holidays too"))
    return ", ".join(part if isinstance(part, str) else part.render(say.locale) for part in parts)


def weekdays(rule: Rule) -> set[int] | None:
    """The ISO weekdays of a rule that a form with days can show; None for any other (made through the API)."""
    parts = recurrence_parts(rule.recurrence)
    if parts["FREQ"] == "DAILY" and parts.get("INTERVAL", "1") == "1":
        return set(range(1, 8))
    if parts["FREQ"] != "WEEKLY":
        return None
    named = parts.get("BYDAY", WEEKDAYS[rule.from_date.weekday()]).split(",")
    return {WEEKDAYS.index(name) + 1 for name in named}


def every_weeks(rule: Rule) -> int:
    parts = recurrence_parts(rule.recurrence)
    return int(parts.get("INTERVAL", "1")) if parts["FREQ"] == "WEEKLY" else 1


def clock_time(at: time) -> str:
    """`8:00`, as Germans write it."""
    return f"{at.hour}:{at.minute:02}"


def _days(rule: Rule, say: Wording) -> str:
    days = weekdays(rule)
    if days is None:
        return _("by the rule %(rule)s", rule=rule.recurrence).render(say.locale)
    if len(days) == 7:
        return _("daily").render(say.locale)
    if days == {1, 2, 3, 4, 5}:
        return _("Monday to Friday").render(say.locale)
    *first, last = [_ON[day - 1].render(say.locale) for day in sorted(days)]
    return _("%(some)s and %(last)s", some=", ".join(first), last=last).render(say.locale) if first else last


def _times(rule: Rule) -> Text:
    start, end = clock_time(rule.start_time), clock_time(rule.end_time)
    if rule.start_time == rule.end_time:
        return _("around the clock") if rule.start_time == time() else _("24 hours from %(start)s", start=start)
    if rule.end_time == time():
        return _("%(start)s to midnight", start=start)
    if rule.end_time < rule.start_time:
        return _("%(start)s to %(end)s on the next day", start=start, end=end)
    return _("%(start)s to %(end)s", start=start, end=end)
