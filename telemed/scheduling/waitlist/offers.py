"""What becomes free is offered to one place on the waiting list after the other, each time held for that one alone.

The worker gives out (`fill`), whenever something has become free, an offer is over, or a few minutes have passed: it
looks at what is free now, not at what happened, so no cause can be forgotten. All of it is one transaction: what an
unanswered offer held goes to the next without being free for a moment, and a worker that dies leaves nothing half.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.errors import NotFound
from telemed.identity.callers import SYSTEM, Caller
from telemed.ids import new_id
from telemed.scheduling.codes import Codes
from telemed.scheduling.refusals import OfferGone, SlotTaken
from telemed.scheduling.slots import ALTERNATIVES
from telemed.scheduling.types import Appointment, Mode
from telemed.scheduling.waitlist import waitlist
from telemed.scheduling.waitlist.patience import Channel, answer_by
from telemed.scheduling.waitlist.types import Answered, Entry
from telemed.scheduling.waitlist.waitlist import Ways

AT_ONCE: Final = 25  # offers in one transaction; whoever else wants one of these times waits for its end
ROUNDS: Final = 20


class _Fit(msgspec.Struct, frozen=True):
    """The next on the list, and the first time that suits them."""

    entry: UUID
    service: UUID
    mode: Mode
    station: UUID | None
    near: bool
    channel: Channel
    zone: str
    start: datetime


class _Place(msgspec.Struct, frozen=True):
    cap_day: date | None
    cap_place: int | None


class _Start(msgspec.Struct, frozen=True):
    start: datetime


class _Id(msgspec.Struct, frozen=True):
    id: UUID


class _Over(Exception):
    """The offer was lost while it was being accepted; nothing of that is kept. `busy`: the patient is elsewhere."""

    def __init__(self, *, busy: bool) -> None:
        super().__init__()
        self.busy = busy


async def fill_all(db: Database, reach: Ways) -> None:
    """The round that finds what no event tells of: notice periods, early releases, a patient who is free again."""
    async with db.transaction(SYSTEM) as tx:
        watched = await tx.many(_Id, "waitlist.watched")
    for practitioner in watched:
        await fill(db, practitioner.id, reach)


async def fill(db: Database, practitioner: UUID, reach: Ways) -> int:
    """Ends the offers of a doctor's time that are over, and offers what is free; how many offers were made."""
    made = 0
    for _round in range(ROUNDS):
        async with db.transaction(SYSTEM) as tx:
            await tx.value("waitlist.free_stale", practitioner=practitioner, now=clock.now())
        async with db.transaction(SYSTEM) as tx:
            await tx.value("waitlist.alone", practitioner=practitioner)
            for ending in ("finish", "settle", "release"):
                await tx.run(f"waitlist.{ending}", practitioner=practitioner, now=clock.now())
            offered, done = await _offer_all(tx, practitioner, reach)
        made += offered
        if done:
            break
    return made


async def _offer_all(tx: Tx, practitioner: UUID, reach: Ways) -> tuple[int, bool]:
    """How many offers were made, and whether there is nothing left to try."""
    offered, lost = 0, list[datetime]()
    while offered < AT_ONCE:
        now = clock.now()
        fit = await tx.maybe(
            _Fit, "waitlist.next", practitioner=practitioner, by_email=reach.email, by_sms=reach.sms, now=now, lost=lost
        )
        if fit is None:
            return offered, not lost
        held = await tx.value(
            "waitlist.offer", entry=fit.entry, hold=new_id(), id=new_id(), start=fit.start, channel=fit.channel,
            expires=answer_by(now, fit.start, fit.channel, ZoneInfo(fit.zone)), now=now,
        )  # fmt: skip
        if held:
            offered += 1
        else:  # somebody was first, or is changing the entry, or a hold has just expired: the next round sees which
            lost.append(fit.start)
    return offered, False


async def accept(db: Database, codes: Codes, caller: Caller, entry: UUID, offer: UUID) -> Answered:
    """Books what is offered, or moves the appointment there that was to be brought forward. Twice is once.

    Raises OfferGone (with what is free now and would suit), SlotTaken (the patient is elsewhere then), NotFound.
    """
    try:
        async with db.transaction(caller) as tx:
            it = await waitlist.opened(tx, caller, entry)
            status = await tx.value("waitlist.offer_status", entry=entry, offer=offer)
            if status is None:
                raise NotFound
            if status == "accepted":  # perhaps this very moment: `it` may be older
                return _answered(codes, await waitlist.opened(tx, caller, entry))
            await _win(tx, codes, it, offer)
            return _answered(codes, await waitlist.opened(tx, caller, entry))
    except _Over as over:
        busy = over.busy
    async with db.transaction(caller) as tx:
        if await tx.value("waitlist.offer_status", entry=entry, offer=offer) == "accepted":  # the other of two clicks
            return _answered(codes, await waitlist.opened(tx, caller, entry))
        await tx.value("waitlist.look_again", entry=entry)
        instead = await tx.many(_Start, "waitlist.instead", entry=entry, now=clock.now(), limit=ALTERNATIVES)
    alternatives = [row.start for row in instead]
    raise SlotTaken(taken=["patient"], alternatives=alternatives) if busy else OfferGone(alternatives=alternatives)


async def decline(db: Database, caller: Caller, entry: UUID, offer: UUID) -> Answered:
    """Says no to an offer; the place stays. What is over already stays as it is. Raises NotFound."""
    async with db.transaction(caller) as tx:
        await waitlist.opened(tx, caller, entry)
        if await tx.value("waitlist.offer_status", entry=entry, offer=offer) is None:
            raise NotFound
        await tx.run("waitlist.decline", entry=entry, offer=offer, now=clock.now())
        return Answered(entry=await waitlist.opened(tx, caller, entry))


async def _win(tx: Tx, codes: Codes, it: Entry, offer: UUID) -> None:
    """Raises _Over; the first write is the claim (rule 3 of migration 0004)."""
    now = clock.now()
    hold = it.hold
    won = await tx.value("waitlist.claim", entry=it.id, offer=offer, now=now)
    if not won or hold is None:
        raise _Over(busy=won is False)
    key = await tx.value("waitlist.accept", entry=it.id, offer=offer, hold=hold, now=now)
    if key is None:
        raise _Over(busy=False)
    booked = await (_book(tx, codes, it, hold, key) if it.appointment is None else _bring_forward(tx, it, hold))
    if booked is None:
        raise _Over(busy=False)


async def _book(tx: Tx, codes: Codes, it: Entry, hold: UUID, patient_key: bytes) -> Appointment | None:
    return await tx.maybe(
        Appointment, "scheduling.book_hold", hold=hold, code_digest=codes.digest(codes.code(hold)),
        patient_name=it.patient_name, birth_date=it.birth_date, patient_key=patient_key, email=it.email,
        phone=it.phone, language=it.language, carer_name=it.carer_name, key=None, digest=None, now=clock.now(),
    )  # fmt: skip


async def _bring_forward(tx: Tx, it: Entry, hold: UUID) -> Appointment | None:
    """The hold gives way to the appointment; its old time is free only with this transaction."""
    moving = await tx.maybe(Appointment, "scheduling.appointment", id=it.appointment)
    place = await tx.maybe(_Place, "waitlist.give_way", hold=hold, now=clock.now())
    if moving is None or place is None:
        return None
    return await tx.maybe(
        Appointment, "scheduling.move", id=moving.id, epoch=moving.epoch, start=it.offer_start,
        cap_day=place.cap_day, cap_place=place.cap_place, now=clock.now(),
    )  # fmt: skip


def _answered(codes: Codes, it: Entry) -> Answered:
    return Answered(entry=it, appointment=it.appointment, code=codes.code(it.appointment) if it.appointment else None)
