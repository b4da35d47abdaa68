"""The practice's day: who waits, who comes, who was there."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import msgspec
from aiohttp import web

from telemed.desk import rows
from telemed.desk.rows import Row
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE


class Doctor(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    person: UUID | None


@page("GET", "/practice", verb="day.watch", session="staff")
async def today(request: web.Request, caller: Caller) -> web.Response:
    """A day at the caller's practice. A doctor sees their own patients first, everybody's on request."""
    if caller.role == "assistant":
        return see_other("/station")
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        on = _day(request.query.get("day", "")) or at.today
        found = await rows.day(tx, at, on)
        doctors = await tx.many(Doctor, "desk.practitioners", site=at.id)
    who = _who(request.query.get("who", ""), caller, doctors)
    shown = [row for row in found if who is None or row.practitioner == who.id]
    part = request.query.get("fragment") == "1"
    return render(
        request, "desk/day.html" if part else "desk/practice.html", at=at, on=on, rows=shown, doctors=doctors, who=who,
        waiting=[row for row in found if row.state == "waiting"], is_mine=_is_mine(caller),
        before=on - timedelta(days=1), after=on + timedelta(days=1),
    )  # fmt: skip


def _is_mine(caller: Caller) -> object:
    """Whether the caller may take the doctor's seat (V-10)."""

    def mine(row: Row) -> bool:
        return row.practitioner_person is not None and row.practitioner_person == caller.person

    return mine


def _who(wanted: str, caller: Caller, doctors: list[Doctor]) -> Doctor | None:
    if wanted == "all":
        return None
    own = next((doctor for doctor in doctors if doctor.person is not None and doctor.person == caller.person), None)
    return next((doctor for doctor in doctors if str(doctor.id) == wanted), own)


def _day(text: str) -> date | None:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        return None
    return on if 2000 <= on.year <= 2100 else None


ROUTES = [today]
