"""The ride home or to the practice, asked for by the patient on the page of their appointment."""

from __future__ import annotations

from aiohttp import web

from telemed.errors import Conflict, Invalid
from telemed.forms import posted
from telemed.html import page, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.stations import rides
from telemed.visit.mine import own, own_page


@page("POST", "/appointment/rides", verb="ride.ask", limit=rides.ASKING)
async def ask(request: web.Request, caller: Caller) -> web.Response:
    """Without the tick nothing happens but a clear word."""
    typed = await posted(request)
    it = await own(request, caller)
    try:
        async with request.app[DATABASE].transaction(caller) as tx:
            await rides.ask(tx, caller, it, typed.get("ride", ""), agreed=typed.get("agree") == "yes")
    except Invalid as refusal:
        return await own_page(request, caller, it, refusal.fields)
    except Conflict as refusal:
        return await own_page(request, caller, it, {"agree": refusal.text})
    return see_other("/appointment#rides")


@page("POST", "/appointment/rides/end", verb="ride.ask", limit=rides.ASKING)
async def call_off(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    it = await own(request, caller)
    async with request.app[DATABASE].transaction(caller) as tx:
        await rides.call_off(tx, caller, it, typed.get("leg", ""))
    return see_other("/appointment#rides")


ROUTES = [ask, call_off]
