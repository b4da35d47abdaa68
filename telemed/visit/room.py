"""The patient's seat: device check, waiting room, conversation."""

from __future__ import annotations

from aiohttp import web

from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.precheck import checks
from telemed.visit.mine import agreed, own


@page("GET", "/appointment/room", verb="seat.patient")
async def room(request: web.Request, caller: Caller) -> web.Response:
    """Open at any time before the end, so that camera and sound can be tried the day before; the room opens later."""
    it = await own(request, caller)
    if it.status not in ("booked", "arrived") or it.mode == "in_person":
        return see_other("/appointment")
    if not agreed(it):
        return see_other("/appointment/consent?next=room")
    return render(
        request, "call/room.html", it=it, seat="patient", session="guest", after="/appointment/after",
        back="/appointment", first_rung=await checks.first_rung(request.app[DATABASE], caller, it.id),
    )  # fmt: skip


ROUTES = [room]
