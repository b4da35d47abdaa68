"""When the doctors of a practice can be booked: the week in words, and a form for each part of it."""

from __future__ import annotations

from datetime import date
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from telemed.db import Tx
from telemed.desk import rows
from telemed.desk.hours_form import form, read, typed_of
from telemed.desk.hours_words import in_words
from telemed.errors import Invalid, NotFound
from telemed.forms import UnclearDate, posted, read_date
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling.hours import checks, closures, hours, openings
from telemed.scheduling.hours.hours import Kept, Whose
from telemed.scheduling.hours.outside import outside
from telemed.wording import Wording


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
    return form(request, who, None, empty)


@page("POST", "/practice/hours/rules", verb="hours.change", session="staff")
async def add_rule(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    who = await _whose(request, caller, typed.get("who", ""))
    try:
        rule = read(typed, who)
        async with request.app[DATABASE].transaction(caller) as tx:
            await hours.add(tx, caller, who.id, rule, overnight="overnight" in typed)
            return await onwards(tx, who.site, str(who.id))
    except Invalid as refusal:
        return form(request, who, None, typed, refusal)


@page("GET", "/practice/hours/rules/{rule}", verb="hours.change", session="staff")
async def edit_rule(request: web.Request, caller: Caller, rule: UUID) -> web.Response:
    kept, who = await _read_rule(request, caller, rule)
    return form(request, who, kept, typed_of(kept, Wording(locale_of(request))))


@page("POST", "/practice/hours/rules/{rule}", verb="hours.change", session="staff")
async def change_rule(request: web.Request, caller: Caller, rule: UUID) -> web.Response:
    typed = await posted(request)
    kept, who = await _read_rule(request, caller, rule)
    try:
        wanted = read(typed, who, kept)
        async with request.app[DATABASE].transaction(caller) as tx:
            await hours.change(tx, caller, rule, wanted, overnight="overnight" in typed)
            return await onwards(tx, who.site, str(who.id))
    except Invalid as refusal:
        return form(request, who, kept, typed, refusal)


@page("GET", "/practice/hours/rules/{rule}/end", verb="hours.change", session="staff")
async def ask_end(request: web.Request, caller: Caller, rule: UUID) -> web.Response:
    kept, who = await _read_rule(request, caller, rule)
    say = Wording(locale_of(request))
    return _end(request, kept, who, say.date(kept.until_date) if kept.until_date else "")


@page("POST", "/practice/hours/rules/{rule}/end", verb="hours.change", session="staff")
async def end_rule(request: web.Request, caller: Caller, rule: UUID) -> web.Response:
    """Its last day; what it opened until then stays written down."""
    typed = (await posted(request)).get("until_date", "")
    kept, who = await _read_rule(request, caller, rule)
    try:
        async with request.app[DATABASE].transaction(caller) as tx:
            await hours.end(tx, caller, rule, read_date(typed))
            return await onwards(tx, who.site, str(who.id))
    except UnclearDate as error:
        return _end(request, kept, who, typed, Invalid(fields={"until_date": error.sentence}))
    except Invalid as refusal:
        return _end(request, kept, who, typed, refusal)


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


def _end(request: web.Request, kept: Kept, who: Whose, typed: str, refusal: Invalid | None = None) -> web.Response:
    # Another date field of a check's (it lies too far ahead, it overlaps) is this one here: there is no other.
    errors = {"until_date": next(iter(refusal.fields.values()))} if refusal else {}
    return render(
        request, "desk/hours_end.html", status=422 if errors else 200, rule=kept, who=who, typed=typed, errors=errors,
        words=in_words(kept, who.today, Wording(locale_of(request))),
    )  # fmt: skip


def _next_holidays(at: rows.Site, locale: str) -> list[tuple[date, str]]:
    found = openings.public_holidays(at.state, (at.today.year, at.today.year + 1), locale)
    return list(islice(((day, name) for day, name in sorted(found.items()) if day >= at.today), 6))


ROUTES = [overview, open_on_holidays, new_rule, add_rule, edit_rule, change_rule, ask_end, end_rule, remove_rule]
