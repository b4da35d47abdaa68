"""The practice's day: who waits, who comes, who was there."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from telemed.desk import rows
from telemed.desk.calendar import doctor
from telemed.desk.late import lates
from telemed.desk.rows import Row
from telemed.desk.todo import todo
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE


@page("GET", "/practice", verb="day.watch", session="staff")
async def today(request: web.Request, caller: Caller) -> web.Response:
    """A day at the caller's practice. A doctor sees their own patients first, everybody's on request."""
    if caller.role == "assistant":
        return see_other("/station")
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        on = rows.read_day(request.query.get("day", "")) or at.today
        found = await rows.day(tx, at, on)
        doctors = await rows.doctors(tx, at)
        waits = await todo(tx, at)
        late = await lates(tx, at) if on == at.today else []
    who = doctor(request.query.get("who", ""), caller, doctors)
    shown = [row for row in found if who is None or row.practitioner == who.id]
    part = request.query.get("fragment") == "1"
    return render(
        request, "desk/day.html" if part else "desk/practice.html", at=at, on=on, rows=shown, doctors=doctors, who=who,
        waiting=[row for row in found if row.state == "waiting"], is_mine=_is_mine(caller),
        before=on - timedelta(days=1), after=on + timedelta(days=1), todo=waits,
        late=late,
    )  # fmt: skip


def _is_mine(caller: Caller) -> object:
    """Whether the caller may take the doctor's seat (V-10)."""

    def mine(row: Row) -> bool:
        return row.practitioner_person is not None and row.practitioner_person == caller.person

    return mine


ROUTES = [today]
