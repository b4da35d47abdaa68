"""The site's own care: the look that a station's screen takes at itself each morning, and the figures of the month."""

from __future__ import annotations

from aiohttp import web

from telemed.desk import rows
from telemed.html import page, render
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.stations import care, pairing


@page("GET", "/screen/check", verb="station.check", session="station")
async def look(request: web.Request, caller: Caller) -> web.Response:
    """Camera, microphone and line, one after the other; a script does it, and hands in what it found."""
    screen, _visits = await pairing.day(request.app[DATABASE], caller)
    return render(request, "counter/check.html", at=screen, it=None, session="station")


@page("GET", "/station/figures", verb="station.change", session="staff")
async def figures(request: web.Request, caller: Caller) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        months = await care.months(tx, caller, at.today)
    return render(request, "counter/figures.html", at=at, months=months, few=care.FEW)


ROUTES = [look, figures]
