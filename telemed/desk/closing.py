"""Time off, entered by the practice: who, from when to when, every year or once, and who covers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from uuid import UUID

from aiohttp import web

from telemed.desk import rows
from telemed.desk.hours import onwards
from telemed.errors import Invalid
from telemed.forms import UnclearDate, UnclearTime, posted, read_date, read_time
from telemed.html import page, render
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling.hours import closures
from telemed.scheduling.hours.closures import ClosureWish
from telemed.text import Text, _

_FIELDS = ("who", "first", "last", "since", "until", "substitute", "note")


@page("GET", "/practice/hours/closures", verb="hours.change", session="staff")
async def new_closure(request: web.Request, caller: Caller) -> web.Response:
    return await _form(request, caller, {name: request.query.get(name, "") for name in ("who", "first")})


@page("POST", "/practice/hours/closures", verb="hours.change", session="staff")
async def add_closure(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    try:
        wish = _read(typed)
        async with request.app[DATABASE].transaction(caller) as tx:
            made = await closures.add(tx, caller, wish)
            return await onwards(tx, made.site, str(made.practitioner or ""))
    except Invalid as refusal:
        return await _form(request, caller, typed, refusal)


@page("POST", "/practice/hours/closures/{closure}/removal", verb="hours.change", session="staff")
async def remove_closure(request: web.Request, caller: Caller, closure: UUID) -> web.Response:
    typed = await posted(request)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        await closures.remove(tx, caller, closure)
        return await onwards(tx, at.id, typed.get("who", ""))


def _read(typed: Mapping[str, str]) -> ClosureWish:
    """What was typed; a closure without last day is of one day. Raises Invalid, naming every field that is wrong."""
    wrong: dict[str, Text] = {}
    dates: dict[str, date] = {}
    for name in ("first", "last"):
        try:
            dates[name] = read_date(typed.get(name, "") or typed.get("first", ""))
        except UnclearDate as error:
            wrong[name] = error.sentence
    if "first" in wrong and not typed.get("last"):
        del wrong["last"]
    times: dict[str, time] = {}
    for name in ("since", "until"):
        if typed.get(name):
            try:
                times[name] = read_time(typed[name])
            except UnclearTime as error:
                wrong[name] = error.sentence
    if times.get("until") == time():
        del times["until"]  # until midnight: the whole last day
    people: dict[str, UUID | None] = {}
    for name, sentence in (("who", _("Please choose who is away.")), ("substitute", _("Please choose who covers."))):
        try:
            people[name] = UUID(typed[name]) if typed.get(name) not in (None, "", "all") else None
        except ValueError:
            wrong[name] = sentence
    if typed.get("who", "") == "":
        wrong["who"] = _("Please choose who is away.")
    if wrong:
        raise Invalid(fields=wrong)
    return ClosureWish(
        **dates, since=times.get("since"), until=times.get("until"), practitioner=people["who"],
        substitute=people["substitute"], yearly="yearly" in typed, note=typed.get("note", ""),
    )  # fmt: skip


async def _form(
    request: web.Request, caller: Caller, typed: Mapping[str, str], refusal: Invalid | None = None
) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        doctors = await rows.doctors(tx, at)
    return render(
        request, "desk/hours_closure.html", status=422 if refusal else 200, at=at, doctors=doctors,
        typed=dict.fromkeys(_FIELDS, "") | dict(typed), errors=refusal.fields if refusal else {},
    )  # fmt: skip


ROUTES = [new_closure, add_closure, remove_closure]
