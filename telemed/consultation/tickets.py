"""Tickets: who may sit where, for a minute (V-09, V-10, V-14, V-15)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from telemed import clock
from telemed.consultation.batch import Batch
from telemed.consultation.messages import Seat
from telemed.consultation.refusals import Barred
from telemed.consultation.types import (
    AppointmentOver,
    Claims,
    ConsentMissing,
    Entered,
    IntakeMissing,
    NotBooked,
    Room,
    Ticket,
    TooEarly,
    Unpaired,
)
from telemed.db import Database, Tx
from telemed.errors import Forbidden, Refusal
from telemed.identity.access import Thing, may
from telemed.identity.callers import SYSTEM, Caller
from telemed.identity.tokens import Keys, TokenRefused
from telemed.scheduling.types import CONSENT_VERSION

TYP, AUDIENCE = "ticket+jwt", "telemed/room"
LIFETIME = timedelta(seconds=60)
OPENS = timedelta(minutes=60)  # before the start, for patient and assistant
CLOSES = timedelta(hours=4)  # after the end, for everybody
SOCKET = "/api/v1/socket"

_SEATS: dict[str, Seat] = {
    "guest": "patient",
    "station": "patient",
    "gateway": "gateway",
    "assistant": "assistant",
    "practitioner": "practitioner",
}


async def mint(tx: Tx, keys: Keys, caller: Caller, room: Room, wish: Seat | None) -> Ticket:
    """A ticket.

    Raises Forbidden, NotFound, ConsentMissing, IntakeMissing, Barred, TooEarly, NotBooked, AppointmentOver.
    """
    seat = wish or _SEATS.get(caller.role)
    if seat is None:
        raise Forbidden
    # A person's login takes their own seat; an assistant may also open the patient's, where the station has no screen.
    may(caller, f"seat.{seat}", _thing(room, seat))
    refuse_if_over(room)
    if seat != "practitioner":
        opens = room.starts - OPENS
        if clock.now() < opens:
            raise TooEarly(opens=opens)
        if not room.consented:
            raise ConsentMissing
        if caller.role in ("station", "gateway", "assistant") and not room.taken_in:
            raise IntakeMissing
        if seat in room.barred:
            raise Barred
    name, about, *beside = await _introduced(tx, caller, room, seat)
    claims = Claims(room.id, room.epoch, seat, name, about, caller.person, caller.pairing, tuple(beside))
    token = keys.sign(TYP, AUDIENCE, msgspec.to_builtins(claims), LIFETIME)
    return Ticket(token, clock.now() + LIFETIME, SOCKET, seat)


def _thing(room: Room, seat: Seat) -> Thing:
    if seat == "practitioner":
        return Thing(site=room.site, person=room.practitioner_person)
    return Thing(site=room.site, station=room.station_id, station_site=room.station_site, appointment=room.id)


def refuse_if_over(room: Room) -> None:
    """Raises NotBooked or AppointmentOver."""
    if room.status == "held":
        raise NotBooked
    if room.status not in ("booked", "arrived"):
        raise AppointmentOver(reason=room.status)
    if clock.now() > room.ends + CLOSES:
        raise AppointmentOver(reason="expired")


async def _introduced(tx: Tx, caller: Caller, room: Room, seat: Seat) -> list[str]:
    """How the others are told of this seat: name, where from, and who else may be in front of that screen (V-15).

    A patient with a device of their own is at no station, wherever whoever assists may be.
    """
    if seat == "practitioner":
        return [room.practitioner_name, room.practice]
    if seat == "patient":
        here = caller.role != "guest"
        beside: list[str] = await tx.value("consultation.beside", appointment=room.id) if here else []
        return [room.patient_name, room.station if here else "", *beside]
    if seat == "gateway":
        return [room.station, ""]  # the page says what it is
    return [str(await tx.value("consultation.person_name", person=caller.person)), room.station]


async def find(tx: Tx, appointment: UUID | str) -> Room | None:
    """The appointment as it is now; a consent to an older text counts as none."""
    return await tx.maybe(Room, "consultation.room", appointment=appointment, consent=CONSENT_VERSION)


def read(keys: Keys, token: str) -> Claims:
    """What a ticket says. Raises TokenRefused."""
    try:
        return msgspec.convert(keys.verify(token, TYP, AUDIENCE), Claims)
    except msgspec.ValidationError as error:
        raise TokenRefused from error


class Doors:
    """Who enters and leaves, written down for many at once (batch.py)."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._enter = Batch(self._enter_all, key=lambda wish: (wish[0].appointment, wish[0].seat))
        self._leave = Batch(self._leave_all, key=int)

    async def enter(self, claims: Claims, attendance: int = 0) -> Entered:
        """Takes the seat in the database, under the `attendance` of this socket if it has one already.

        Raises AppointmentOver, ConsentMissing, Barred or Unpaired: what became of it since.
        """
        entered = await self._enter((claims, attendance))
        if entered is not None:
            return entered
        async with self._db.transaction(SYSTEM) as tx:
            room = await find(tx, claims.appointment)
            if claims.pairing and await tx.value("consultation.unpaired", pairings=[claims.pairing]):
                raise Unpaired
        raise why_not(claims, room)

    async def leave(self, attendance: int) -> None:
        await self._leave(attendance)

    async def _enter_all(self, wishes: list[tuple[Claims, int]]) -> list[Entered | None]:
        # Not as each one's guest, but by the claims that were signed for each.
        async with self._db.transaction(SYSTEM) as tx:
            rows = await tx.many(
                Entered, "consultation.enter",
                appointments=[claims.appointment for claims, _ in wishes],
                epochs=[claims.epoch for claims, _ in wishes], seats=[claims.seat for claims, _ in wishes],
                attendances=[attendance for _, attendance in wishes],
                pairings=[claims.pairing for claims, _ in wishes],
                now=clock.now(), consent=CONSENT_VERSION,
            )  # fmt: skip
        found = {row.number: row for row in rows}
        return [found.get(number) for number in range(1, len(wishes) + 1)]

    async def _leave_all(self, attendances: list[int]) -> list[None]:
        async with self._db.transaction(SYSTEM) as tx:
            await tx.run("consultation.leave", attendances=attendances, now=clock.now())
        return [None] * len(attendances)


def why_not(claims: Claims, room: Room | None) -> Refusal:
    """Why a ticket that was good is not any more."""
    if room is None or room.status not in ("booked", "arrived"):
        return AppointmentOver(reason=room.status if room else "expired")
    if not room.consented:
        return ConsentMissing()
    if room.epoch != claims.epoch:
        return AppointmentOver(reason="moved")
    return Barred()


def within(claims: Claims) -> Caller:
    """The room's own eyes: they see this one appointment and nothing else (row-level security)."""
    return Caller("guest", appointment=claims.appointment)
