"""The waiting list over JSON."""

from __future__ import annotations

from uuid import UUID

import msgspec
from aiohttp import web

from telemed.errors import NotFound
from telemed.http import operation
from telemed.identity.callers import Caller
from telemed.identity.logins import guest_session
from telemed.keys import DATABASE, KEYS, SETTINGS
from telemed.limits import Limit
from telemed.names import NameUnreadable
from telemed.once import HEADER, SCHEMA, KeyMalformed, KeyReused, once
from telemed.scheduling import refusals
from telemed.scheduling.codes import Codes
from telemed.scheduling.waitlist import offers, waitlist
from telemed.scheduling.waitlist.types import Answer, Answered, Earlier, Entry, Joined, Joining, Waitlist

JOINING = Limit(burst=20, per_minute=10)  # per client address; a practice adds its callers from one
_REPEATED = (KeyReused, KeyMalformed)


@operation("GET", "/api/v1/waitlist", verb="waitlist.manage")
async def list_entries(request: web.Request, caller: Caller) -> Waitlist:
    """Who waits at the caller's practice, in the order in which they are offered times."""
    if caller.site is None:
        raise NotFound
    return Waitlist(await waitlist.of_site(request.app[DATABASE], caller, caller.site, _ways(request)))


@operation(
    "POST", "/api/v1/waitlist", verb="waitlist.join", status=201, limit=JOINING, headers={HEADER: SCHEMA},
    errors=(*refusals.ADMISSIONS.values(), *_REPEATED, NameUnreadable),
)  # fmt: skip
async def join(request: web.Request, caller: Caller, body: Joining) -> Joined:
    """Wait for a time; the answer has the code of the place on the list."""
    asked = once(request.headers.get(HEADER), caller, "waitlist.join", body)
    made = await waitlist.join(request.app[DATABASE], _codes(request), caller, _ways(request), body, asked)
    return _with_session(request, caller, made)


@operation(
    "POST", "/api/v1/appointments/{appointment}/waitlist", verb="appointment.move", status=201, limit=JOINING,
    headers={HEADER: SCHEMA}, errors=(refusals.NotActive, refusals.TooLate, *_REPEATED),
)  # fmt: skip
async def join_earlier(request: web.Request, caller: Caller, appointment: UUID, body: Earlier) -> Joined:
    """Wait for an earlier time than an appointment has; it stays until the earlier one is won."""
    asked = once(request.headers.get(HEADER), caller, "appointment.move", body)
    made = await waitlist.join_earlier(
        request.app[DATABASE], _codes(request), caller, _ways(request), appointment, body, asked
    )
    return _with_session(request, caller, made)


@operation("GET", "/api/v1/waitlist/{entry}", verb="waitlist.own")
async def read(request: web.Request, caller: Caller, entry: UUID) -> Entry:
    """One place with its offer: the patient's own, or one of the caller's practice."""
    return await waitlist.read(request.app[DATABASE], caller, entry)


@operation("DELETE", "/api/v1/waitlist/{entry}", verb="waitlist.own")
async def withdraw(request: web.Request, caller: Caller, entry: UUID) -> Entry:
    """Give the place up, and an open offer with it."""
    return await waitlist.withdraw(request.app[DATABASE], caller, entry)


@operation(
    "PATCH", "/api/v1/waitlist/{entry}/offers/{offer}", verb="waitlist.own",
    errors=(refusals.OfferGone, refusals.SlotTaken),
)  # fmt: skip
async def answer(request: web.Request, caller: Caller, entry: UUID, offer: UUID, body: Answer) -> Answered:
    """Accept or decline an offer; accepted, the answer has the appointment's code."""
    if body.status == "declined":
        return await offers.decline(request.app[DATABASE], caller, entry, offer)
    won = await offers.accept(request.app[DATABASE], _codes(request), caller, entry, offer)
    if caller.role != "guest":
        return won
    return msgspec.structs.replace(won, session=guest_session(request.app[KEYS], won.appointment, entry))


def _with_session(request: web.Request, caller: Caller, made: Joined) -> Joined:
    if caller.person is not None:
        return made
    return msgspec.structs.replace(made, session=guest_session(request.app[KEYS], caller.appointment, made.id))


def _codes(request: web.Request) -> Codes:
    return Codes(request.app[SETTINGS].secret)


def _ways(request: web.Request) -> waitlist.Ways:
    return waitlist.ways(request.app[SETTINGS])


ROUTES = [list_entries, join, join_earlier, read, withdraw, answer]
