"""Citizen buses and on-call taxis: the site says when they go, and asks for a ride for somebody who is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from types import MappingProxyType
from typing import Final
from uuid import UUID

import msgspec
from aiohttp import web

from telemed.desk import rows
from telemed.desk.station import OWN_PAGE, todays
from telemed.errors import BadRequest, Conflict, Invalid
from telemed.forms import UnclearTime, posted, read_time
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.stations import rides
from telemed.stations.rides import CONSENT, KINDS, Wish
from telemed.text import Text
from telemed.visit.wishing import DAYS

_PAGE: Final = "/station/rides"
_NONE: Final[Mapping[str, Text]] = MappingProxyType({})
_BLANK: Final = {"kind": "bus", "since": "", "until": "", "direction": "", "email": "", "phone": ""}


@page("GET", _PAGE, verb="station.change", session="staff")
async def overview(request: web.Request, caller: Caller) -> web.Response:
    return await _overview(request, caller, _BLANK, _NONE)


@page("POST", _PAGE, verb="station.change", session="staff")
async def add(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    try:
        wish = _wish(typed)
        async with request.app[DATABASE].transaction(caller) as tx:
            await rides.add(tx, caller, wish)
    except Invalid as refusal:
        return await _overview(request, caller, typed, refusal.fields)
    return see_other(f"{_PAGE}?done=changed")


@page("POST", f"{_PAGE}/{{ride}}/end", verb="station.change", session="staff")
async def end(request: web.Request, caller: Caller, ride: UUID) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        await rides.end(tx, caller, ride)
    return see_other(f"{_PAGE}?done=changed")


@page("GET", f"{OWN_PAGE}/rides", verb="ride.ask", session="staff")
async def of_patient(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    return await _of_patient(request, caller, appointment, _NONE)


@page("POST", f"{OWN_PAGE}/rides", verb="ride.ask", session="staff", limit=rides.ASKING)
async def ask(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """For the patient, who says yes to it beside whoever asks (P-05)."""
    typed = await posted(request)
    it = await todays(request, caller, appointment)
    try:
        async with request.app[DATABASE].transaction(caller) as tx:
            await rides.ask(tx, caller, it, typed.get("ride", ""), agreed=typed.get("agree") == "yes")
    except Invalid as refusal:
        return await _of_patient(request, caller, appointment, refusal.fields)
    except Conflict as refusal:
        return await _of_patient(request, caller, appointment, {"agree": refusal.text})
    return see_other(f"/station/appointments/{appointment}/rides")


@page("POST", f"{OWN_PAGE}/rides/end", verb="ride.ask", session="staff", limit=rides.ASKING)
async def call_off(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    typed = await posted(request)
    it = await todays(request, caller, appointment)
    async with request.app[DATABASE].transaction(caller) as tx:
        await rides.call_off(tx, caller, it, typed.get("leg", ""))
    return see_other(f"/station/appointments/{appointment}/rides")


def _wish(typed: Mapping[str, str]) -> Wish:
    """Raises Invalid for times that cannot be read, BadRequest for what no form sends."""
    wrong: dict[str, Text] = {}
    times = {"since": time(), "until": time()}
    for name in times:
        try:
            times[name] = read_time(typed.get(name, ""))
        except UnclearTime as unclear:
            wrong[name] = unclear.sentence
    if wrong:
        raise Invalid(fields=wrong)
    words = {name: typed.get(name, "")[:300] for name in ("kind", "direction", "email", "phone")}
    weekdays = [day for day in range(1, 8) if f"day{day}" in typed]
    try:
        return msgspec.convert({**times, **words, "weekdays": weekdays}, Wish)
    except msgspec.ValidationError as error:
        raise BadRequest from error


async def _overview(
    request: web.Request, caller: Caller, typed: Mapping[str, str], errors: Mapping[str, Text]
) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        found = await rides.rides(tx, at.id)
    return render(
        request, "counter/rides.html", status=422 if errors else 200, at=at, rides=found, kinds=KINDS, days=DAYS,
        typed=_BLANK | dict(typed), errors=errors, done=request.query.get("done"),
    )  # fmt: skip


async def _of_patient(
    request: web.Request, caller: Caller, appointment: UUID, errors: Mapping[str, Text]
) -> web.Response:
    it = await todays(request, caller, appointment)
    async with request.app[DATABASE].transaction(caller) as tx:
        offers, asked = await rides.offers(tx, it), await rides.asked(tx, it.id)
    return render(
        request, "counter/ride.html", status=422 if errors else 200, it=it, offers=offers, asked=asked, kinds=KINDS,
        consent=CONSENT, errors=errors,
    )  # fmt: skip


ROUTES = [overview, add, end, of_patient, ask, call_off]
