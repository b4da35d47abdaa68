"""The screen in the quiet room: paired once by a code, then its own day and its own seat, and nothing else."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from telemed.errors import NotFound
from telemed.html import page, render, see_other
from telemed.identity import sessions
from telemed.identity.badges import Badges
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.identity.tokens import TokenRefused
from telemed.keys import DATABASE, SETTINGS
from telemed.limits import Limit
from telemed.precheck import checks
from telemed.stations import pairing
from telemed.stations.types import CODES

STARTS = Limit(burst=10, per_minute=3)  # codes, per client address


@page("GET", "/screen", verb="page.read", session="station")
async def today(request: web.Request, caller: Caller) -> web.Response:
    """The station's day; in a browser that is no station's screen, how it becomes one."""
    if caller.role != "station":
        return render(request, "counter/pair.html", code=None)
    screen, visits = await pairing.day(request.app[DATABASE], caller)
    part = request.query.get("fragment") == "1"
    return render(request, "counter/screen_day.html" if part else "counter/screen.html", at=screen, visits=visits)


@page("POST", "/screen/pairing", verb="page.read", session="station", limit=STARTS)
async def show_code(request: web.Request, caller: Caller) -> web.Response:
    """This browser wants to be a station's screen."""
    if caller.role == "station":
        return see_other("/screen")
    shown = await pairing.show_code(request.app[DATABASE], request.app[CODES])
    response = see_other("/screen/pairing")
    sessions.remember_claim(response, _badges(request).claim(shown))
    return response


@page("GET", "/screen/pairing", verb="page.read", session="station")
async def code(request: web.Request) -> web.Response:
    """The code, until it is entered somewhere."""
    claimed = _claimed(request)
    if claimed is None:
        return see_other("/screen")
    return render(request, "counter/pair.html", code=request.app[CODES].pairing_code(claimed))


@page("POST", "/screen/badge", verb="page.read", session="station")
async def fetch_badge(request: web.Request) -> web.Response:
    """Whether the code has been entered: then this browser is the screen."""
    claimed = _claimed(request)
    badge = await pairing.fetch_badge(request.app[DATABASE], _badges(request), claimed) if claimed else None
    if badge is None:
        return see_other("/screen/pairing")
    response = see_other("/screen")
    sessions.remember(response, badge)
    sessions.forget(response, sessions.CLAIM)
    return response


@page("GET", "/screen/appointments/{appointment}/room", verb="seat.patient", session="station")
async def room(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """The patient's seat."""
    try:
        it = await pairing.visit(request.app[DATABASE], caller, appointment)
    except NotFound:
        return see_other("/screen")  # over, or not here: the day says what is
    if not it.ready:
        return see_other("/screen")
    return render(
        request, "call/room.html", it=it, seat="patient", session="station", after="/screen", back="/screen",
        first_rung=await checks.first_rung(request.app[DATABASE], caller, it.id),
    )  # fmt: skip


@page("GET", "/screen/session", verb="page.read", session="station")
async def session(caller: Caller) -> web.Response:
    """For the call page, which stays open for long: reading any page of the screen changes its badge in time."""
    return web.Response(status=401 if caller is ANONYMOUS else 204)


def _claimed(request: web.Request) -> UUID | None:
    """The pairing whose code this browser shows."""
    try:
        return _badges(request).read_claim(request.cookies.get(sessions.CLAIM, "")).pairing
    except TokenRefused:
        return None


def _badges(request: web.Request) -> Badges:
    return Badges(request.app[SETTINGS].secret)


ROUTES = [today, show_code, code, fetch_badge, room, session]
