"""My appointment: found by its code, looked at, moved, cancelled, agreed to."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from telemed import clock
from telemed.consultation.lobby import Standing, standings
from telemed.consultation.tickets import OPENS
from telemed.errors import NotLoggedIn
from telemed.forms import posted
from telemed.html import locale_of, page, render, see_other
from telemed.identity import sessions
from telemed.identity.callers import SYSTEM, Caller
from telemed.keys import DATABASE, SETTINGS
from telemed.scheduling import changes, consent, guests
from telemed.scheduling.feeds import calendars
from telemed.scheduling.types import Appointment
from telemed.stations import rides
from telemed.text import Text, _
from telemed.visit import held
from telemed.visit.slips import Slip, slip


@page("GET", "/appointment/code", verb="page.read")
async def enter_code(request: web.Request) -> web.Response:
    return render(request, "visit/code.html", typed="", errors={})


@page("POST", "/appointment/code", verb="session.open", limit=guests.GUESSES)
async def open_code(request: web.Request) -> web.Response:
    """Exchanges a code for a cookie (V-07)."""
    typed = (await posted(request)).get("code", "")[:100]
    try:
        session = await guests.by_code(request, typed)
    except guests.UnknownCode as refusal:
        return render(request, "visit/code.html", status=422, typed=typed, errors={"code": refusal.text})
    response = see_other("/appointment" if session.appointment is not None else "/waitlist")
    sessions.remember(response, session)
    return response


@page("GET", "/appointment", verb="appointment.read")
async def appointment(request: web.Request, caller: Caller) -> web.Response:
    return await own_page(request, caller, await own(request, caller), {})


async def own_page(
    request: web.Request, caller: Caller, it: Appointment, errors: Mapping[str, Text]
) -> web.Response:  # fmt: skip
    async with request.app[DATABASE].transaction(caller) as tx:
        offers, asked = await rides.offers(tx, it), await rides.asked(tx, it.id)
    return render(
        request, "visit/appointment.html", status=422 if errors else 200, it=it, done=request.query.get("done"),
        slip=_slip(request, it), opens=it.start - OPENS, agreed=agreed(it), late=await _late(request, it),
        offers=offers, asked=asked, kinds=rides.KINDS, consent=rides.CONSENT, errors=errors,
    )  # fmt: skip


async def _late(request: web.Request, it: Appointment) -> Standing | None:
    """What the practice says about being late, from the hour on in which the waiting room is open."""
    if it.status not in ("booked", "arrived") or clock.now() < it.start - OPENS:
        return None
    async with request.app[DATABASE].transaction(SYSTEM) as tx:
        found = await standings(tx, [it.id])
    return next((standing for standing in found if standing.late_minutes), None)


@page("GET", "/appointment/confirmed", verb="appointment.read")
async def confirmed(request: web.Request, caller: Caller) -> web.Response:
    it = await own(request, caller)
    if it.status not in ("booked", "arrived"):
        return see_other("/appointment")
    return render(request, "visit/confirmed.html", it=it, opens=it.start - OPENS, slip=_slip(request, it))


@page("GET", "/appointment/calendar.ics", verb="appointment.read")
async def calendar(request: web.Request, caller: Caller) -> web.Response:
    """The appointment for the patient's own calendar; fetched again after a change, it replaces what is there."""
    it = await own(request, caller)
    text = calendars.calendar(calendars.entry(it), request.app[SETTINGS], locale_of(request))
    # The parameter says what the file does (RFC 5545 section 8.1); a browser hands it to the calendar program.
    kind = f"text/calendar; charset=utf-8; method={'CANCEL' if it.status == 'cancelled' else 'PUBLISH'}"
    return web.Response(
        body=text.encode(),
        headers={"Content-Type": kind, "Content-Disposition": 'attachment; filename="appointment.ics"'},
    )


@page("GET", "/appointment/consent", verb="appointment.read")
async def read_consent(request: web.Request, caller: Caller) -> web.Response:
    return _consent(request, await own(request, caller), goal=request.query.get("next", ""))


@page("POST", "/appointment/consent", verb="consent.give")
async def give_consent(request: web.Request, caller: Caller) -> web.Response:
    """The box is never ticked beforehand (V-14); without the tick nothing happens but a clear word."""
    typed = await posted(request)
    it = await own(request, caller)
    goal = typed.get("next", "")
    if typed.get("agree") != "yes":
        return _consent(request, it, _("Without your consent the video consultation cannot begin."), goal)
    if typed.get("version") != consent.VERSION:
        return _consent(request, it, _("The text has changed in the meantime. Please read it again."), goal)
    await changes.give_consent(request.app[DATABASE], caller, it.id, consent.VERSION)
    return see_other("/appointment/room" if goal == "room" or open_now(it) else "/appointment?done=agreed")


@page("POST", "/appointment/consent/withdrawal", verb="consent.withdraw")
async def withdraw_consent(request: web.Request, caller: Caller) -> web.Response:
    it = await own(request, caller)
    await changes.withdraw_consent(request.app[DATABASE], caller, it.id)
    return see_other("/appointment?done=withdrawn")


@page("GET", "/appointment/after", verb="appointment.read")
async def after(request: web.Request, caller: Caller) -> web.Response:
    return render(request, "visit/after.html", it=await own(request, caller))


@page("POST", "/appointment/leave", verb="session.close")
async def leave(request: web.Request) -> web.Response:
    """For a device that others use too: this browser forgets the appointment."""
    response = see_other("/")
    sessions.forget(response, sessions.GUEST_COOKIE, held.COOKIE)
    return response


async def own(request: web.Request, caller: Caller) -> Appointment:
    """The guest's own appointment. Raises NotLoggedIn, which leads to the code."""
    if caller.appointment is None:
        raise NotLoggedIn
    return await changes.read(request.app[DATABASE], caller, caller.appointment)


def agreed(it: Appointment) -> bool:
    return it.consent_version == consent.VERSION


def open_now(it: Appointment) -> bool:
    """Whether the patient's own device is the way to the waiting room, and it is open."""
    return it.status in ("booked", "arrived") and it.mode == "video" and clock.now() >= it.start - OPENS


def _slip(request: web.Request, it: Appointment) -> Slip:
    return slip(request, held.codes(request).code(it.id))


def _consent(request: web.Request, it: Appointment, why: Text | None = None, goal: str = "") -> web.Response:
    return render(
        request, "visit/consent.html", status=422 if why else 200, it=it, agreed=agreed(it),
        sentences=consent.SENTENCES, version=consent.VERSION, errors={"agree": why} if why else {}, goal=goal,
    )  # fmt: skip


ROUTES = [
    enter_code, open_code, appointment, confirmed, calendar, read_consent, give_consent, withdraw_consent, after, leave,
]  # fmt: skip
