"""The next appointment with the same doctor, from the present one (B-10): in the practice or by video."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from telemed.desk import offering, rows
from telemed.desk.appointment import OWN_PAGE
from telemed.desk.slips import code_page
from telemed.errors import BadRequest, Conflict, Invalid, Refusal
from telemed.forms import posted
from telemed.html import page, render
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.keys import DATABASE, SETTINGS
from telemed.once import once
from telemed.scheduling import follow_ups
from telemed.scheduling.api import TAKING
from telemed.scheduling.codes import Codes

_PAGE = f"{OWN_PAGE}/follow-up"


@page("GET", _PAGE, verb="appointment.follow_up", session="staff")
async def choose(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    return await _choose(request, caller, appointment, request.query.get("choice", ""))


@page("POST", _PAGE, verb="appointment.follow_up", session="staff", limit=TAKING)
async def book(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """Books for the same patient, and shows the new code: this once."""
    typed = await posted(request)
    chosen = typed.get("choice", "")
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        it = await follow_ups.begun(tx, caller, appointment)
        choice = offering.chosen(await offering.choices(tx, at, it.practitioner), chosen)
    start = offering.pressed(typed)
    if choice is None:
        raise BadRequest
    asked = once(f"{typed.get('key', '')}-{start:%Y%m%dT%H%M}", caller, "appointment.follow_up", [it.id, chosen, start])
    try:
        made = await follow_ups.book(
            request.app[DATABASE], Codes(request.app[SETTINGS].secret), caller, it.id, choice.service.id, start,
            choice.mode, asked,
        )  # fmt: skip
    except (Conflict, Invalid) as refusal:
        return await _choose(request, caller, appointment, chosen, refusal)
    return code_page(request, made)


async def _choose(
    request: web.Request, caller: Caller, appointment: UUID, wanted: str, refusal: Refusal | None = None
) -> web.Response:
    """In the practice first, if the doctor offers that: what a video could not settle is seen there the same day."""
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        it = await follow_ups.begun(tx, caller, appointment)
        offered = sorted(await offering.choices(tx, at, it.practitioner), key=lambda choice: choice.mode)
        choice = offering.chosen(offered, wanted) or next(iter(offered), None)
        day = rows.read_day(request.query.get("from", ""))
        since = offering.midnight(day, at.zone) if day else None
        times = await offering.times(tx, choice, since) if choice else None
    return render(
        request, "desk/follow_up.html", status=refusal.status if refusal else 200, it=it, offered=offered,
        choice=choice, times=times, refusal=refusal, key=new_id().hex,
    )  # fmt: skip


ROUTES = [choose, book]
