"""Booking: from a hold or at once, for good and only once."""

from __future__ import annotations

from uuid import UUID

import msgspec

from telemed import clock, names
from telemed.db import Database, Tx
from telemed.errors import Invalid
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.once import NEVER, Once
from telemed.scheduling import wishes
from telemed.scheduling.codes import Codes
from telemed.scheduling.holds import holder
from telemed.scheduling.refusals import HoldDiffers, HoldGone, SlotTaken
from telemed.scheduling.services import nearness
from telemed.scheduling.types import Appointment, Booking, BookingWish, Patient
from telemed.text import Text
from telemed.wording import HERE


async def book(
    db: Database, codes: Codes, caller: Caller, wish: BookingWish, once: Once = NEVER, *,
    follow_up_of: UUID | None = None,
) -> Booking:  # fmt: skip
    """Books. A hold that was freed meanwhile is no obstacle as long as nobody took the time.

    `follow_up_of` is an appointment that the caller has been found to be allowed to see (`follow_ups.py`).

    Raises SlotTaken, NotASlot, KeptForNear, NotAdmitted, InThePast, Invalid, HoldGone, HoldDiffers, NotFound,
    KeyReused.
    """
    wishes.check(caller, wish)
    patient = readable(wish.patient)
    key = codes.patient_key(patient.name, patient.birth_date)
    written: dict[str, object] = {
        "patient_name": patient.name, "birth_date": patient.birth_date, "patient_key": key, "email": patient.email,
        "phone": patient.phone, "language": wish.language, "carer_name": readable_carer(wish.carer),
        "key": once.key, "digest": once.digest, "now": clock.now(),
    }  # fmt: skip
    near = False
    if wish.hold is not None:
        own = holder(codes, caller, wish.hold, wish.hold_secret or "")
        found = await _book_hold(db, codes, own, wish.hold, wish, once, key, written)
        if found.patient_name is not None:
            return with_code(codes, found)
        near = found.near and (found.service, found.start) == (wish.service, wish.start)
    near = near or await nearness.is_near(db, caller, wish)
    appointment = new_id()
    caller = caller.about(appointment)
    code_digest = codes.digest(codes.code(appointment))

    async def take(tx: Tx) -> Appointment | None:
        return await tx.maybe(
            Appointment, "scheduling.book", id=appointment, service=wish.service, start=wish.start, mode=wish.mode,
            near=near, station=wish.station, assistant=wishes.assistant(caller, wish), code_digest=code_digest,
            follow_up_of=follow_up_of, **written,
        )  # fmt: skip

    return with_code(codes, await wishes.win(db, caller, "appointment.book", wish, near, once, key, take))


async def find_by_code(tx: Tx, digest: bytes) -> UUID | None:
    """The appointment behind a code's digest (Codes.digest), whatever its status."""
    found: UUID | None = await tx.value("scheduling.appointment_by_code", digest=digest)
    return found


def readable(patient: Patient) -> Patient:
    """The patient as written down. Raises NameUnreadable or Invalid, naming every field that is wrong."""
    wrong: dict[str, Text] = {}
    found: dict[str, object] = {}
    today = clock.now().astimezone(HERE).date()
    for field, read in (
        ("name", lambda: names.person_name(patient.name)),
        ("birth_date", lambda: names.birth_date(patient.birth_date, today)),
        ("email", lambda: names.email(patient.email)),
        ("phone", lambda: names.phone(patient.phone)),
    ):
        try:
            found[field] = read()
        except ValueError:
            wrong[f"patient.{field}"] = names.SENTENCES[field]
    if "patient.name" in wrong:
        raise names.NameUnreadable(fields=wrong)
    if wrong:
        raise Invalid(fields=wrong)
    return msgspec.convert(found, Patient)


def readable_carer(typed: str | None) -> str | None:
    """The name of whoever books for the patient. Raises NameUnreadable."""
    if typed is None or not typed.strip():
        return None
    try:
        return names.person_name(typed)
    except ValueError:
        raise names.NameUnreadable(fields={"carer": names.SENTENCES["name"]}) from None


async def _book_hold(
    db: Database, codes: Codes, caller: Caller, hold: UUID, wish: BookingWish, once: Once, patient_key: bytes,
    written: dict[str, object],
) -> Appointment:  # fmt: skip
    """The appointment; or the hold itself, without a patient: it is over, but the time may still be free."""
    async with db.transaction(caller) as tx:
        won = await tx.value(
            "scheduling.claim_hold", hold=hold, service=wish.service, start=wish.start, mode=wish.mode,
            station=wish.station, patient_key=patient_key, key=once.key, digest=once.digest, now=clock.now(),
        )  # fmt: skip
        if won:
            digest = codes.digest(codes.code(hold))
            booked = await tx.maybe(Appointment, "scheduling.book_hold", hold=hold, code_digest=digest, **written)
            if booked is not None:
                return booked
        earlier = await once.made(tx)
        if earlier is None or earlier == hold:
            return await _why_not(tx, caller, hold, wish, patient_key)
    return await wishes.read(db, caller.about(earlier), earlier)


async def _why_not(tx: Tx, caller: Caller, hold: UUID, wish: BookingWish, patient_key: bytes) -> Appointment:
    """The booking that the first of two clicks made, the hold if it was freed, or the reason as a refusal."""
    it = await tx.one(Appointment, "scheduling.appointment", id=hold)
    if it.status == "held":
        if (it.service, it.start, it.mode, it.station) != (wish.service, wish.start, wish.mode, wish.station):
            raise HoldDiffers
        lost = await wishes.why(tx, caller, wish, it.near, NEVER, patient_key, own=hold)
        lost.check_admission()
        raise SlotTaken(taken=["patient"], alternatives=lost.alternatives)
    if it.patient_name is None:
        return it
    if await tx.value("scheduling.is_patient", id=hold, patient_key=patient_key):
        return it
    raise HoldGone


def with_code(codes: Codes, it: Appointment) -> Booking:
    return Booking(**msgspec.structs.asdict(it), code=codes.code(it.id))
