"""The practice's waiting list: who waits, whom to call about a free time, and a place for somebody on the telephone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from aiohttp import web

from telemed.desk import rows
from telemed.errors import BadRequest, Conflict, Invalid, NotFound, Refusal
from telemed.forms import posted
from telemed.html import page, render, see_other
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.keys import DATABASE, SETTINGS
from telemed.once import once
from telemed.scheduling import changes
from telemed.scheduling.refusals import ADMISSIONS, OfferGone, SlotTaken
from telemed.scheduling.types import Service
from telemed.scheduling.waitlist import offers, waitlist
from telemed.scheduling.waitlist.api import JOINING
from telemed.scheduling.waitlist.types import Joining
from telemed.text import Text
from telemed.visit import wishing
from telemed.visit.held import codes
from telemed.visit.slips import slip

_PAGE: Final = "/practice/waitlist"
_ENTRY: Final = f"{_PAGE}/{{entry}}"


@page("GET", _PAGE, verb="waitlist.manage", session="staff")
async def entries(request: web.Request, caller: Caller) -> web.Response:
    """Who waits, in the order in which times are offered; on top whom to call."""
    return await _entries(request, caller)


@page("GET", f"{_PAGE}/new", verb="waitlist.manage", session="staff")
async def new(request: web.Request, caller: Caller) -> web.Response:
    return await _form(request, caller, {"for": request.query.get("service", "")}, {})


@page("POST", _PAGE, verb="waitlist.manage", session="staff", limit=JOINING)
async def add(request: web.Request, caller: Caller) -> web.Response:
    """A place for somebody on the telephone; the code is read aloud or printed."""
    typed = await posted(request)
    if wrong := wishing.all_wrong(typed, patient=True):
        return await _form(request, caller, typed, wrong)
    try:
        asked = Joining(service=UUID(typed.get("for", "")), **wishing.whom(typed), **wishing.times(typed))
    except ValueError as error:
        raise BadRequest from error
    key = once(typed.get("key"), caller, "waitlist.join", asked)
    try:
        made = await waitlist.join(request.app[DATABASE], codes(request), caller, _ways(request), asked, key)
    except Invalid as refusal:
        return await _form(request, caller, typed, wishing.in_order(refusal.fields), refusal)
    except Conflict as refusal:
        return await _form(request, caller, typed, {}, refusal)
    return render(request, "desk/waitlist_added.html", status=201, it=made, slip=slip(request, made.code, "waitlist"))


@page("POST", f"{_ENTRY}/removal", verb="waitlist.manage", session="staff")
async def remove(request: web.Request, caller: Caller, entry: UUID) -> web.Response:
    await waitlist.withdraw(request.app[DATABASE], caller, entry)
    return see_other(f"{_PAGE}?done=removed")


@page("POST", f"{_ENTRY}/acceptance", verb="waitlist.manage", session="staff")
async def accept(request: web.Request, caller: Caller, entry: UUID) -> web.Response:
    """The patient has said yes on the telephone."""
    offer = await _offer(request)
    try:
        won = await offers.accept(request.app[DATABASE], codes(request), caller, entry, offer)
    except (OfferGone, SlotTaken) as refusal:
        return await _entries(request, caller, refusal)
    if won.appointment is None or won.code is None:
        raise NotFound
    it = await changes.read(request.app[DATABASE], caller, won.appointment)
    return render(request, "desk/waitlist_booked.html", it=it, slip=slip(request, won.code))


@page("POST", f"{_ENTRY}/refusal", verb="waitlist.manage", session="staff")
async def decline(request: web.Request, caller: Caller, entry: UUID) -> web.Response:
    await offers.decline(request.app[DATABASE], caller, entry, await _offer(request))
    return see_other(f"{_PAGE}?done=declined")


async def _entries(request: web.Request, caller: Caller, refusal: Refusal | None = None) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
    found = await waitlist.of_site(request.app[DATABASE], caller, at.id, _ways(request))
    return render(
        request, "desk/waitlist.html", status=refusal.status if refusal else 200, at=at, entries=found,
        calls=[it for it in found if it.offer_status == "open" and it.offer_channel == "phone"], refusal=refusal,
        done=request.query.get("done"), reasons=ADMISSIONS, wishing=wishing,
    )  # fmt: skip


async def _form(
    request: web.Request, caller: Caller, typed: Mapping[str, str], errors: dict[str, Text],
    refusal: Refusal | None = None,
) -> web.Response:  # fmt: skip
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        may(caller, "waitlist.manage", Thing(site=at.id))
        services = await tx.many(Service, "waitlist.services", site=at.id)
        stations = await tx.many(wishing.Station, "waitlist.stations")
    status = 422 if errors else refusal.status if refusal else 200
    return render(
        request, "desk/waitlist_new.html", status=status, services=services, stations=stations, key=new_id().hex,
        typed=wishing.blank() | {"for": ""} | dict(typed), errors=errors, refusal=None if errors else refusal,
        wishing=wishing, reach=_ways(request),
    )  # fmt: skip


async def _offer(request: web.Request) -> UUID:
    """The offer that was looked at, never one that has come meanwhile."""
    try:
        return UUID((await posted(request)).get("offer", ""))
    except ValueError as error:
        raise BadRequest from error


def _ways(request: web.Request) -> waitlist.Ways:
    return waitlist.ways(request.app[SETTINGS])


ROUTES = [entries, new, add, remove, accept, decline]
