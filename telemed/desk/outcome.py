"""Did not come, was seen at the practice, and taking either back."""

from __future__ import annotations

from uuid import UUID

import msgspec
from aiohttp import web

from telemed.desk.appointment import OWN_PAGE, appointment_page, version
from telemed.errors import BadRequest, Conflict
from telemed.forms import posted
from telemed.html import page, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling import outcomes
from telemed.scheduling.refusals import ChangedMeanwhile


@page("POST", f"{OWN_PAGE}/outcome", verb="appointment.outcome", session="staff")
async def note(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """`outcome` is noshow, fulfilled or undo."""
    typed = await posted(request)
    db, outcome = request.app[DATABASE], typed.get("outcome", "")
    try:
        if outcome == "undo":
            await outcomes.undo(db, caller, appointment, version(typed))
        else:
            await outcomes.note(db, caller, appointment, msgspec.convert(outcome, outcomes.Outcome), version(typed))
    except msgspec.ValidationError as error:
        raise BadRequest from error
    except (Conflict, ChangedMeanwhile) as refusal:
        return await appointment_page(request, caller, appointment, refusal)
    return see_other(f"/practice/appointments/{appointment}?done=noted")


ROUTES = [note]
