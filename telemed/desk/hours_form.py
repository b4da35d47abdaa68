"""The form of a recurring opening: read with patience, and shown as it was typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Final

from aiohttp import web

from telemed.desk.hours_words import OF_MONTH, Days, by_form, clock_time, in_words
from telemed.errors import Invalid
from telemed.forms import UnclearDate, UnclearTime, read_date, read_time
from telemed.html import locale_of, render
from telemed.scheduling.hours import checks
from telemed.scheduling.hours.hours import Kept, Whose
from telemed.scheduling.hours.rules import Rule
from telemed.text import Text, _
from telemed.wording import Wording

_FIELDS: Final = ("every_weeks", "start_time", "end_time", "from_date", "until_date")
_TICKS: Final = {n: f"nth_{n if n > 0 else 'last'}" for n in OF_MONTH}  # the form's names of OF_MONTH


def read(typed: Mapping[str, str], who: Whose, kept: Rule | None = None) -> Rule:
    """The rule that was typed. Raises Invalid, naming every field that cannot be read."""
    wrong: dict[str, Text] = {}
    times = {"start_time": time(), "end_time": time()}
    for name in times:
        try:
            times[name] = read_time(typed.get(name, ""))
        except UnclearTime as error:
            wrong[name] = error.sentence
    dates: dict[str, date | None] = {"from_date": None, "until_date": None}
    for name in dates:
        if name == "from_date" or typed.get(name):
            try:
                dates[name] = read_date(typed.get(name, ""))
            except UnclearDate as error:
                wrong[name] = error.sentence
    # What only the API can make has no days in its form, and stays as it is.
    recurrence = kept.recurrence if kept and by_form(kept) is None else _days(typed, wrong).recurrence()
    if wrong:
        raise Invalid(fields=wrong)
    return Rule(
        recurrence, **times, zone=kept.zone if kept else who.zone, from_date=dates["from_date"] or who.today,
        until_date=dates["until_date"], on_holidays="on_holidays" in typed,
    )  # fmt: skip


def _days(typed: Mapping[str, str], wrong: dict[str, Text]) -> Days:
    days = frozenset(day for day in range(1, 8) if f"day_{day}" in typed)
    of_month = frozenset(n for n, tick in _TICKS.items() if tick in typed)
    interval = typed.get("every_weeks") or "1"
    if not days:
        wrong["days"] = _("Please choose at least one day.")
    if not (interval.isascii() and interval.isdigit() and 0 < int(interval[:4]) <= 52):
        wrong["every_weeks"] = _("Please write a number from 1 to 52.")
        interval = "1"
    elif of_month and interval != "1":
        wrong["every_weeks"] = _("Either only some days of the month, or every how many weeks: please choose one.")
    return Days(days, int(interval), of_month)


def typed_of(rule: Rule, say: Wording) -> dict[str, str]:
    """A rule as its form shows it."""
    days = by_form(rule) or Days(frozenset())
    ticks = [*(f"day_{day}" for day in days.weekdays), *(_TICKS[n] for n in days.of_month)]
    ticks += ["on_holidays"] if rule.on_holidays else []
    ticks += ["overnight"] if rule.end_time <= rule.start_time and rule.end_time != time() else []
    return dict.fromkeys(ticks, "yes") | {
        "every_weeks": str(days.every_weeks), "start_time": clock_time(rule.start_time),
        "end_time": clock_time(rule.end_time), "from_date": say.date(rule.from_date),
        "until_date": say.date(rule.until_date) if rule.until_date else "",
    }  # fmt: skip


def form(
    request: web.Request, who: Whose, kept: Kept | None, typed: Mapping[str, str], refusal: Invalid | None = None
) -> web.Response:
    errors = dict(refusal.fields) if refusal else {}
    if "recurrence" in errors:
        place = "every_weeks" if isinstance(refusal, checks.IntervalTooLong) else "days"
        errors[place] = errors.pop("recurrence")
    say = Wording(locale_of(request))
    return render(
        request, "desk/hours_rule.html", status=422 if errors else 200, who=who, rule=kept, errors=errors,
        typed=dict.fromkeys(_FIELDS, "") | dict(typed), by_days=kept is None or by_form(kept) is not None,
        words=in_words(kept, who.today, say) if kept is not None else "",
        of_month=[(tick, OF_MONTH[n]) for n, tick in _TICKS.items()],
    )  # fmt: skip
