"""What is decided is first made true in the database, then said in the room."""

from __future__ import annotations

from uuid import UUID

from telemed import clock
from telemed.consultation import messages as m
from telemed.consultation.refusals import NotHere, PractitionerOnly
from telemed.consultation.tickets import find, why_not, within
from telemed.consultation.types import Claims
from telemed.db import Database

Settled = m.Admit | m.Hold | m.Deny | m.Kick | m.End


async def settle(db: Database, claims: Claims, command: m.Command) -> None:
    """One guarded statement for `admit`, `hold`, `deny`, `kick`, `end`, `sas` and a call back in; none for the others.

    Raises NotHere (the end of what never began), PractitionerOnly (called no more) or AppointmentOver.
    """
    match command:
        case m.Admit(seat=seat) if seat == claims.seat:
            await _come_in(db, claims)
        case m.Admit(seat=seat):
            await _seat(db, claims, seat, "admitted")
        case m.Ask(to=seat, what="return") if claims.seat == "practitioner":
            await _seat(db, claims, seat, "called")
        case m.Hold(seat=seat) | m.Deny(seat=seat):
            await _seat(db, claims, seat, "held")
        case m.Kick(seat=seat):
            await _seat(db, claims, seat, "barred")
        case m.End():
            await _end(db, claims)
        case m.Sas(match=match):
            await _verified(db, claims, match)


async def _seat(db: Database, claims: Claims, seat: m.Seat, state: str) -> None:
    async with db.transaction(within(claims)) as tx:
        done: UUID | None = await tx.value(
            "consultation.settle", appointment=claims.appointment, epoch=claims.epoch, person=claims.person, seat=seat,
            state=state, role=_role(claims), now=clock.now(),
        )  # fmt: skip
        if done is None:
            raise why_not(claims, await find(tx, claims.appointment))


async def _come_in(db: Database, claims: Claims) -> None:
    """The database decides between this and a `hold`, `deny` or `kick` that crosses it, the room's log follows."""
    async with db.transaction(within(claims)) as tx:
        done: UUID | None = await tx.value(
            "consultation.come_in", appointment=claims.appointment, epoch=claims.epoch, person=claims.person,
            seat=claims.seat, role=_role(claims), now=clock.now(),
        )  # fmt: skip
        if done is None:
            room = await find(tx, claims.appointment)
            stands = room is not None and room.epoch == claims.epoch and claims.seat not in room.barred
            raise PractitionerOnly if stands else why_not(claims, room)


def _role(claims: Claims) -> str:
    if claims.seat == "patient" and claims.person is None:
        return "station" if claims.pairing else "guest"
    return "practitioner" if claims.seat == "practitioner" else "assistant"


async def _end(db: Database, claims: Claims) -> None:
    async with db.transaction(within(claims)) as tx:
        done: UUID | None = await tx.value(
            "consultation.end", appointment=claims.appointment, epoch=claims.epoch, person=claims.person,
            now=clock.now(),
        )  # fmt: skip
        if done is None:
            room = await find(tx, claims.appointment)
            raise NotHere if room and (room.status, room.epoch) == ("booked", claims.epoch) else why_not(claims, room)


async def _verified(db: Database, claims: Claims, match: bool) -> None:
    async with db.transaction(within(claims)) as tx:
        done: UUID | None = await tx.value(
            "consultation.verified", appointment=claims.appointment, epoch=claims.epoch, seat=claims.seat, match=match,
            now=clock.now(),
        )  # fmt: skip
        if done is None:
            raise why_not(claims, await find(tx, claims.appointment))
