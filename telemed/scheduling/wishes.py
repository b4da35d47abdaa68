"""From a wish to a reservation: what may be wished for, and winning it against everybody else who wants it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.errors import Forbidden, Invalid, NotFound, NotLoggedIn
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.once import Once
from telemed.scheduling import slots
from telemed.scheduling.refusals import ADMISSIONS, InThePast, KeptForNear, NotASlot, SlotTaken
from telemed.scheduling.types import Appointment, Resource, Service, Wish
from telemed.text import _

ATTEMPTS: Final = 3  # each but the last ends because somebody let go of the time meanwhile


class Lost(msgspec.Struct, frozen=True):
    """Why a wish was not granted. `made`: by the same request before, which had this `digest`. `refused`: the code of
    NotAdmitted. At `site`, a practice, resources are `taken`, or only by `stale` holds that have expired; no site: the
    wish does not start at a slot, or nobody stands in its way any more.
    """

    made: UUID | None
    digest: bytes | None
    refused: str | None
    site: UUID | None
    taken: list[Resource]
    stale: list[Resource]
    alternatives: list[datetime]  # free now for everybody whom the wish needs

    def check_admission(self) -> None:
        """Raises NotAdmitted."""
        if self.refused is not None:
            raise ADMISSIONS[self.refused]


def check(caller: Caller, wish: Wish) -> None:
    """What can be said without the database. Raises InThePast, NotASlot, Invalid, Forbidden, NotLoggedIn."""
    check_start(wish.start)
    if wish.assisting and caller.role not in ("assistant", "system"):
        raise NotLoggedIn if caller.role == "anonymous" else Forbidden
    if wish.mode == "assisted":
        if wish.station is None:
            raise Invalid(fields={"station": _("An assisted consultation needs a station.")})
    elif wish.station is not None or wish.assisting:
        raise Invalid(fields={"station": _("Only an assisted consultation takes place at a station.")})


def check_start(start: datetime) -> None:
    """Raises InThePast, or NotASlot beyond every horizon."""
    if start <= clock.now():
        raise InThePast
    if start > clock.now() + slots.FAR:
        raise NotASlot


async def win(
    db: Database, caller: Caller, verb: str, wish: Wish, near: bool, once: Once, patient_key: bytes | None,
    take: Callable[[Tx], Awaitable[Appointment | None]],
) -> Appointment:  # fmt: skip
    """What `take` reserves, or what the same request has reserved before.

    Raises SlotTaken (with what was taken and what is free instead), NotASlot, KeptForNear, NotAdmitted, NotFound,
    KeyReused.
    """
    for _attempt in range(ATTEMPTS):
        async with db.transaction(caller, replan=False) as tx:
            if wish.station is not None:
                await _check_station(tx, caller, wish.station)
            won = await take(tx)
            if won is not None:
                return won
            lost = await why(tx, caller, wish, near, once, patient_key)
            if lost.made is None:
                if lost.site is None:
                    await _check_offer(tx, caller, verb, wish, near)
                lost.check_admission()
                if lost.site is not None:
                    may(caller, verb, Thing(site=lost.site))
                if lost.taken:
                    raise SlotTaken(taken=lost.taken, alternatives=lost.alternatives)
        if lost.made is not None:
            return await read(db, caller.about(lost.made), lost.made)
        async with db.transaction(caller) as tx:
            await tx.value("scheduling.free_for_wish", **_place(wish), near=near)
    raise SlotTaken(taken=lost.stale, alternatives=lost.alternatives)


async def why(
    tx: Tx, caller: Caller, wish: Wish, near: bool, once: Once, patient_key: bytes | None, own: UUID | None = None
) -> Lost:
    """Why nothing was reserved. `own`: a hold that does not stand in the wish's way. Raises KeyReused."""
    lost = await tx.one(
        Lost, "scheduling.lost", **_place(wish), near=near, assistant=assistant(caller, wish), patient_key=patient_key,
        key=once.key, limit=slots.ALTERNATIVES, **{"except": own},
    )  # fmt: skip
    once.check(lost.digest)
    return lost


async def read(db: Database, caller: Caller, appointment: UUID) -> Appointment:
    async with db.transaction(caller) as tx:
        return await tx.one(Appointment, "scheduling.appointment", id=appointment)


def assistant(caller: Caller, wish: Wish) -> UUID | None:
    """Who sits beside the patient, as far as the wish says it."""
    return caller.person if wish.assisting else None


async def check_admission(tx: Tx, wish: Wish, patient_key: bytes | None) -> None:
    """Raises NotAdmitted where the service is for others, or the practice's first assessment is missing (B-09)."""
    if patient_key is not None:
        asked = {"service": wish.service, "mode": wish.mode, "patient_key": patient_key, "now": clock.now()}
        reason = await tx.value("scheduling.admission", **asked)
        if reason is not None:
            raise ADMISSIONS[reason]


async def _check_offer(tx: Tx, caller: Caller, verb: str, wish: Wish, near: bool) -> None:
    """Why nothing was reserved although nobody may have been first."""
    offered = await tx.one(Service, "scheduling.service", service=wish.service)
    may(caller, verb, Thing(site=offered.site, appointment=caller.appointment))
    await check_slot(tx, wish, near)


async def check_slot(tx: Tx, it: Wish | Appointment, near: bool, start: datetime | None = None) -> None:
    """Passes, taken or not, or raises KeptForNear or NotASlot. `start`: where it is to be moved."""
    asked = _place(it) | {"start": start or it.start}
    if await tx.value("scheduling.is_slot", **asked, near=near):
        return
    if not near and await tx.value("scheduling.is_slot", **asked, near=True):
        raise KeptForNear(opens=await tx.value("scheduling.opens_to_all", service=it.service, start=asked["start"]))
    raise NotASlot


async def _check_station(tx: Tx, caller: Caller, station: UUID) -> None:
    site = await tx.value("scheduling.station", station=station)
    if site is None or (caller.role == "assistant" and site != caller.site):
        raise NotFound


def _place(it: Wish | Appointment) -> dict[str, object]:
    return {"service": it.service, "start": it.start, "mode": it.mode, "station": it.station, "now": clock.now()}
