"""Doctors who are there for walk-ins: the next one is theirs to accept, to hand on or to decline."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.errors import Conflict, Forbidden, Invalid, NotFound
from telemed.identity.access import may
from telemed.identity.callers import Caller
from telemed.stations.walkins import Reason
from telemed.text import _

VERB: Final = "on_call.take"
LONGEST: Final = timedelta(hours=12)


class Doctor(msgspec.Struct, frozen=True):
    """The caller as a doctor; `since`, `until`: on call, if they are. `service`: what a walk-in is booked as."""

    id: UUID
    specialty: str
    service: UUID
    since: datetime | None
    until: datetime | None


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """Who is next. `trained`: how many at that site have learnt how to assist."""

    id: UUID
    patient_name: str
    birth_date: date
    assisting: bool
    urgent: bool
    came: datetime
    changed: datetime
    site_name: str
    site_town: str
    site_phone: str
    station: UUID
    station_name: str
    trained: int


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody the doctor has accepted and can still talk to; `id` is the appointment's."""

    id: UUID
    patient_name: str
    birth_date: date
    start: datetime
    site_name: str
    site_town: str


class Desk(msgspec.Struct, frozen=True):
    """What a doctor sees. `doctor`: None without a service for it; `waiting`: how many, for a doctor of their kind."""

    doctor: Doctor | None
    offered: Offered | None
    accepted: list[Accepted]
    waiting: int


class Until(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    until: clock.Instant


class HandingOn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`urgent`: before all others, as a doctor says (B-04)."""

    urgent: bool = False


class Declining(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Reason


class Taken(msgspec.Struct, frozen=True):
    appointment: UUID


class NoService(Conflict):
    code = "no_assisted_service"
    sentence = _("To take walk-ins you need a service that can be booked at a station.")


class WalkInGone(NotFound):
    """Left, or given back to the queue because nobody answered."""

    code = "walk_in_gone"
    sentence = _("This person is not offered to you any more.")


class TimeTaken(Conflict):
    code = "walk_in_time_taken"
    sentence = _("Somebody has booked this time just now. The person stays at the front of the queue.")


async def doctor(tx: Tx, caller: Caller) -> Doctor | None:
    """None: the caller is a doctor without a service that can be booked at a station. Raises Forbidden."""
    may(caller, VERB)
    if caller.person is None:
        raise Forbidden
    return await tx.maybe(
        Doctor, "walkins.own_practitioner", person=caller.person, site=caller.site, now=clock.now()
    )  # fmt: skip


async def open_until(db: Database, caller: Caller, until: datetime) -> None:
    """There for walk-ins until then. Raises NoService, Invalid."""
    if not clock.now() < until <= clock.now() + LONGEST:
        raise Invalid(fields={"until": _("Please choose an end within the next twelve hours.")})
    async with db.transaction(caller) as tx:
        me = await _me(tx, caller)
        await tx.run("walkins.lock_walk_ins")
        now = clock.now()
        await tx.run("walkins.tidy_walk_ins", now=now)  # what they left unanswered before is not theirs any more
        await tx.run("walkins.open_on_call", practitioner=me.id, service=me.service, until=until, now=now)


async def close(db: Database, caller: Caller) -> None:
    """Who was offered meanwhile waits for another doctor, at their old place."""
    async with db.transaction(caller) as tx:
        me = await _me(tx, caller)
        await tx.run("walkins.lock_walk_ins")
        await tx.run("walkins.close_on_call", practitioner=me.id, now=clock.now())
        await tx.run("walkins.tidy_walk_ins", now=clock.now())


async def look(db: Database, caller: Caller) -> Desk:
    """The doctor is there: who is next, if they are free, and how many wait for a doctor of their kind."""
    async with db.transaction(caller) as tx:
        me = await doctor(tx, caller)
        if me is None:
            return Desk(None, None, [], 0)
        await tx.run("walkins.lock_walk_ins")
        now = clock.now()
        await tx.run("walkins.tidy_walk_ins", now=now)  # before they are seen: they may have vanished
        await tx.run("walkins.seen_on_call", practitioner=me.id, now=now)
        await tx.run("walkins.offer_walk_in", practitioner=me.id, now=now)
        me = await _me(tx, caller)
        offered = await tx.maybe(Offered, "walkins.offered_walk_in", practitioner=me.id)
        accepted = await tx.many(Accepted, "walkins.accepted_walk_ins", practitioner=me.id)
        waiting = await tx.value("walkins.count_waiting", specialty=me.specialty, now=now)
    return Desk(me, offered, accepted, int(waiting))


async def accept(db: Database, caller: Caller, walk_in: UUID) -> UUID:
    """The appointment that it becomes, from now on; the same for a second click. Raises WalkInGone, TimeTaken."""
    async with db.transaction(caller) as tx:
        me = await _me(tx, caller)
        await tx.value("walkins.free_for_walk_in", walk_in=walk_in, practitioner=me.id, now=clock.now())
    async with db.transaction(caller) as tx:
        await tx.run("walkins.lock_walk_ins")
        now = clock.now()
        taken: UUID | None = await tx.value("walkins.accept_walk_in", walk_in=walk_in, practitioner=me.id, now=now)
        if taken is not None:
            return taken
        accepted = await tx.many(Accepted, "walkins.accepted_walk_ins", practitioner=me.id)
        if any(one.id == walk_in for one in accepted):
            return walk_in
        offered = await tx.maybe(Offered, "walkins.offered_walk_in", practitioner=me.id)
    raise TimeTaken if offered is not None and offered.id == walk_in else WalkInGone


async def hand_on(db: Database, caller: Caller, walk_in: UUID, *, urgent: bool = False) -> None:
    """To the next doctor, at the same place in the queue, or as urgent: before all others. Raises WalkInGone."""
    async with db.transaction(caller) as tx:
        await _me(tx, caller)
        await tx.run("walkins.lock_walk_ins")
        if await tx.value("walkins.hand_on", walk_in=walk_in, urgent=urgent, now=clock.now()) is None:
            raise WalkInGone


async def decline(db: Database, caller: Caller, walk_in: UUID, reason: Reason) -> None:
    """Not by video; the staff beside the patient read what to do instead. Raises WalkInGone."""
    async with db.transaction(caller) as tx:
        me = await _me(tx, caller)
        await tx.run("walkins.lock_walk_ins")
        done = await tx.value(
            "walkins.decline_walk_in", walk_in=walk_in, practitioner=me.id, reason=reason, now=clock.now()
        )
        if done is None:
            raise WalkInGone


async def _me(tx: Tx, caller: Caller) -> Doctor:
    """Raises Forbidden, NoService."""
    me = await doctor(tx, caller)
    if me is None:
        raise NoService
    return me
