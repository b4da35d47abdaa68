"""The guest: a patient known only by a code, of an appointment or of a place on the waiting list (V-07, V-09)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from telemed.errors import NotFound
from telemed.http import operation
from telemed.identity.callers import SYSTEM
from telemed.identity.logins import guest_session
from telemed.identity.types import Session
from telemed.keys import DATABASE, KEYS, SETTINGS
from telemed.limits import Limit
from telemed.scheduling.bookings import find_by_code
from telemed.scheduling.codes import Codes
from telemed.text import _

GUESSES = Limit(burst=20, per_minute=10)  # per client address; 55 bits of code would still take for ever


class UnknownCode(NotFound):
    """No appointment has this code, or it is long over."""

    code = "unknown_code"
    sentence = _("We do not know this code. Please compare it with your slip, character by character.")


class CodeEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An appointment code as typed; case, spaces and dashes do not matter."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


@operation("POST", "/api/v1/sessions/guest", verb="session.open", status=201, errors=(UnknownCode,), limit=GUESSES)
async def enter_code(request: web.Request, body: CodeEntry) -> Session:
    """Exchange a code for a token that opens this one appointment, or this one place on the waiting list."""
    return await by_code(request, body.code)


async def by_code(request: web.Request, code: str) -> Session:
    """The session behind a code. Raises UnknownCode."""
    digest = Codes(request.app[SETTINGS].secret).digest(code)
    if digest is None:
        raise UnknownCode
    async with request.app[DATABASE].transaction(SYSTEM) as tx:
        appointment = await find_by_code(tx, digest)
        entry = await tx.value("waitlist.entry_by_code", digest=digest) if appointment is None else None
    if appointment is None and entry is None:
        raise UnknownCode
    return guest_session(request.app[KEYS], appointment, entry)


ROUTES = [enter_code]
