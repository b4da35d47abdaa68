"""The holds of this browser: a cookie with their secrets, so that none stands in an address (G-32)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from aiohttp import web

from telemed import clock
from telemed.identity.callers import Caller
from telemed.keys import DATABASE, SETTINGS
from telemed.scheduling.codes import Codes
from telemed.scheduling.types import Appointment

COOKIE: Final = "__Host-hold"
MANY: Final = 4  # tabs in which somebody books at the same time, say for a family
LIFETIME: Final = timedelta(minutes=45)  # longer than a hold: whoever comes back late is told what happened


def codes(request: web.Request) -> Codes:
    return Codes(request.app[SETTINGS].secret)


def secrets(request: web.Request) -> dict[UUID, str]:
    """Hold -> secret, oldest first; what cannot be read is left out."""
    found: dict[UUID, str] = {}
    for entry in request.cookies.get(COOKIE, "").split("~"):
        hold, _dot, secret = entry.partition(".")
        try:
            found[UUID(hold)] = secret
        except ValueError:
            continue
    return {hold: secret for hold, secret in found.items() if codes(request).is_holder(hold, secret)}


def keep(request: web.Request, response: web.Response, hold: UUID) -> None:
    """Remembers one more hold in this browser."""
    known = secrets(request) | {hold: codes(request).hold_secret(hold)}
    value = "~".join(f"{one.hex}.{secret}" for one, secret in list(known.items())[-MANY:])
    response.set_cookie(
        COOKIE, value, max_age=int(LIFETIME.total_seconds()), path="/", secure=True, httponly=True, samesite="Lax"
    )


async def running(request: web.Request, caller: Caller) -> list[Appointment]:
    """What this browser holds at this moment."""
    return [
        it for it in await _mine(request, caller)
        if it.status == "held" and it.expires is not None and it.expires > clock.now()
    ]  # fmt: skip


async def with_doctor(request: web.Request, caller: Caller, practitioner: UUID) -> Appointment | None:
    """A time with this doctor that was reserved and not yet booked: the back button leads here."""
    return next((it for it in await running(request, caller) if it.practitioner == practitioner), None)


async def was_near(request: web.Request, caller: Caller, site: UUID) -> bool:
    """Whether this browser has held a time of that practice as somebody who lives near it."""
    return any(it.site == site and it.near and it.station is None for it in await _mine(request, caller))


async def _mine(request: web.Request, caller: Caller) -> list[Appointment]:
    found = []
    for hold in secrets(request):
        async with request.app[DATABASE].transaction(caller.about(hold)) as tx:
            it = await tx.maybe(Appointment, "scheduling.appointment", id=hold)
        if it is not None:
            found.append(it)
    return found
