"""Appointments that lie outside the hours after a change: for each of them move, keep or cancel; none is dropped."""

from __future__ import annotations

from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from telemed.desk import rows
from telemed.desk.appointment import version
from telemed.desk.notices import open_ones
from telemed.errors import Conflict, NotFound, Refusal
from telemed.forms import posted
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE, SETTINGS
from telemed.notices import reach
from telemed.notices.texts import what
from telemed.scheduling import changes
from telemed.scheduling.hours.outside import keep, outside
from telemed.scheduling.refusals import ChangedMeanwhile
from telemed.scheduling.types import Appointment
from telemed.wording import Wording

MESSAGE: Final = 300  # characters
_PAGE: Final = "/practice/hours/outside"


@page("GET", _PAGE, verb="hours.read", session="staff")
async def listed(request: web.Request, caller: Caller) -> web.Response:
    return await _listed(request, caller)


@page("POST", f"{_PAGE}/{{appointment}}/keep", verb="hours.change", session="staff")
async def kept(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        await keep(tx, caller, appointment)
    return see_other(_PAGE)


@page("POST", f"{_PAGE}/{{appointment}}/cancellation", verb="appointment.cancel", session="staff")
async def cancelled(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """Cancels what was looked at, with a few words to the patient; moved meanwhile, the list is shown again."""
    typed = await posted(request)
    message = typed.get("message", "")[:MESSAGE] or None
    try:
        await changes.cancel(request.app[DATABASE], caller, appointment, version(typed), message)
    except (Conflict, ChangedMeanwhile) as refusal:
        return await _listed(request, caller, refusal)
    await reach.onto_the_list(request.app[DATABASE], caller, request.app[SETTINGS], appointment)
    return see_other(f"{_PAGE}?cancelled={appointment}")


async def _listed(request: web.Request, caller: Caller, refusal: Refusal | None = None) -> web.Response:
    gone = await _cancelled(request, caller)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        found = await outside(tx, at.id)
        calls = [one for one in await open_ones(tx, at.id) if one.status != "dead"]
    to_call = [it for it in found if not reach.reached(it, request.app[SETTINGS])]
    return render(
        request, "desk/hours_outside.html", status=refusal.status if refusal else 200, at=at, rows=found, gone=gone,
        refusal=refusal, told_by=reach.told_by, what=what, calls=calls, to_call=to_call, longest=MESSAGE,
        done=request.query.get("done", ""), say=Wording(locale_of(request), ZoneInfo(at.zone)),
    )  # fmt: skip


async def _cancelled(request: web.Request, caller: Caller) -> Appointment | None:
    """What was cancelled a moment ago, to say who tells the patient."""
    try:
        it = await changes.read(request.app[DATABASE], caller, UUID(request.query.get("cancelled", "")))
    except (ValueError, NotFound):
        return None
    return it if it.status == "cancelled" else None


ROUTES = [listed, kept, cancelled]
