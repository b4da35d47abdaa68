"""The holds of this browser: a cookie with their secrets, so that none stands in an address (G-32)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from aiohttp import web

from telemed.keys import SETTINGS
from telemed.scheduling.codes import Codes

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
