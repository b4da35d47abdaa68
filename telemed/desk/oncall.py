"""A doctor's on-call time: whoever walks into a pharmacy or hall comes here, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from telemed import clock
from telemed.desk import rows
from telemed.errors import BadRequest, Conflict, Invalid, Refusal
from telemed.forms import UnclearTime, posted, read_time
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.stations import care, oncall, partners
from telemed.stations.oncall import WalkInGone
from telemed.stations.walkins import REASONS, Reason

_PAGE = "/practice/on-call"
_OWN = f"{_PAGE}/{{walk_in}}"


@page("GET", _PAGE, verb="on_call.take", session="staff")
async def overview(request: web.Request, caller: Caller) -> web.Response:
    """Reading it is the sign that the doctor is there; the page does so every five seconds."""
    return await _overview(request, caller)


@page("POST", _PAGE, verb="on_call.take", session="staff")
async def open_until(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    try:
        until = read_time(typed.get("until", ""))
    except UnclearTime as error:
        return await _overview(request, caller, Invalid(fields={"until": error.sentence}), typed)
    async with request.app[DATABASE].transaction(caller) as tx:
        zone = ZoneInfo((await rows.site(tx, caller)).zone)
    now = clock.now().astimezone(zone)
    end = datetime.combine(now.date(), until, zone)
    try:
        await oncall.open_until(request.app[DATABASE], caller, end if end > now else end + timedelta(days=1))
    except (Invalid, Conflict) as refusal:
        return await _overview(request, caller, refusal, typed)
    return see_other(_PAGE)


@page("POST", f"{_PAGE}/end", verb="on_call.take", session="staff")
async def close(request: web.Request, caller: Caller) -> web.Response:
    try:
        await oncall.close(request.app[DATABASE], caller)
    except Conflict as refusal:
        return await _overview(request, caller, refusal)
    return see_other(_PAGE)


@page("POST", f"{_OWN}/acceptance", verb="on_call.take", session="staff")
async def accept(request: web.Request, caller: Caller, walk_in: UUID) -> web.Response:
    """It is an appointment now; the doctor goes into its room."""
    try:
        appointment = await oncall.accept(request.app[DATABASE], caller, walk_in)
    except (Conflict, WalkInGone) as refusal:
        return await _overview(request, caller, refusal)
    return see_other(f"/practice/appointments/{appointment}/room")


@page("POST", f"{_OWN}/handing-on", verb="on_call.take", session="staff")
async def hand_on(request: web.Request, caller: Caller, walk_in: UUID) -> web.Response:
    typed = await posted(request)
    try:
        await oncall.hand_on(request.app[DATABASE], caller, walk_in, urgent=typed.get("urgent") == "yes")
    except (Conflict, WalkInGone) as refusal:
        return await _overview(request, caller, refusal)
    return see_other(_PAGE)


@page("POST", f"{_OWN}/declining", verb="on_call.take", session="staff")
async def decline(request: web.Request, caller: Caller, walk_in: UUID) -> web.Response:
    typed = await posted(request)
    try:
        reason = msgspec.convert(typed.get("reason"), Reason)
        await oncall.decline(request.app[DATABASE], caller, walk_in, reason)
    except msgspec.ValidationError as error:
        raise BadRequest from error
    except (Conflict, WalkInGone) as refusal:
        return await _overview(request, caller, refusal)
    return see_other(_PAGE)


@page("GET", "/practice/partners", verb="site.change", session="staff")
async def choose_sites(request: web.Request, caller: Caller) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        sites = await partners.sites(tx, caller, at.id)
    return render(request, "desk/partners.html", at=at, sites=sites, done=request.query.get("done"))


@page("POST", "/practice/partners", verb="site.change", session="staff")
async def work_with(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        sites = await partners.sites(tx, caller, at.id)
        chosen = [one.id for one in sites if f"site.{one.id}" in typed]
        await partners.work_with(tx, caller, at.id, [] if len(chosen) == len(sites) else chosen)
    return see_other("/practice/partners?done=saved")


async def _overview(
    request: web.Request, caller: Caller, refusal: Refusal | None = None, typed: Mapping[str, str] | None = None
) -> web.Response:
    now = await oncall.look(request.app[DATABASE], caller)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        room = await care.station(tx, now.offered.station) if now.offered else None
    on = now.doctor is not None and now.doctor.until is not None
    ends = clock.now().astimezone(ZoneInfo(at.zone)) + timedelta(hours=2)
    part = request.query.get("fragment") == "1"
    return render(
        request, "desk/on_call_now.html" if part else "desk/on_call.html", status=refusal.status if refusal else 200,
        at=at, me=now.doctor, on=on, offered=now.offered, accepted=now.accepted, waiting=now.waiting, refusal=refusal,
        reasons=REASONS, room=room,
        errors=refusal.fields if isinstance(refusal, Invalid) else {}, typed=typed or {"until": f"{ends:%H}:00"},
        age=_age(now.offered, at.today) if now.offered else None, order=get_args(Reason),
    )  # fmt: skip


def _age(it: oncall.Offered, today: date) -> int:
    born = it.birth_date
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


ROUTES = [overview, open_until, close, accept, hand_on, decline, choose_sites, work_with]
