"""Choosing a time reserves it; if somebody was first, what is free instead."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from telemed.errors import BadRequest, Refusal
from telemed.forms import posted
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.keys import DATABASE
from telemed.once import Once, once
from telemed.scheduling import holds
from telemed.scheduling.api import TAKING
from telemed.scheduling.refusals import InThePast, KeptForNear, NotASlot, SlotTaken
from telemed.scheduling.services import nearness
from telemed.scheduling.slots import slots
from telemed.scheduling.types import Appointment, Hold, Service, SlotsQuery, Wish
from telemed.visit import held
from telemed.visit.days import starts_by_day

_FEW: Final = 5


@page("GET", "/holds", verb="page.read")
async def no_hold(request: web.Request) -> web.Response:
    """Where a change of language or a reload after a refusal leads."""
    return see_other("/")


@page("POST", "/holds", verb="hold.make", limit=TAKING)
async def hold(request: web.Request, caller: Caller) -> web.Response:
    """Reserves a time. The one that this browser has already reserved is found again, not taken twice."""
    typed = await posted(request)
    said = {name: typed[name] for name in ("service", "start", "mode", "station", "postal_code") if typed.get(name)}
    try:
        wish = msgspec.convert(said, Wish)
    except msgspec.ValidationError as error:
        raise BadRequest from error
    for mine in await held.running(request, caller):
        if (mine.service, mine.start, mine.mode, mine.station) == (wish.service, wish.start, wish.mode, wish.station):
            return see_other(f"/holds/{mine.id}")
    # One page has one key; each of its buttons makes another request.
    asked = once(f"{typed.get('key', '')}-{wish.start:%Y%m%dT%H%M}-{wish.mode}", caller, "hold.make", wish)
    try:
        made = await _hold(request, caller, wish, asked)
    except (SlotTaken, NotASlot, InThePast, KeptForNear) as refusal:
        return await _instead(request, caller, refusal, wish)
    response = see_other(f"/holds/{made.id}")
    held.keep(request, response, made.id)
    return response


async def _hold(request: web.Request, caller: Caller, wish: Wish, asked: Once) -> Hold:
    """Whoever held a time as a neighbour of the practice is one still, without being asked again."""
    db, codes = request.app[DATABASE], held.codes(request)
    try:
        return await holds.hold(db, codes, caller, wish, asked)
    except KeptForNear:
        async with db.transaction(caller) as tx:
            offered = await tx.one(Service, "scheduling.service", service=wish.service)
        if wish.station is not None or not await held.was_near(request, caller, offered.site):
            raise
        return await holds.hold(db, codes, caller, wish, asked, near=True)


def taken_page(
    request: web.Request, refusal: Refusal, doctor: Service | Appointment, wish: Wish | Appointment
) -> web.Response:
    """Somebody was first: what is free instead, as buttons."""
    free = refusal.data.get("alternatives")
    hidden = {
        "service": wish.service, "mode": wish.mode, "station": wish.station or "", "key": new_id().hex,
        "postal_code": (wish.postal_code if isinstance(wish, Wish) else None) or "",
    }  # fmt: skip
    return render(
        request, "visit/taken.html", status=refusal.status, refusal=refusal,
        days=starts_by_day(free if isinstance(free, list) else [], doctor.zone),
        who=f"{doctor.practitioner_title} {doctor.practitioner_name}".strip(),
        hidden=hidden, all_times=times_of(doctor, wish), opens=refusal.data.get("opens"),
    )  # fmt: skip


def times_of(doctor: Service | Appointment, wish: Wish | Appointment) -> str:
    """Where the free times of this service are, in this way and at this station."""
    said = {"service": wish.service, "mode": wish.mode, "station": wish.station}
    return f"/practitioners/{doctor.practitioner}?" + urlencode({name: f"{v}" for name, v in said.items() if v})


async def _instead(request: web.Request, caller: Caller, refusal: Refusal, wish: Wish) -> web.Response:
    async with request.app[DATABASE].transaction(caller, replan=False) as tx:
        place = await nearness.of(tx, wish.service, wish.postal_code, wish.station)
        offered = await slots(tx, wish.service, SlotsQuery(limit=_FEW, station=wish.station), near=place.near)
    refusal.data.setdefault("alternatives", [slot.start for slot in offered.slots])
    return taken_page(request, refusal, offered.service, wish)


ROUTES = [no_hold, hold]
