"""One appointment at the practice: what is known of it, calling the patient, cancelling, and who is next."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from telemed.desk import rows
from telemed.desk.notices import open_ones
from telemed.errors import Conflict, Refusal
from telemed.forms import posted
from telemed.html import page, render, see_other
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.keys import DATABASE, SETTINGS
from telemed.notices import reach
from telemed.notices.texts import what
from telemed.precheck import checks
from telemed.scheduling import changes
from telemed.scheduling.refusals import ChangedMeanwhile
from telemed.scheduling.types import Appointment
from telemed.stations import care, intake
from telemed.stations.intake import REPRESENTING, SEEN

OWN_PAGE = "/practice/appointments/{appointment}"
MESSAGE = 500  # characters that the practice may add to a cancellation


@page("GET", OWN_PAGE, verb="appointment.read", session="staff")
async def details(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    if caller.role == "assistant":
        return see_other("/station")
    return await appointment_page(request, caller, appointment)


@page("POST", f"{OWN_PAGE}/cancellation", verb="appointment.cancel", session="staff")
async def cancel(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """Cancels what was looked at: if it was moved meanwhile, it is shown again first."""
    typed = await posted(request)
    message = typed.get("message", "").strip()[:MESSAGE] or None
    try:
        await changes.cancel(request.app[DATABASE], caller, appointment, version(typed), message)
    except (Conflict, ChangedMeanwhile) as refusal:
        return await appointment_page(request, caller, appointment, refusal)
    await reach.onto_the_list(request.app[DATABASE], caller, request.app[SETTINGS], appointment)
    return see_other(f"/practice/appointments/{appointment}?done=cancelled")


def version(typed: Mapping[str, str]) -> int | None:
    """Which version of the appointment was looked at when the form was sent."""
    text = typed.get("epoch", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


@page("GET", f"{OWN_PAGE}/room", verb="seat.practitioner", session="staff")
async def room(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """The doctor's seat: theirs alone, whoever else works at the practice (V-10)."""
    it, person = await _with_doctor(request, caller, appointment)
    may(caller, "seat.practitioner", Thing(site=it.site, person=person))
    own_page = f"/practice/appointments/{appointment}"
    if it.status not in ("booked", "arrived") or it.mode == "in_person":
        return see_other(own_page)
    return render(
        request, "call/room.html", it=it, seat="practitioner", session="staff", after=f"{own_page}/after",
        back="/practice", first_rung=await checks.first_rung(request.app[DATABASE], caller, it.id),
    )  # fmt: skip


@page("GET", f"{OWN_PAGE}/after", verb="seat.practitioner", session="staff")
async def after(request: web.Request, caller: Caller, appointment: UUID) -> web.Response:
    """The consultation is over: who of today's is next, those who wait first."""
    it, _person = await _with_doctor(request, caller, appointment)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        mine = [
            row for row in await rows.day(tx, at, at.today) if row.practitioner_person == caller.person and row.open
        ]
    waiting = [row for row in mine if row.state == "waiting"]
    following = next(iter(waiting or [row for row in mine if row.id != it.id]), None)
    return render(request, "desk/after.html", it=it, following=following, mine=True)


async def appointment_page(
    request: web.Request, caller: Caller, appointment: UUID, refusal: Refusal | None = None
) -> web.Response:
    """The appointment, and why something could not be done with it."""
    it, person = await _with_doctor(request, caller, appointment)
    async with request.app[DATABASE].transaction(caller) as tx:
        open_notices, known = await open_ones(tx, it.site, it.id), await checks.latest(tx, appointment)
        received = await intake.intake(tx, it.id)
        room = await care.station(tx, it.station) if it.station else None
    return render(
        request, "desk/appointment.html", status=refusal.status if refusal else 200, it=it, refusal=refusal,
        mine=person is not None and person == caller.person, role=caller.role, done=request.query.get("done", ""),
        known=known, room=room, received=received, identities=SEEN, representing=REPRESENTING,
        told_by=reach.told_by, what=what, longest=MESSAGE,
        calls=[one for one in open_notices if one.status != "dead"],
        gone=[one for one in open_notices if one.status == "dead"],
    )  # fmt: skip


async def _with_doctor(request: web.Request, caller: Caller, appointment: UUID) -> tuple[Appointment, UUID | None]:
    """The appointment and its doctor's login. Raises NotFound."""
    it = await changes.read(request.app[DATABASE], caller, appointment)
    async with request.app[DATABASE].transaction(caller) as tx:
        person: UUID | None = await tx.value("desk.practitioner_person", practitioner=it.practitioner)
    return it, person


ROUTES = [details, cancel, room, after]
