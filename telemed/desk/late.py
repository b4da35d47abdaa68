"""Saying that a doctor is running late: whoever waits reads it at once."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

import msgspec
from aiohttp import web

from telemed import clock
from telemed.consultation import lobby
from telemed.db import Tx
from telemed.desk import rows
from telemed.desk.rows import Site
from telemed.errors import Invalid
from telemed.forms import posted, read_number
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.text import Text

_NONE: Final[Mapping[str, Text]] = MappingProxyType({})


class Late(msgspec.Struct, frozen=True):
    """A doctor who is running late, and what is said about it."""

    practitioner: UUID
    name: str
    minutes: int
    note: str


async def lates(tx: Tx, at: Site) -> list[Late]:
    """Who is late at a practice at present."""
    return await tx.many(Late, "desk.lates", site=at.id, now=clock.now())


@page("GET", "/practice/late", verb="lobby.late", session="staff")
async def form(request: web.Request, caller: Caller) -> web.Response:
    return await _form(request, caller, {"practitioner": request.query.get("who", "")})


@page("POST", "/practice/late", verb="lobby.late", session="staff")
async def say(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        doctors = {str(doctor.id): doctor.id for doctor in await rows.doctors(tx, at)}
    who = doctors.get(typed.get("practitioner", ""))
    if who is None:
        return await _form(request, caller, typed)
    try:
        async with request.app[DATABASE].transaction(caller) as tx:
            minutes, note = read_number(typed.get("minutes", "")), typed.get("note", "").strip()
            await lobby.say_late(tx, caller, at.id, who, minutes, note)
    except Invalid as refusal:
        return await _form(request, caller, typed, refusal.fields)
    return see_other("/practice")


async def _form(
    request: web.Request, caller: Caller, typed: Mapping[str, str], errors: Mapping[str, Text] = _NONE
) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        doctors, late = await rows.doctors(tx, at), await lates(tx, at)
    mine = next((str(doctor.id) for doctor in doctors if doctor.person == caller.person), "")
    chosen = {"practitioner": typed.get("practitioner") or mine}
    said = next((one for one in late if str(one.practitioner) == chosen["practitioner"]), None)
    values = {"minutes": str(said.minutes), "note": said.note} if said else {"minutes": "15", "note": ""}
    return render(
        request, "desk/late.html", status=422 if errors else 200, at=at, doctors=doctors,
        typed={**values, **typed, **chosen}, errors=errors,
    )  # fmt: skip


ROUTES = [form, say]
