"""Another time for an appointment, chosen by the practice: by a form, not by dragging."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from aiohttp import web

from telemed.desk import offering, rows
from telemed.desk.appointment import OWN_PAGE, version
from telemed.errors import Conflict, Invalid, Refusal
from telemed.forms import posted
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE, SETTINGS
from telemed.notices import reach
from telemed.scheduling import changes, overrides
from telemed.scheduling.api import TAKING
from telemed.scheduling.refusals import ChangedMeanwhile, SlotTaken
from telemed.scheduling.types import Appointment
from telemed.text import Text, _
from telemed.visit.days import choice


@page("GET", f"{OWN_PAGE}/move", verb="appointment.move", session="staff")
async def other_times(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    if caller.role == "assistant":
        return see_other("/station")
    return await _times(request, caller, await changes.read(request.app[DATABASE], caller, appointment), {})


@page("POST", f"{OWN_PAGE}/move", verb="appointment.move", session="staff", limit=TAKING)
async def move(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """To one of the free times, or with a reason to any. The old time is kept until the new one is won."""
    if caller.role == "assistant":
        return see_other("/station")
    typed = await posted(request)
    db = request.app[DATABASE]
    it = await changes.read(db, caller, appointment)
    try:
        if typed.get("do") == "over":
            reason = typed.get("reason", "")
            await overrides.move(db, caller, it.id, _written(typed, it.zone), reason, version(typed))
        else:
            await changes.move(db, caller, it.id, offering.pressed(typed), version(typed))
    except SlotTaken as refusal:
        elsewhere = typed.get("do") == "over"
        why = _("The patient, or the room at the station, is taken at this time.")
        return await _times(request, caller, it, typed, {"over_time": why} if elsewhere else {}, refusal)
    except Invalid as refusal:
        return await _times(request, caller, it, typed, refusal.fields, refusal)
    except (Conflict, ChangedMeanwhile) as refusal:
        return await _times(request, caller, await changes.read(db, caller, it.id), typed, {}, refusal)
    await reach.onto_the_list(db, caller, request.app[SETTINGS], it.id)
    return see_other(f"/practice/appointments/{it.id}?done=moved")


def _written(typed: Mapping[str, str], zone: str) -> datetime:
    wrong: dict[str, Text] = {}
    start = offering.written(typed, zone, wrong)
    if wrong or start is None:
        raise Invalid(fields=wrong)
    return start


async def _times(
    request: web.Request, caller: Caller, it: Appointment, typed: Mapping[str, str],
    errors: Mapping[str, Text] | None = None, refusal: Refusal | None = None,
) -> web.Response:  # fmt: skip
    since = rows.read_day(request.query.get("from", ""))
    async with request.app[DATABASE].transaction(caller) as tx:
        found = await choice(tx, it.service, since, it.station)
    shown = {name: typed.get(name, "") for name in ("over_day", "over_time", "reason")}
    return render(
        request, "desk/move.html", status=refusal.status if refusal else 200, it=it, found=found, typed=shown,
        errors=errors or {}, refusal=None if errors else refusal, told_by=reach.told_by,
    )  # fmt: skip


ROUTES = [other_times, move]
