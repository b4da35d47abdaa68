"""Somebody who has an appointment at a station: consent, and the screen they sit at."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from telemed import clock
from telemed.consultation.tickets import CLOSES, OPENS
from telemed.desk import rows
from telemed.errors import NotFound
from telemed.forms import posted
from telemed.html import page, render, see_other
from telemed.identity.access import may
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.precheck import checks
from telemed.scheduling import changes, consent
from telemed.scheduling.types import Appointment
from telemed.text import Text, _

_OWN_PAGE = "/station/appointments/{appointment}"


@page("GET", f"{_OWN_PAGE}/consent", verb="consent.give", session="staff")
async def read_consent(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    return _consent(request, await _todays(request, caller, appointment))


@page("POST", f"{_OWN_PAGE}/consent", verb="consent.give", session="staff")
async def give_consent(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """The patient's yes, noted down by whoever sits beside them (V-14)."""
    it = await _todays(request, caller, appointment)
    typed = await posted(request)
    if typed.get("agree") != "yes":
        return _consent(request, it, _("Without consent the video consultation cannot begin."))
    if typed.get("version") != consent.VERSION:
        return _consent(request, it, _("The text has changed in the meantime. Please read it again."))
    await changes.give_consent(request.app[DATABASE], caller, it.id, consent.VERSION)
    return see_other(f"/station/appointments/{it.id}/room")


@page("GET", f"{_OWN_PAGE}/room", verb="seat.patient", session="staff")
async def room(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """The patient's seat at the station's screen."""
    return await _room(request, caller, appointment, "patient")


@page("GET", f"{_OWN_PAGE}/assistance", verb="seat.assistant", session="staff")
async def assist(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """The assistant's own seat, on another device: named to the doctor as who assists (V-15)."""
    return await _room(request, caller, appointment, "assistant")


async def _room(request: web.Request, caller: Caller, appointment: UUID, seat: str) -> web.Response:
    it = await _todays(request, caller, appointment)
    may(caller, f"seat.{seat}", changes.thing(it))
    if it.status not in ("booked", "arrived"):
        return see_other("/station")
    if it.consent_version != consent.VERSION:
        return see_other(f"/station/appointments/{it.id}/consent")
    return render(
        request, "call/room.html", it=it, seat=seat, session="staff", after="/station", back="/station",
        first_rung=await checks.first_rung(request.app[DATABASE], caller, it.id),
    )  # fmt: skip


async def _todays(request: web.Request, caller: Caller, appointment: UUID) -> Appointment:
    """An appointment of today at the caller's site, or one whose waiting room is open. Raises NotFound for another."""
    it = await changes.read(request.app[DATABASE], caller, appointment)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
    open_now = it.start - OPENS <= clock.now() <= it.end + CLOSES
    if not open_now and it.start.astimezone(ZoneInfo(at.zone)).date() != at.today:
        raise NotFound
    return it


def _consent(request: web.Request, it: Appointment, why: Text | None = None) -> web.Response:
    return render(
        request, "desk/consent.html", status=422 if why else 200, it=it, sentences=consent.SENTENCES,
        version=consent.VERSION, errors={"agree": why} if why else {},
    )  # fmt: skip


ROUTES = [read_consent, give_consent, room, assist]
