"""Somebody who has an appointment at a station: how they are received, and the screen they sit at."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from telemed import clock
from telemed.consultation.tickets import CLOSES, OPENS
from telemed.desk import rows
from telemed.errors import BadRequest, Invalid, NotFound
from telemed.forms import posted
from telemed.html import page, render, see_other
from telemed.identity.access import may
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.precheck import checks
from telemed.scheduling import changes, consent
from telemed.scheduling.types import Appointment
from telemed.stations import intake
from telemed.stations.intake import IDENTITIES, REPRESENTING, Received
from telemed.text import Text, _

OWN_PAGE = "/station/appointments/{appointment}"
_FIELDS: Final = ("identity", "private", "introduced", "agreed", "representative", "representing")
_NONE: Final[Mapping[str, Text]] = MappingProxyType({})


@page("GET", f"{OWN_PAGE}/intake", verb="intake.take", session="staff")
async def receive(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    return _intake(request, await todays(request, caller, appointment), {}, _NONE)


@page("POST", f"{OWN_PAGE}/intake", verb="intake.take", session="staff")
async def take_in(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """Who they are, the room, who is in it, and the patient's yes, noted by whoever sits beside them (V-14)."""
    it = await todays(request, caller, appointment)
    typed = await posted(request)
    try:
        await intake.take(request.app[DATABASE], caller, it.id, _received(typed))
    except Invalid as refusal:
        return _intake(request, it, typed, refusal.fields)
    return see_other(f"/station/appointments/{it.id}/room" if typed.get("seat") == "here" else "/station")


@page("GET", f"{OWN_PAGE}/room", verb="seat.patient", session="staff")
async def room(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """The patient's seat at the station's screen."""
    return await _room(request, caller, appointment, "patient")


@page("GET", f"{OWN_PAGE}/assistance", verb="seat.assistant", session="staff")
async def assist(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """The assistant's own seat, on another device: named to the doctor as who assists (V-15)."""
    return await _room(request, caller, appointment, "assistant")


async def _room(request: web.Request, caller: Caller, appointment: UUID, seat: str) -> web.Response:
    it = await todays(request, caller, appointment)
    may(caller, f"seat.{seat}", changes.thing(it))
    if it.status not in ("booked", "arrived"):
        return see_other("/station")
    async with request.app[DATABASE].transaction(caller) as tx:
        received = await intake.intake(tx, it.id)
    if it.consent_version != consent.VERSION or received is None:
        return see_other(f"/station/appointments/{it.id}/intake")
    return render(
        request, "call/room.html", it=it, seat=seat, session="staff", after="/station", back="/station",
        first_rung=await checks.first_rung(request.app[DATABASE], caller, it.id),
    )  # fmt: skip


async def todays(request: web.Request, caller: Caller, appointment: UUID) -> Appointment:
    """An appointment of today at the caller's site, or one whose waiting room is open. Raises NotFound for another."""
    it = await changes.read(request.app[DATABASE], caller, appointment)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
    open_now = it.start - OPENS <= clock.now() <= it.end + CLOSES
    if not open_now and it.start.astimezone(ZoneInfo(at.zone)).date() != at.today:
        raise NotFound
    return it


def _received(typed: Mapping[str, str]) -> Received:
    """Raises Invalid for what is not chosen, BadRequest for what no form sends."""
    if not typed.get("identity"):
        raise Invalid(fields={"identity": _("Please say how you know who this is.")})
    ticked = {name: typed.get(name) == "yes" for name in ("private", "introduced", "agreed")}
    texts = {name: typed.get(name, "")[:200] for name in ("identity", "version", "insurance_number", "representative")}
    representing = typed.get("representing") or None
    try:
        return msgspec.convert({**ticked, **texts, "representing": representing}, Received)
    except msgspec.ValidationError as error:
        raise BadRequest from error


def _intake(
    request: web.Request, it: Appointment, typed: Mapping[str, str], errors: Mapping[str, Text]
) -> web.Response:  # fmt: skip
    return render(
        request, "counter/intake.html", status=422 if errors else 200, it=it, sentences=consent.SENTENCES,
        version=consent.VERSION, typed=dict.fromkeys(_FIELDS, "") | dict(typed),
        errors=errors, identities=IDENTITIES, representing=REPRESENTING,
    )  # fmt: skip


ROUTES = [receive, take_in, room, assist]
