"""Device and line, tried beforehand: at an appointment, where the verdict is kept, or by anybody, where it is not."""

from __future__ import annotations

from aiohttp import web

from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.precheck import checks
from telemed.visit.mine import own


@page("GET", "/appointment/check", verb="appointment.read")
async def of_appointment(request: web.Request, caller: Caller) -> web.Response:
    it = await own(request, caller)
    if it.status not in ("booked", "arrived") or it.mode == "in_person":
        return see_other("/appointment")
    async with request.app[DATABASE].transaction(caller) as tx:
        known = await checks.latest(tx, it.id)
    return render(request, "visit/check.html", it=it, known=known)


@page("GET", "/check", verb="page.read")
async def of_anybody(request: web.Request) -> web.Response:
    return render(request, "visit/check.html", it=None, known=None)


ROUTES = [of_appointment, of_anybody]
