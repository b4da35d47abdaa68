"""My appointment: found by its code, looked at, moved, cancelled, agreed to."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec
import segno
from aiohttp import web

from telemed import clock
from telemed.errors import BadRequest, Invalid, NotLoggedIn
from telemed.forms import posted
from telemed.html import page, render, see_other
from telemed.identity import sessions
from telemed.identity.callers import Caller
from telemed.identity.logins import guest_session
from telemed.keys import DATABASE, KEYS, SETTINGS
from telemed.limits import Limit
from telemed.scheduling import bookings, changes, consent
from telemed.scheduling.types import Appointment
from telemed.text import _
from telemed.visit import held

GUESSES: Final = Limit(burst=15, per_minute=6)  # per client address; a code has 55 bits
ROOM_OPENS: Final = timedelta(minutes=60)  # before the start


@page("GET", "/appointment/code", verb="page.read")
async def enter_code(request: web.Request) -> web.Response:
    return render(request, "visit/code.html", typed="", errors={})


@page("POST", "/appointment/code", verb="session.open", limit=GUESSES)
async def open_code(request: web.Request, caller: Caller) -> web.Response:
    """Exchanges a code for a cookie (V-07). Spaces, dashes and case do not matter."""
    typed = (await posted(request)).get("code", "")[:100]
    digest = held.codes(request).digest(typed)
    found = None
    if digest is not None:
        async with request.app[DATABASE].transaction(caller) as tx:
            found = await bookings.find_by_code(tx, digest)
    if found is None:
        why = (
            _("Please enter the 12 letters and digits of your code.")
            if digest is None
            else _("We do not know this code. Please compare it letter by letter.")
        )
        return render(request, "visit/code.html", status=422, typed=typed, errors={"code": why})
    response = see_other("/appointment")
    sessions.remember(response, guest_session(request.app[KEYS], found))
    return response


@page("GET", "/appointment", verb="appointment.read")
async def appointment(request: web.Request, caller: Caller) -> web.Response:
    it = await own(request, caller)
    return render(request, "visit/appointment.html", it=it, done=request.query.get("done"), **_slip(request, it),
                  opens=it.start - ROOM_OPENS, agreed=agreed(it))  # fmt: skip


@page("GET", "/appointment/confirmed", verb="appointment.read")
async def confirmed(request: web.Request, caller: Caller) -> web.Response:
    it = await own(request, caller)
    if it.status not in ("booked", "arrived"):
        return see_other("/appointment")
    return render(request, "visit/confirmed.html", it=it, opens=it.start - ROOM_OPENS, **_slip(request, it))


@page("GET", "/appointment/consent", verb="appointment.read")
async def read_consent(request: web.Request, caller: Caller) -> web.Response:
    return _consent(request, await own(request, caller))


@page("POST", "/appointment/consent", verb="consent.give")
async def give_consent(request: web.Request, caller: Caller) -> web.Response:
    """The box is never ticked beforehand (V-14); without the tick nothing happens but a clear word."""
    typed = await posted(request)
    it = await own(request, caller)
    if typed.get("agree") != "yes":
        return _consent(request, it, _("Without your consent the video consultation cannot begin."))
    if typed.get("version") != consent.VERSION:
        return _consent(request, it, _("The text has changed in the meantime. Please read it again."))
    await changes.give_consent(request.app[DATABASE], caller, it.id, consent.VERSION)
    return see_other("/appointment/room" if open_now(it) else "/appointment?done=agreed")


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
    """Whether the patient may go to the waiting room."""
    return it.status in ("booked", "arrived") and it.mode != "in_person" and clock.now() >= it.start - ROOM_OPENS


def _slip(request: web.Request, it: Appointment) -> dict[str, object]:
    """The code, and the picture of a link that opens the appointment; the code is in the fragment, which no server sees."""
    code = held.codes(request).code(it.id)
    link = f"{request.app[SETTINGS].origin}/appointment/code#{code}"
    return {"code": code, "qr": segno.make(link, error="m", micro=False).svg_data_uri(border=2, dark="#000", light="#fff")}


def _consent(request: web.Request, it: Appointment, why: object = None) -> web.Response:
    return render(
        request, "visit/consent.html", status=422 if why else 200, it=it, agreed=agreed(it),
        sentences=consent.SENTENCES, version=consent.VERSION, errors={"agree": why} if why else {},
    )  # fmt: skip


ROUTES = [
    enter_code, open_code, appointment, confirmed, read_consent, give_consent, withdraw_consent, after, leave,
]  # fmt: skip
