"""When a pharmacy or hub takes people who have booked its station from elsewhere: hours and days off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from telemed import clock
from telemed.desk import rows
from telemed.errors import Invalid
from telemed.forms import UnclearDate, UnclearTime, posted, read_date, read_time
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling.hours import closures, stations
from telemed.scheduling.hours.closures import ClosureWish
from telemed.scheduling.hours.openings import Span
from telemed.scheduling.hours.stations import SpansUnclear
from telemed.text import Text
from telemed.visit.wishing import DAYS
from telemed.wording import Wording

_PAGE: Final = "/station/hours"
_REACH: Final = timedelta(days=366)
_BETWEEN: Final = re.compile(r"\s*(?:-|–|—|\bbis\b|\bto\b)\s*", re.IGNORECASE)
_AND: Final = re.compile(r"\s*(?:,|;|\bund\b|\band\b)\s*", re.IGNORECASE)


class Outside(msgspec.Struct, frozen=True):
    """A time that is booked although nobody would be there; the practice can move it. Who comes is not said (P-05)."""

    start: datetime
    practice: str
    town: str
    phone: str


@page("GET", _PAGE, verb="station.change", session="staff")
async def overview(request: web.Request, caller: Caller) -> web.Response:
    return await _form(request, caller, {})


@page("POST", _PAGE, verb="station.change", session="staff")
async def change(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    try:
        spans = _spans(typed)
        async with request.app[DATABASE].transaction(caller) as tx:
            at = await rows.site(tx, caller)
            await stations.change(tx, caller, at.id, spans, on_holidays=typed.get("on_holidays") == "yes")
    except Invalid as refusal:
        return await _form(request, caller, typed, refusal)
    return see_other(f"{_PAGE}?done=changed")


@page("POST", f"{_PAGE}/closures", verb="station.change", session="staff")
async def close(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    try:
        first, last = _days(typed)
        async with request.app[DATABASE].transaction(caller) as tx:
            await closures.add(tx, caller, ClosureWish(first=first, last=last), stations.VERB)
    except Invalid as refusal:
        return await _form(request, caller, typed, refusal)
    return see_other(f"{_PAGE}?done=changed")


@page("POST", f"{_PAGE}/closures/{{closure}}/removal", verb="station.change", session="staff")
async def reopen(request: web.Request, caller: Caller, closure: UUID) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        await closures.remove(tx, caller, closure, stations.VERB)
    return see_other(f"{_PAGE}?done=changed")


def _spans(typed: Mapping[str, str]) -> list[Span]:
    """`8-13, 14:30–18 Uhr` of each day. Raises SpansUnclear, naming every day that cannot be read."""
    found: list[Span] = []
    wrong: dict[str, Text] = {}
    for weekday in range(1, 8):
        name = f"day{weekday}"
        for part in filter(None, _AND.split(typed.get(name, "")[:200].strip())):
            try:
                since, until = (read_time(time_) for time_ in _BETWEEN.split(part))
            except (UnclearTime, ValueError):
                wrong[name] = SpansUnclear.sentence
            else:
                found.append(Span(weekday, since, until))
    if wrong:
        raise SpansUnclear(fields=wrong)
    return found


def _days(typed: Mapping[str, str]) -> tuple[date, date]:
    """The first and the last day off; without a last one it is a single day. Raises Invalid."""
    wrong: dict[str, Text] = {}
    days: list[date] = []
    for name in ("first", "last"):
        try:
            days.append(read_date(typed.get(name, "") or typed.get("first", "")))
        except UnclearDate as error:
            wrong[name] = error.sentence
    if wrong:
        raise Invalid(fields=wrong if typed.get("last") else {"first": wrong["first"]})
    return days[0], days[1]


def written(spans: list[Span]) -> dict[str, str]:
    """The hours as the form shows them."""
    found: dict[str, list[str]] = {f"day{weekday}": [] for weekday in range(1, 8)}
    for span in spans:
        found[f"day{span.weekday}"].append(f"{span.since:%H:%M}–{span.until:%H:%M}")
    return {name: ", ".join(parts) for name, parts in found.items()}


async def _form(
    request: web.Request, caller: Caller, typed: Mapping[str, str], refusal: Invalid | None = None
) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        spans = await stations.read(tx, at.id)
        off = await closures.closures(tx, at.id)
        now = clock.now()
        outside = await tx.many(Outside, "desk.outside_station_hours", since=now, until=now + _REACH)
    there = written(spans) | {"first": "", "last": ""}
    return render(
        request, "desk/station_hours.html", status=refusal.status if refusal else 200, at=at, days=DAYS, closures=off,
        outside=outside, typed=there | {name: typed[name] for name in there if name in typed},
        on_holidays=typed.get("on_holidays") == "yes" if "day1" in typed else at.on_holidays,
        errors=refusal.fields if refusal else {}, done=request.query.get("done"), always=not spans,
        say=Wording(locale_of(request), ZoneInfo(at.zone)),
    )  # fmt: skip


ROUTES = [overview, change, close, reopen]
