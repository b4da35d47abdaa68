"""Moving and cancelling what is booked, and the consent to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.scheduling import consent, slots
from telemed.scheduling.refusals import ChangedMeanwhile, ConsentOutdated, NotActive, SlotTaken, TooLate
from telemed.scheduling.services import nearness
from telemed.scheduling.types import Appointment, Blocker
from telemed.scheduling.wishes import ATTEMPTS, check_slot, check_start


class _Claimed(msgspec.Struct, frozen=True):
    """Whether the new time was won, and with a daily cap which of the day's places."""

    won: bool
    cap_day: date | None
    cap_place: int | None


async def move(
    db: Database, caller: Caller, appointment: UUID, start: datetime, epoch: int | None = None
) -> Appointment:
    """Moves to `start`; the old time is kept until the new one is won. Moved there already: as it is.

    Raises SlotTaken, NotASlot, KeptForNear, InThePast, TooLate, NotActive, ChangedMeanwhile, NotFound.
    """
    check_start(start)
    caller = await _holding(db, caller, appointment)
    blockers: list[Blocker] = []
    for _attempt in range(ATTEMPTS):
        async with db.transaction(caller, replan=False) as tx:
            it = await opened(tx, caller, "appointment.move", appointment)
            if it.start == start and it.status in ("booked", "arrived"):
                return it
            _check_changeable(caller, it, epoch)
            target = {"id": appointment, "start": start, "now": clock.now()}
            near = nearness.decides(caller)
            claimed = await tx.maybe(_Claimed, "scheduling.claim_move", **target, epoch=it.epoch, near=near)
            if claimed is not None and claimed.won:
                moved = await tx.maybe(
                    Appointment, "scheduling.move", **target, epoch=it.epoch, cap_day=claimed.cap_day,
                    cap_place=claimed.cap_place,
                )  # fmt: skip
                if moved is None:
                    raise ChangedMeanwhile
                return moved
            await check_slot(tx, it, near or it.near, start)
            blockers = await tx.many(Blocker, "scheduling.blockers_of_move", **target)
            if not all(blocker.stale for blocker in blockers):
                taken = sorted({blocker.resource for blocker in blockers if not blocker.stale})
                raise SlotTaken(taken=taken, alternatives=await slots.alternatives_to(tx, it, start, near=near))
        async with db.transaction(caller) as tx:
            await tx.value("scheduling.free_for_move", **target)
    raise ChangedMeanwhile


async def cancel(
    db: Database, caller: Caller, appointment: UUID, epoch: int | None = None, message: str | None = None
) -> Appointment:
    """Frees the time at once; cancelled already: as it is. `message`: what the practice writes to the patient with it.

    Raises TooLate, NotActive, ChangedMeanwhile, NotFound.
    """
    for _attempt in range(ATTEMPTS):
        async with db.transaction(caller) as tx:
            it = await opened(tx, caller, "appointment.cancel", appointment)
            if it.status == "cancelled":
                return it
            _check_changeable(caller, it, epoch)
            cancelled = await tx.maybe(
                Appointment, "scheduling.cancel", id=appointment, epoch=it.epoch, by=_by(caller), now=clock.now(),
                message=message,
            )  # fmt: skip
            if cancelled is not None:
                return cancelled
    raise ChangedMeanwhile


async def _holding(db: Database, caller: Caller, appointment: UUID) -> Caller:
    """A station moves to days that it does not see: for this it holds what it has been found to be allowed to move."""
    if caller.role != "assistant":
        return caller
    async with db.transaction(caller) as tx:
        await opened(tx, caller, "appointment.move", appointment)
    return caller.about(appointment)


async def read(db: Database, caller: Caller, appointment: UUID) -> Appointment:
    """The appointment, for those who may see it. Raises NotFound."""
    async with db.transaction(caller) as tx:
        return await opened(tx, caller, "appointment.read", appointment)


async def give_consent(db: Database, caller: Caller, appointment: UUID, version: str) -> Appointment:
    """Notes that the patient agreed to the current text (V-14). Raises ConsentOutdated, NotActive, NotFound."""
    if version != consent.VERSION:
        raise ConsentOutdated(current=consent.VERSION)
    async with db.transaction(caller) as tx:
        it = await opened(tx, caller, "consent.give", appointment)
        given = await tx.maybe(Appointment, "scheduling.give_consent", id=appointment, version=version, now=clock.now())
        if given is None:
            raise NotActive(reason=it.status)
        return given


async def withdraw_consent(db: Database, caller: Caller, appointment: UUID) -> Appointment:
    """Takes the consent back; every ticket to the room is void from now on (V-14). Raises NotFound."""
    async with db.transaction(caller) as tx:
        it = await opened(tx, caller, "consent.withdraw", appointment)
        return await tx.maybe(Appointment, "scheduling.withdraw_consent", id=appointment, now=clock.now()) or it


async def opened(tx: Tx, caller: Caller, verb: str, appointment: UUID) -> Appointment:
    """The appointment for somebody who may do that with it. Raises NotFound, Forbidden, NotLoggedIn."""
    it = await tx.one(Appointment, "scheduling.appointment", id=appointment)
    may(caller, verb, thing(it))
    return it


def thing(it: Appointment) -> Thing:
    """What the permission table needs to know of an appointment."""
    return Thing(site=it.site, station_site=it.station_site, appointment=it.id)


def check_epoch(it: Appointment, epoch: int | None) -> None:
    """Raises ChangedMeanwhile if the caller has seen another version."""
    if epoch is not None and it.epoch != epoch:
        raise ChangedMeanwhile


def check_active(it: Appointment) -> None:
    """Raises NotActive unless it is still to take place."""
    if it.status not in ("booked", "arrived"):
        raise NotActive(reason=it.status)


def _check_changeable(caller: Caller, it: Appointment, epoch: int | None) -> None:
    check_epoch(it, epoch)
    check_active(it)
    if (_by(caller) != "practice" and it.start <= clock.now()) or (
        _by(caller) == "patient" and it.changeable_until <= clock.now()
    ):
        raise TooLate


def _by(caller: Caller) -> Literal["patient", "practice", "site"]:
    if caller.role == "guest":
        return "patient"
    return "site" if caller.role == "assistant" else "practice"
