"""Scheduling over JSON."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec
from aiohttp import web

from telemed import clock
from telemed.errors import Forbidden, Invalid, NotFound
from telemed.http import operation
from telemed.identity.callers import Caller
from telemed.identity.logins import guest_session
from telemed.keys import DATABASE, KEYS, SETTINGS
from telemed.limits import Limit
from telemed.once import HEADER, SCHEMA, KeyMalformed, KeyReused, Once, once
from telemed.scheduling import bookings, changes, holds, refusals
from telemed.scheduling.codes import Codes
from telemed.scheduling.services import nearness
from telemed.scheduling.slots import slots
from telemed.scheduling.types import (
    Appointment,
    Appointments,
    Booking,
    BookingWish,
    Consent,
    DayQuery,
    Hold,
    Move,
    Slots,
    SlotsQuery,
    Wish,
)
from telemed.text import _
from telemed.wording import HERE

TAKING = Limit(burst=60, per_minute=60)  # per client address; a practice or pharmacy books from one
_SECRET: Final[dict[str, dict[str, object]]] = {"Hold-Secret": {"type": "string"}}
_VERSION: Final[dict[str, dict[str, object]]] = {"If-Match": {"type": "string"}}
_REFUSED = (
    NotFound,
    refusals.SlotTaken,
    refusals.NotASlot,
    refusals.KeptForNear,
    refusals.InThePast,
    KeyReused,
    KeyMalformed,
)
_CHANGES = (refusals.TooLate, refusals.NotActive, refusals.ChangedMeanwhile)


@operation("GET", "/api/v1/services/{service}/slots", verb="slots.search")
async def search_slots(request: web.Request, service: UUID, query: SlotsQuery, caller: Caller) -> Slots:
    """The free starts of a service, in order, each with the doctor it is with.

    Where a practice lets people nearby come first, `postal_code` says who is near; what others cannot book yet is
    `kept`. The practice's own logins are told everything as free.
    """
    async with request.app[DATABASE].transaction(caller, replan=False) as tx:
        place = await nearness.of(tx, service, query.postal_code, query.station)
        near = place.near or nearness.decides(caller)
        found = await slots(tx, service, query, near=near)
        if near:
            return found
        kept = await nearness.kept(
            tx, service, query.limit, since=query.since, until=query.until, station=query.station
        )
        return msgspec.structs.replace(found, kept=kept)


@operation(
    "POST", "/api/v1/holds", verb="hold.make", status=201, errors=_REFUSED, limit=TAKING, headers={HEADER: SCHEMA}
)
async def hold(request: web.Request, caller: Caller, body: Wish) -> Hold:
    """Keep a time for ten minutes."""
    return await holds.hold(
        request.app[DATABASE], _codes(request), caller, body, _once(request, caller, "hold.make", body)
    )


@operation(
    "PATCH", "/api/v1/holds/{hold}", verb="hold.change", headers=_SECRET,
    errors=(refusals.AlreadyExtended, refusals.HoldGone),
)  # fmt: skip
async def extend_hold(request: web.Request, caller: Caller, hold: UUID) -> Hold:
    """Ten more minutes, once."""
    return await holds.extend(request.app[DATABASE], _codes(request), caller, hold, _secret(request))


@operation("DELETE", "/api/v1/holds/{hold}", verb="hold.change", headers=_SECRET)
async def release_hold(request: web.Request, caller: Caller, hold: UUID) -> None:
    """Give a held time back."""
    await holds.release(request.app[DATABASE], _codes(request), caller, hold, _secret(request))


@operation(
    "POST", "/api/v1/appointments", verb="appointment.book", status=201, limit=TAKING, headers={HEADER: SCHEMA},
    errors=(*_REFUSED, *refusals.ADMISSIONS.values(), refusals.HoldGone, refusals.HoldDiffers),
)  # fmt: skip
async def book(request: web.Request, caller: Caller, body: BookingWish) -> Booking:
    """Book a time, held before or not; the answer has the appointment's code."""
    asked = _once(request, caller, "appointment.book", body)
    booked = await bookings.book(request.app[DATABASE], _codes(request), caller, body, asked)
    if caller.person is not None:
        return booked
    return msgspec.structs.replace(booked, session=guest_session(request.app[KEYS], booked.id))


@operation("GET", "/api/v1/appointments", verb="appointment.list")
async def list_appointments(request: web.Request, caller: Caller, query: DayQuery) -> Appointments:
    """The appointments of a day at the caller's site; a pharmacy sees today's only (P-05)."""
    if caller.role == "assistant" and query.day != clock.now().astimezone(HERE).date():
        raise Forbidden
    async with request.app[DATABASE].transaction(caller) as tx:
        return Appointments(await tx.many(Appointment, "scheduling.day", site=caller.site, day=query.day))


@operation("GET", "/api/v1/appointments/{appointment}", verb="appointment.read")
async def read_appointment(request: web.Request, caller: Caller, appointment: UUID) -> Appointment:
    """One appointment: the patient's own, or one of the caller's site."""
    return await changes.read(request.app[DATABASE], caller, appointment)


@operation(
    "PATCH", "/api/v1/appointments/{appointment}", verb="appointment.move", headers=_VERSION,
    errors=(refusals.SlotTaken, refusals.NotASlot, refusals.KeptForNear, refusals.InThePast, *_CHANGES), limit=TAKING,
)  # fmt: skip
async def move(request: web.Request, caller: Caller, appointment: UUID, body: Move) -> Appointment:
    """Move to another start; the old time is kept until the new one is won."""
    return await changes.move(request.app[DATABASE], caller, appointment, body.start, _epoch(request))


@operation(
    "DELETE", "/api/v1/appointments/{appointment}", verb="appointment.cancel", errors=_CHANGES,
    headers=_VERSION,
)  # fmt: skip
async def cancel(request: web.Request, caller: Caller, appointment: UUID) -> Appointment:
    """Cancel; the time is free for others at once."""
    return await changes.cancel(request.app[DATABASE], caller, appointment, _epoch(request))


@operation(
    "POST", "/api/v1/appointments/{appointment}/consents", verb="consent.give",
    errors=(refusals.ConsentOutdated, refusals.NotActive),
)  # fmt: skip
async def give_consent(request: web.Request, caller: Caller, appointment: UUID, body: Consent) -> Appointment:
    """Agree to the video consultation; without it nobody gets into the room."""
    return await changes.give_consent(request.app[DATABASE], caller, appointment, body.version)


@operation("DELETE", "/api/v1/appointments/{appointment}/consents", verb="consent.withdraw")
async def withdraw_consent(request: web.Request, caller: Caller, appointment: UUID) -> Appointment:
    """Take the consent back; a running consultation ends."""
    return await changes.withdraw_consent(request.app[DATABASE], caller, appointment)


def _codes(request: web.Request) -> Codes:
    return Codes(request.app[SETTINGS].secret)


def _once(request: web.Request, caller: Caller, verb: str, body: object) -> Once:
    return once(request.headers.get(HEADER), caller, verb, body)


def _secret(request: web.Request) -> str:
    return request.headers.get("Hold-Secret", "")


def _epoch(request: web.Request) -> int | None:
    """The version the caller has seen: If-Match with the epoch as entity tag (RFC 9110 section 13.1.1)."""
    tag = request.headers.get("If-Match", "*").strip()
    if tag == "*":
        return None
    number = tag.removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Invalid(fields={"If-Match": _("This must be the appointment's epoch in quotation marks.")})
    return int(number)


ROUTES = [
    search_slots, hold, extend_hold, release_hold, book, list_appointments, read_appointment, move, cancel,
    give_consent, withdraw_consent,
]  # fmt: skip
