"""Deliberately outside the hours or beside another appointment: staff only, with a reason, in the trail.

The doctor's own time may then be promised twice, because a person decided so. A patient, a station and an assistant are
still never in two places.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from telemed import clock
from telemed.db import Database, Tx
from telemed.errors import Invalid
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.once import NEVER, Once
from telemed.scheduling import changes, wishes
from telemed.scheduling.bookings import readable, with_code
from telemed.scheduling.codes import Codes
from telemed.scheduling.refusals import ChangedMeanwhile, NotASlot, SlotTaken
from telemed.scheduling.types import Appointment, Booking, BookingWish, Service
from telemed.text import _

SHORTEST, LONGEST = 3, 200  # characters of a reason
_FIRST_ALONE: Final = (False, True)  # reserve the time; only where somebody has it already, go beside them


class ReasonMissing(Invalid):
    """No reason, or one that says nothing or too much."""

    code = "reason_missing"
    sentence = _("Please say why, in 3 to 200 characters.")

    def __init__(self) -> None:
        super().__init__(fields={"reason": self.sentence})


async def book(
    db: Database, codes: Codes, caller: Caller, wish: BookingWish, reason: str, once: Once = NEVER
) -> Booking:
    """Books at any time to come. Raises ReasonMissing, InThePast, NotASlot (too far ahead, not in this mode),
    NotAdmitted, SlotTaken (the patient is elsewhere), Invalid, NotFound, Forbidden, KeyReused.
    """
    reason = readable_reason(reason)
    wishes.check_start(wish.start)
    patient = readable(wish.patient)
    key = codes.patient_key(patient.name, patient.birth_date)
    appointment = new_id()
    wanted: dict[str, object] = {
        "id": appointment, "service": wish.service, "start": wish.start, "mode": wish.mode, "patient_key": key,
        "patient_name": patient.name, "birth_date": patient.birth_date, "email": patient.email, "phone": patient.phone,
        "language": wish.language, "reason": reason, "code_digest": codes.digest(codes.code(appointment)),
        "key": once.key, "digest": once.digest, "now": clock.now(),
    }  # fmt: skip
    async with db.transaction(caller) as tx:
        offered = await tx.one(Service, "scheduling.service", service=wish.service)
        may(caller, "appointment.override", Thing(site=offered.site))
    async with db.transaction(caller) as tx:
        await tx.value("overrides.free", service=wish.service, start=wish.start, now=clock.now())
    for beside in _FIRST_ALONE:
        async with db.transaction(caller.about(appointment)) as tx:
            made = await tx.maybe(Appointment, "overrides.book", beside=beside, **wanted)
        if made is not None:
            return with_code(codes, made)
    async with db.transaction(caller) as tx:
        earlier = await once.made(tx)
        if earlier is None:
            await wishes.check_admission(tx, wish, key)
            raise SlotTaken(taken=["patient"], alternatives=[]) if wish.mode in offered.modes else NotASlot
    return with_code(codes, await wishes.read(db, caller, earlier))


async def move(
    db: Database, caller: Caller, appointment: UUID, start: datetime, reason: str, epoch: int | None = None
) -> Appointment:
    """Moves to any time to come; the old time is kept until the new one is won.

    Raises ReasonMissing, InThePast, NotASlot, SlotTaken, NotActive, ChangedMeanwhile, NotFound, Forbidden.
    """
    reason = readable_reason(reason)
    wishes.check_start(start)
    async with db.transaction(caller) as tx:
        it = await _open(tx, caller, appointment, epoch)
        await tx.value("scheduling.free_for_move", id=appointment, start=start, now=clock.now())
    if it.start == start:
        return it
    target = {"id": appointment, "start": start, "epoch": it.epoch}
    for beside in _FIRST_ALONE:
        async with db.transaction(caller) as tx:
            if await tx.value("overrides.claim_move", **target, beside=beside):
                moved = await tx.maybe(
                    Appointment, "overrides.move", **target, beside=beside, reason=reason, now=clock.now()
                )
                if moved is None:
                    raise ChangedMeanwhile
                return moved
    async with db.transaction(caller) as tx:
        await _open(tx, caller, appointment, it.epoch)
    raise SlotTaken(taken=["patient"] if it.station is None else ["patient", "station"], alternatives=[])


async def _open(tx: Tx, caller: Caller, appointment: UUID, epoch: int | None) -> Appointment:
    it = await changes.opened(tx, caller, "appointment.override", appointment)
    changes.check_epoch(it, epoch)
    changes.check_active(it)
    return it


def readable_reason(reason: str) -> str:
    """The reason as it is kept. Raises ReasonMissing."""
    reason = " ".join(reason.split())
    if not SHORTEST <= len(reason) <= LONGEST or not any(char.isalpha() for char in reason) or not reason.isprintable():
        raise ReasonMissing
    return reason
