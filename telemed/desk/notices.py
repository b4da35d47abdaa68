"""What the practice has to look after: patients to be called, and notices that could not be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from aiohttp import web

from telemed import clock
from telemed.db import Tx
from telemed.desk import rows
from telemed.errors import Invalid, NotFound
from telemed.forms import posted
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.notices import reach
from telemed.notices.texts import what
from telemed.notices.types import OpenNotice

_PAGE: Final = "/practice/notices"


@page("GET", _PAGE, verb="notice.read", session="staff")
async def notices(request: web.Request, caller: Caller) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        found = await open_ones(tx, at.id)
        worked = await tx.value("jobs.worked")
    return render(
        request, "desk/notices.html", at=at, what=what, done=request.query.get("done"), worked=worked,
        calls=[one for one in found if one.status != "dead"], gone=[one for one in found if one.status == "dead"],
    )  # fmt: skip


@page("POST", f"{_PAGE}/{{notice}}/resend", verb="notice.resend", session="staff")
async def resend(request: web.Request, caller: Caller, notice: UUID) -> web.Response:
    """Tries again from the start. Sent or settled meanwhile by a colleague: then there is nothing left to do."""
    async with request.app[DATABASE].transaction(caller) as tx:
        await _appointment(tx, notice)
        await tx.run("notices.resend", id=notice, now=clock.now())
    return see_other(f"{_PAGE}?done=resend")


@page("GET", f"{_PAGE}/{{notice}}/correction", verb="notice.resend", session="staff")
async def ask_correction(request: web.Request, caller: Caller, notice: UUID) -> web.Response:
    one = await _given_up(request, caller, notice)
    if one is None:
        return see_other(f"{_PAGE}?done=meanwhile")
    return _form(request, one, {"email": one.email or "", "phone": one.phone or ""})


@page("POST", f"{_PAGE}/{{notice}}/correction", verb="notice.resend", session="staff")
async def correct(request: web.Request, caller: Caller, notice: UUID) -> web.Response:
    """The address or number is put right, for the appointment as well, and the message goes out once more."""
    typed = await posted(request)
    one = await _given_up(request, caller, notice)
    if one is None:
        return see_other(f"{_PAGE}?done=meanwhile")
    try:
        async with request.app[DATABASE].transaction(caller) as tx:
            sent = await reach.correct(tx, one, typed.get("email", ""), typed.get("phone", ""))
    except Invalid as refusal:
        return _form(request, one, typed, refusal)
    return see_other(f"{_PAGE}?done={'corrected' if sent else 'meanwhile'}")


@page("POST", f"{_PAGE}/{{notice}}/settlement", verb="notice.resend", session="staff")
async def settle(request: web.Request, caller: Caller, notice: UUID) -> web.Response:
    """The patient knows: off the list, and back to where it was ticked off."""
    typed = await posted(request)
    async with request.app[DATABASE].transaction(caller) as tx:
        appointment = await _appointment(tx, notice)
        await tx.run("notices.settle", id=notice, now=clock.now())
    back = {"appointment": f"/practice/appointments/{appointment}", "outside": "/practice/hours/outside"}
    return see_other(f"{back.get(typed.get('back', ''), _PAGE)}?done=settled")


async def open_ones(tx: Tx, site: UUID, appointment: UUID | None = None) -> list[OpenNotice]:
    """Patients to be called and notices given up, soonest appointment first; of one appointment or all."""
    return await tx.many(OpenNotice, "notices.open_ones", site=site, appointment=appointment, now=clock.now())


async def _appointment(tx: Tx, notice: UUID) -> UUID:
    """Whose notice that is; the walls show the practice its own alone. Raises NotFound."""
    found: UUID | None = await tx.value("notices.appointment", id=notice)
    if found is None:
        raise NotFound
    return found


async def _given_up(request: web.Request, caller: Caller, notice: UUID) -> OpenNotice | None:
    """The notice, if it still has to be looked after. Raises NotFound."""
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        found = await open_ones(tx, at.id, await _appointment(tx, notice))
    return next((one for one in found if one.id == notice and one.status == "dead"), None)


def _form(
    request: web.Request, one: OpenNotice, typed: Mapping[str, str], refusal: Invalid | None = None
) -> web.Response:
    return render(
        request, "desk/notice_correct.html", status=422 if refusal else 200, one=one, what=what,
        typed={name: typed.get(name, "") for name in ("email", "phone")}, errors=refusal.fields if refusal else {},
    )  # fmt: skip


ROUTES = [notices, resend, ask_correction, correct, settle]
