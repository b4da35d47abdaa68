"""What tests of booking say again and again."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.scheduling import bookings, holds
from telemed.scheduling.codes import Codes
from telemed.scheduling.types import Booking, BookingWish, Hold, Patient, Wish
from tests import people

CODES = Codes("test secret, long enough to be taken")
ALICE = Patient("Alice Ährenfeld", date(1948, 5, 17))


def patient(name: str) -> Patient:
    return Patient(f"{name} Probe", date(1970, 1, 1))


def wish(start: datetime, who: Patient = ALICE, service: UUID = people.TALK, **more: object) -> BookingWish:
    return BookingWish(service=service, start=start, patient=who, **more)  # type: ignore[arg-type]


async def book(
    db: Database, start: datetime, who: Patient = ALICE, caller: Caller = ANONYMOUS, **more: object
) -> Booking:
    return await bookings.book(db, CODES, caller, wish(start, who, **more))  # type: ignore[arg-type]


async def hold(db: Database, start: datetime, service: UUID = people.TALK, caller: Caller = ANONYMOUS) -> Hold:
    return await holds.hold(db, CODES, caller, Wish(service=service, start=start))


async def book_held(db: Database, held: Hold, who: Patient = ALICE, **more: object) -> Booking:
    asked = wish(held.start, who, held.service, hold=held.id, hold_secret=held.secret, mode=held.mode, **more)
    return await bookings.book(db, CODES, ANONYMOUS, asked)


def guest(appointment: UUID) -> Caller:
    return Caller("guest", appointment=appointment)
