"""The next appointment from this one, in person or by video, with the same doctor (Anlage 31c BMV-Ä, B-10)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from telemed.db import Database, Tx
from telemed.errors import NotFound
from telemed.identity.callers import Caller
from telemed.once import NEVER, Once
from telemed.scheduling import bookings
from telemed.scheduling.changes import opened
from telemed.scheduling.codes import Codes
from telemed.scheduling.refusals import NotActive
from telemed.scheduling.types import Appointment, Booking, BookingWish, Mode, Patient, Service


async def begun(tx: Tx, caller: Caller, appointment: UUID) -> Appointment:
    """The appointment that is to be followed. Raises NotFound, Forbidden, and NotActive before its patient is known."""
    it = await opened(tx, caller, "appointment.follow_up", appointment)
    if it.patient_name is None or it.birth_date is None or it.status == "cancelled":
        raise NotActive(reason=it.status)
    return it


async def book(
    db: Database, codes: Codes, caller: Caller, earlier: UUID, service: UUID, start: datetime, mode: Mode,
    once: Once = NEVER,
) -> Booking:  # fmt: skip
    """Books for the same patient with the same doctor, in one statement and linked to the earlier appointment.

    Raises what `bookings.book` does, NotActive, and NotFound for a service of another doctor.
    """
    async with db.transaction(caller) as tx:
        it = await begun(tx, caller, earlier)
        offered = await tx.one(Service, "scheduling.service", service=service)
    if offered.practitioner != it.practitioner or it.patient_name is None or it.birth_date is None:
        raise NotFound
    patient = Patient(it.patient_name, it.birth_date, it.email, it.phone)
    wish = BookingWish(service=service, start=start, mode=mode, patient=patient, language=it.language)
    return await bookings.book(db, codes, caller, wish, once, follow_up_of=it.id)
