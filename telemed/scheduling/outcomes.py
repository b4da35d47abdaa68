"""What became of an appointment: the patient did not come, or was seen at the practice; and taking that back."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from telemed import clock
from telemed.db import Database
from telemed.errors import Conflict
from telemed.identity.callers import Caller
from telemed.scheduling.changes import check_active, check_epoch, opened
from telemed.scheduling.refusals import NotActive, SlotTaken
from telemed.scheduling.types import Appointment
from telemed.text import _

Outcome = Literal["noshow", "fulfilled"]


class OutcomeRefused(Conflict):
    """Too early, the patient is here, or it was a video consultation, which notes its own end."""

    code = "outcome_refused"
    sentence = _("This cannot be noted now: it has not begun yet, or the patient is here at this moment.")


class UndoOver(Conflict):
    """Only on the day of the appointment."""

    code = "undo_over"
    sentence = _("This can only be taken back on the day of the appointment.")


async def note(
    db: Database, caller: Caller, appointment: UUID, outcome: Outcome, epoch: int | None = None
) -> Appointment:
    """Noted already: as it is. Raises OutcomeRefused, NotActive, ChangedMeanwhile, NotFound, Forbidden."""
    async with db.transaction(caller) as tx:
        it = await opened(tx, caller, "appointment.outcome", appointment)
        if it.status == outcome:
            return it
        check_epoch(it, epoch)
        check_active(it)
        noted = await tx.maybe(Appointment, f"outcomes.{outcome}", id=it.id, epoch=it.epoch, now=clock.now())
        if noted is None:
            raise OutcomeRefused
        return noted


async def undo(db: Database, caller: Caller, appointment: UUID, epoch: int | None = None) -> Appointment:
    """As before the note; undone already: as it is.

    Raises UndoOver, SlotTaken (the time was given away since), NotActive, ChangedMeanwhile, NotFound, Forbidden.
    """
    async with db.transaction(caller) as tx:
        await opened(tx, caller, "appointment.outcome", appointment)
        await tx.value("outcomes.free", id=appointment, now=clock.now())
    async with db.transaction(caller) as tx:
        it = await opened(tx, caller, "appointment.outcome", appointment)
        if it.status in ("booked", "arrived"):
            return it
        check_epoch(it, epoch)
        if it.status not in ("noshow", "fulfilled"):
            raise NotActive(reason=it.status)
        asked = {"id": it.id, "epoch": it.epoch}
        if it.status == "noshow" and not await tx.value("outcomes.claim_again", **asked):
            raise SlotTaken(taken=["practitioner"], alternatives=[])
        undone = await tx.maybe(Appointment, "outcomes.undo", **asked, now=clock.now())
        if undone is None:
            raise UndoOver
        return undone
