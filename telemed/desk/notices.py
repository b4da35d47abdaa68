"""What the practice has to look after: patients to be called, and notices that could not be sent."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from aiohttp import web

from telemed import clock
from telemed.db import Tx
from telemed.desk import rows
from telemed.errors import NotFound
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.notices.texts import what
from telemed.notices.types import OpenNotice

_PAGE: Final = "/practice/notices"


@page("GET", _PAGE, verb="notice.read", session="staff")
async def notices(request: web.Request, caller: Caller) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        found = await open_ones(tx, at)
        worked = await tx.value("jobs.worked")
    return render(
        request, "desk/notices.html", at=at, what=what, done=request.query.get("done"), worked=worked,
        calls=[one for one in found if one.status != "dead"], dead=[one for one in found if one.status == "dead"],
    )  # fmt: skip


@page("POST", f"{_PAGE}/{{notice}}/resend", verb="notice.resend", session="staff")
async def resend(request: web.Request, caller: Caller, notice: UUID) -> web.Response:
    """Tries again from the start. Sent or settled meanwhile by a colleague: then there is nothing left to do."""
    await _change(request, caller, "notices.resend", notice)
    return see_other(f"{_PAGE}?done=resend")


@page("POST", f"{_PAGE}/{{notice}}/settlement", verb="notice.resend", session="staff")
async def settle(request: web.Request, caller: Caller, notice: UUID) -> web.Response:
    """The patient knows: off the list."""
    await _change(request, caller, "notices.settle", notice)
    return see_other(f"{_PAGE}?done=settled")


async def _change(request: web.Request, caller: Caller, statement: str, notice: UUID) -> None:
    async with request.app[DATABASE].transaction(caller) as tx:
        if not await tx.value("notices.exists", id=notice):  # the walls show the practice its own alone
            raise NotFound
        await tx.run(statement, id=notice, now=clock.now())


async def open_ones(tx: Tx, at: rows.Site) -> list[OpenNotice]:
    """Patients to be called and notices given up, soonest appointment first."""
    return await tx.many(OpenNotice, "notices.open_ones", site=at.id, now=clock.now())


ROUTES = [notices, resend, settle]
