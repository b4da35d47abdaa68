"""A doctor and the free times; choosing one reserves it."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec
from aiohttp import web

from telemed import clock
from telemed.directory import sites
from telemed.errors import BadRequest, Refusal
from telemed.forms import posted
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.keys import DATABASE
from telemed.scheduling import holds
from telemed.scheduling.api import TAKING
from telemed.scheduling.once import once
from telemed.scheduling.refusals import InThePast, NotASlot, SlotTaken
from telemed.scheduling.slots import slots
from telemed.scheduling.types import Appointment, Service, SlotsQuery, Wish
from telemed.visit import held
from telemed.visit.days import choice, starts_by_day

MODE: Final = "video"  # assisted consultations are booked at the station, by its staff
_FEW: Final = 5


@page("GET", "/practitioners/{practitioner}", verb="slots.search")
async def times(request: web.Request, caller: Caller, practitioner: UUID) -> web.Response:
    """The doctor by name (B-01) and the next days that have free times."""
    since = _day(request.query.get("from", ""))
    async with request.app[DATABASE].transaction(caller) as tx:
        doctor = await sites.practitioner(tx, practitioner, locale_of(request))
        offered = [service for service in doctor.services if MODE in service.modes]
        wanted = request.query.get("service", "")
        chosen = next((service for service in offered if str(service.id) == wanted), offered[0] if offered else None)
        found = await choice(tx, chosen.id, since) if chosen is not None else None
    return render(
        request, "visit/times.html", doctor=doctor, offered=offered, chosen=chosen, found=found, since=since,
        waiting=await _waiting(request, caller, practitioner), key=new_id().hex,
    )  # fmt: skip


@page("GET", "/holds", verb="page.read")
async def no_hold(request: web.Request) -> web.Response:
    """Where a change of language or a reload after a refusal leads."""
    return see_other("/")


@page("POST", "/holds", verb="hold.make", limit=TAKING)
async def hold(request: web.Request, caller: Caller) -> web.Response:
    """Reserves a time. The one that this browser has already reserved is found again, not taken twice."""
    typed = await posted(request)
    try:
        wish = msgspec.convert({"service": typed["service"], "start": typed["start"], "mode": MODE}, Wish)
    except (KeyError, msgspec.ValidationError) as error:
        raise BadRequest from error
    for mine in await _holds(request, caller):
        if (mine.service, mine.start) == (wish.service, wish.start):
            return see_other(f"/holds/{mine.id}")
    # One page has one key; each of its buttons makes another request.
    asked = once(f"{typed.get('key', '')}-{wish.start:%Y%m%dT%H%M}", caller, "hold.make", wish)
    try:
        made = await holds.hold(request.app[DATABASE], held.codes(request), caller, wish, asked)
    except (SlotTaken, NotASlot, InThePast) as refusal:
        return await _instead(request, caller, refusal, wish.service)
    response = see_other(f"/holds/{made.id}")
    held.keep(request, response, made.id)
    return response


def taken_page(request: web.Request, refusal: Refusal, it: Service | Appointment) -> web.Response:
    """Somebody was first: what is free instead, as buttons."""
    free = refusal.data.get("alternatives")
    service = it.service if isinstance(it, Appointment) else it.id
    return render(
        request, "visit/taken.html", status=refusal.status, refusal=refusal, action="/holds",
        days=starts_by_day(free if isinstance(free, list) else [], it.zone),
        who=f"{it.practitioner_title} {it.practitioner_name}".strip(),
        hidden={"service": service, "key": new_id().hex}, all_times=times_of(it),
    )  # fmt: skip


def times_of(it: Service | Appointment) -> str:
    """Where the free times of this service are."""
    service = it.service if isinstance(it, Appointment) else it.id
    return f"/practitioners/{it.practitioner}?service={service}"


async def _instead(request: web.Request, caller: Caller, refusal: Refusal, service: UUID) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        offered = await slots(tx, service, SlotsQuery(limit=_FEW))
    refusal.data.setdefault("alternatives", [slot.start for slot in offered.slots])
    return taken_page(request, refusal, offered.service)


async def _holds(request: web.Request, caller: Caller) -> list[Appointment]:
    """What this browser holds at this moment."""
    found = []
    for hold in held.secrets(request):
        async with request.app[DATABASE].transaction(caller.about(hold)) as tx:
            it = await tx.maybe(Appointment, "scheduling.appointment", id=hold)
        if it is not None and it.status == "held" and it.expires is not None and it.expires > clock.now():
            found.append(it)
    return found


async def _waiting(request: web.Request, caller: Caller, practitioner: UUID) -> Appointment | None:
    """A time with this doctor that was reserved and not yet booked: the back button leads here."""
    return next((it for it in await _holds(request, caller) if it.practitioner == practitioner), None)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


ROUTES = [times, no_hold, hold]
