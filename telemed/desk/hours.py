"""When the doctors of a practice can be booked: the week in words, and a form for each part of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from telemed.db import Tx
from telemed.desk import rows
from telemed.desk.hours_words import clock_time, every_weeks, in_words, weekdays
from telemed.errors import Invalid, NotFound
from telemed.forms import UnclearDate, UnclearTime, posted, read_date, read_time
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling.hours import checks, closures, hours, openings
from telemed.scheduling.hours.hours import Kept, Whose
from telemed.scheduling.hours.outside import outside
from telemed.scheduling.hours.rules import Rule, weekly
from telemed.text import Text, _
from telemed.wording import Wording

_FIELDS = ("every_weeks", "start_time", "end_time", "from_date", "until_date")


@page("GET", "/practice/hours", verb="hours.read", session="staff")
async def overview(request: web.Request, caller: Caller) -> web.Response:
    """The hours of one doctor; their own first, another's on request."""
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        doctors = await rows.doctors(tx, at)
        wanted = request.query.get("who", "")
        own = next((doctor for doctor in doctors if doctor.person == caller.person), next(iter(doctors), None))
        who = next((doctor for doctor in doctors if str(doctor.id) == wanted), own)
        rules = await hours.rules(tx, who.id) if who else []
        closed = [one for one in await closures.closures(tx, at.id) if who and one.practitioner in (None, who.id)]
        outside_now = len(await outside(tx, at.id))
    say = Wording(locale_of(request), ZoneInfo(at.zone))
    return render(
        request, "desk/hours.html", at=at, doctors=doctors, who=who, closures=closed, say=say, outside=outside_now,
        rules=[(rule.id, in_words(rule, at.today, say), checks.hints(rule, at.today)) for rule in rules],
        holidays=_next_holidays(at, say.locale),
    )  # fmt: skip


@page("POST", "/practice/hours/holidays", verb="hours.change", session="staff")
async def open_on_holidays(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        await hours.open_on_holidays(tx, caller, at.id, typed.get("open") == "yes")
        return await onwards(tx, at.id, typed.get("who", ""))


@page("GET", "/practice/hours/rules", verb="hours.change", session="staff")
async def new_rule(request: web.Request, caller: Caller) -> web.Response:
    who = await _whose(request, caller, request.query.get("who", ""))
    empty = {"every_weeks": "1", "from_date": Wording(locale_of(request)).date(who.today)}
    return _form(request, who, None, empty)


@page("POST", "/practice/hours/rules", verb="hours.change", session="staff")
async def add_rule(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    who = await _whose(request, caller, typed.get("who", ""))
    try:
        rule = _read(typed, who)
        async with request.app[DATABASE].transaction(caller) as tx:
            await hours.add(tx, caller, who.id, rule, overnight="overnight" in typed)
            return await onwards(tx, who.site, str(who.id))
    except Invalid as refusal:
        return _form(request, who, None, typed, refusal)


@page("GET", "/practice/hours/rules/{rule}", verb="hours.change", session="staff")
async def edit_rule(request: web.Request, caller: Caller, rule: UUID) -> web.Response:
    kept, who = await _read_rule(request, caller, rule)
    return _form(request, who, kept, _typed(kept, Wording(locale_of(request))))


@page("POST", "/practice/hours/rules/{rule}", verb="hours.change", session="staff")
async def change_rule(request: web.Request, caller: Caller, rule: UUID) -> web.Response:
    typed = await posted(request)
    kept, who = await _read_rule(request, caller, rule)
    try:
        wanted = _read(typed, who, kept)
        async with request.app[DATABASE].transaction(caller) as tx:
            await hours.change(tx, caller, rule, wanted, overnight="overnight" in typed)
            return await onwards(tx, who.site, str(who.id))
    except Invalid as refusal:
        return _form(request, who, kept, typed, refusal)


@page("POST", "/practice/hours/rules/{rule}/removal", verb="hours.change", session="staff")
async def remove_rule(request: web.Request, caller: Caller, rule: UUID) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        who = await hours.remove(tx, caller, rule)
        return await onwards(tx, who.site, str(who.id))


async def onwards(tx: Tx, site: UUID, who: str) -> web.Response:
    """After a change: to the appointments that now lie outside, if there are any; else back to the hours."""
    return see_other("/practice/hours/outside" if await outside(tx, site) else f"/practice/hours?who={who}")


async def _whose(request: web.Request, caller: Caller, wanted: str) -> Whose:
    try:
        practitioner = UUID(wanted)
    except ValueError as error:
        raise NotFound from error
    async with request.app[DATABASE].transaction(caller) as tx:
        return await hours.whose(tx, caller, practitioner, "hours.change")


async def _read_rule(request: web.Request, caller: Caller, rule: UUID) -> tuple[Kept, Whose]:
    async with request.app[DATABASE].transaction(caller) as tx:
        return await hours.read(tx, caller, rule, "hours.change")


def _read(typed: Mapping[str, str], who: Whose, kept: Rule | None = None) -> Rule:
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
    interval = typed.get("every_weeks") or "1"
    if not (interval.isascii() and interval.isdigit() and 0 < int(interval[:4]) <= 52):
        wrong["every_weeks"] = _("Please write a number from 1 to 52.")
        interval = "1"
    days = [day for day in range(1, 8) if f"day_{day}" in typed]
    other = kept is not None and weekdays(kept) is None
    if not days and not other:
        wrong["days"] = _("Please choose at least one day.")
    if wrong:
        raise Invalid(fields=wrong)
    return Rule(
        kept.recurrence if kept is not None and other else weekly(days, int(interval)), **times,
        zone=kept.zone if kept else who.zone, from_date=dates["from_date"] or who.today,
        until_date=dates["until_date"], on_holidays="on_holidays" in typed,
    )  # fmt: skip


def _typed(rule: Rule, say: Wording) -> dict[str, str]:
    """A rule as its form shows it."""
    ticks = {f"day_{day}": "yes" for day in weekdays(rule) or ()}
    ticks |= {"on_holidays": "yes"} if rule.on_holidays else {}
    ticks |= {"overnight": "yes"} if rule.end_time <= rule.start_time and rule.end_time != time() else {}
    return ticks | {
        "every_weeks": str(every_weeks(rule)), "start_time": clock_time(rule.start_time),
        "end_time": clock_time(rule.end_time), "from_date": say.date(rule.from_date),
        "until_date": say.date(rule.until_date) if rule.until_date else "",
    }  # fmt: skip


def _form(
    request: web.Request, who: Whose, kept: Kept | None, typed: Mapping[str, str], refusal: Invalid | None = None
) -> web.Response:
    errors = dict(refusal.fields) if refusal else {}
    if "recurrence" in errors:
        place = "every_weeks" if isinstance(refusal, checks.IntervalTooLong) else "days"
        errors[place] = errors.pop("recurrence")
    say = Wording(locale_of(request))
    return render(
        request, "desk/hours_rule.html", status=422 if errors else 200, who=who, rule=kept, errors=errors,
        typed=dict.fromkeys(_FIELDS, "") | dict(typed),
        words=in_words(kept, who.today, say) if kept is not None else "",
        by_days=kept is None or weekdays(kept) is not None,
    )  # fmt: skip


def _next_holidays(at: rows.Site, locale: str) -> list[tuple[date, str]]:
    found = openings.public_holidays(at.state, (at.today.year, at.today.year + 1), locale)
    return list(islice(((day, name) for day, name in sorted(found.items()) if day >= at.today), 6))


ROUTES = [overview, open_on_holidays, new_rule, add_rule, edit_rule, change_rule, remove_rule]
