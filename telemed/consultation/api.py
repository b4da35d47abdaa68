"""Tickets over HTTP."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from telemed.consultation import tickets
from telemed.consultation.refusals import Barred
from telemed.consultation.types import (
    AppointmentOver,
    ConsentMissing,
    IntakeMissing,
    NotBooked,
    Room,
    Ticket,
    TicketWish,
    TooEarly,
)
from telemed.http import operation
from telemed.identity.callers import Caller
from telemed.keys import DATABASE, KEYS
from telemed.scheduling.types import CONSENT_VERSION


@operation(
    "POST", "/api/v1/appointments/{appointment}/tickets", verb="seat.take", status=201,
    errors=(ConsentMissing, IntakeMissing, Barred, TooEarly, NotBooked, AppointmentOver),
)  # fmt: skip
async def make_ticket(request: web.Request, caller: Caller, appointment: UUID, body: TicketWish) -> Ticket:
    """A ticket for the caller's seat in this appointment's room, good for 60 seconds."""
    async with request.app[DATABASE].transaction(caller) as tx:
        room = await tx.one(Room, "consultation.room", appointment=appointment, consent=CONSENT_VERSION)
        return await tickets.mint(tx, request.app[KEYS], caller, room, body.seat)


ROUTES = [make_ticket]
