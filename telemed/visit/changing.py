"""Another time for my appointment, or none."""

from __future__ import annotations

import msgspec
from aiohttp import web

from telemed.clock import Instant
from telemed.errors import BadRequest, Refusal
from telemed.forms import posted
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling import changes
from telemed.scheduling.api import TAKING
from telemed.scheduling.refusals import (
    ChangedMeanwhile,
    InThePast,
    KeptForNear,
    NotActive,
    NotASlot,
    SlotTaken,
    TooLate,
)
from telemed.scheduling.types import Appointment
from telemed.visit.days import choice, read_day
from telemed.visit.mine import own


@page("GET", "/appointment/move", verb="appointment.move")
async def other_times(request: web.Request, caller: Caller) -> web.Response:
    return await _times(request, caller, await own(request, caller))


@page("POST", "/appointment/move", verb="appointment.move", limit=TAKING)
async def move(request: web.Request, caller: Caller) -> web.Response:
    """The old time is kept until the new one is won."""
    typed = await posted(request)
    it = await own(request, caller)
    try:
        start = msgspec.convert(typed["start"], Instant)
        epoch = msgspec.convert(typed["epoch"], int, strict=False)
    except (KeyError, msgspec.ValidationError) as error:
        raise BadRequest from error
    try:
        await changes.move(request.app[DATABASE], caller, it.id, start, epoch)
    except (SlotTaken, NotASlot, KeptForNear, InThePast) as refusal:
        return await _times(request, caller, it, refusal)
    except (TooLate, NotActive):
        return see_other("/appointment/move")
    except ChangedMeanwhile as refusal:
        return await _times(request, caller, await own(request, caller), refusal)
    return see_other("/appointment?done=moved")


@page("GET", "/appointment/cancel", verb="appointment.cancel")
async def ask(request: web.Request, caller: Caller) -> web.Response:
    it = await own(request, caller)
    if it.status == "cancelled":
        return see_other("/appointment")
    return render(request, "visit/cancel.html", it=it, refusal=None)


@page("POST", "/appointment/cancel", verb="appointment.cancel")
async def cancel(request: web.Request, caller: Caller) -> web.Response:
    """Cancelled twice is cancelled once."""
    it = await own(request, caller)
    try:
        await changes.cancel(request.app[DATABASE], caller, it.id)
    except (TooLate, NotActive, ChangedMeanwhile) as refusal:
        return render(request, "visit/cancel.html", status=refusal.status, it=it, refusal=refusal)
    return see_other("/appointment?done=cancelled")


async def _times(request: web.Request, caller: Caller, it: Appointment, refusal: Refusal | None = None) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        found = await choice(tx, it.service, read_day(request.query.get("from", "")), it.station, near=it.near)
    return render(
        request, "visit/move.html", status=refusal.status if refusal else 200, it=it, found=found, refusal=refusal
    )


ROUTES = [other_times, move, ask, cancel]
