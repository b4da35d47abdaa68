"""People without an appointment, and their way to the next free doctor: the side of the pharmacy or hall."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.errors import CONSTRAINTS, Conflict, NotFound
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.once import NEVER, Once
from telemed.scheduling.types import Language, Patient
from telemed.stations import forecast
from telemed.stations.forecast import OnCall, Waiting
from telemed.stations.stations import opened
from telemed.stations.types import Codes
from telemed.text import Text, _

Reason = Literal["practice", "emergency", "specialty"]
REASONS: Final[dict[Reason, Text]] = {
    "practice": _("Please come to a practice: this has to be examined there."),
    "emergency": _("Please call 112 now."),
    "specialty": _("Another kind of doctor is needed."),
}


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at the counter. `specialty`: what kind of doctor they want; nothing about complaints (B-04)."""

    station: UUID
    specialty: str
    patient: Patient
    assisting: bool = True
    language: Language = "de"


class WalkIn(msgspec.Struct, frozen=True, kw_only=True):
    """As the counter sees them. `doctor`: who looks at it, or has declined."""

    id: UUID
    status: Literal["waiting", "offered", "declined"]
    patient_name: str
    birth_date: date
    specialty: str
    assisting: bool
    urgent: bool
    came: datetime
    changed: datetime
    reason: Reason | None
    station: UUID
    station_name: str
    doctor: str


class AlreadyWaiting(Conflict):
    code = "already_waiting"
    sentence = _("This person is waiting for a doctor already.")


CONSTRAINTS["walk_in_patient"] = AlreadyWaiting


async def add(db: Database, codes: Codes, caller: Caller, it: Arrival, once: Once = NEVER) -> UUID:
    """They wait from now on; the same request again changes nothing. `it.patient` is readable already.

    Raises AlreadyWaiting, KeyReused, NotFound.
    """
    walk_in = new_id()
    async with db.transaction(caller) as tx:
        await opened(tx, caller, it.station)
        await tx.run("stations.lock_walk_ins")
        added: UUID | None = await tx.value(
            "stations.walk_in", id=walk_in, station=it.station, specialty=it.specialty, assisting=it.assisting,
            patient_name=it.patient.name, birth_date=it.patient.birth_date,
            patient_key=codes.patient_key(it.patient.name, it.patient.birth_date),
            code_digest=codes.digest(codes.code(walk_in)), language=it.language, key=once.key, digest=once.digest,
            now=clock.now(),
        )  # fmt: skip
        added = added or await once.made(tx, "stations.walk_in_by_key")
        if added is None:
            raise AlreadyWaiting
        return added


async def leave(db: Database, caller: Caller, walk_in: UUID) -> None:
    """They do not want to wait any longer. Raises NotFound: not here, or a doctor has taken them meanwhile."""
    may(caller, "walk_in.manage")
    async with db.transaction(caller) as tx:
        await tx.run("stations.lock_walk_ins")
        if await tx.value("stations.leave", walk_in=walk_in, now=clock.now()) is None:
            raise NotFound


async def walk_ins(tx: Tx, caller: Caller, site: UUID) -> list[WalkIn]:
    """Who is here without an appointment, in order."""
    may(caller, "walk_in.manage", Thing(site=site))
    return await tx.many(WalkIn, "stations.walk_ins", site=site, now=clock.now())


class Outlook(msgspec.Struct, frozen=True):
    """What can be said of the wait: of those who wait, by id, and of somebody who came now, by specialty.

    Minutes; None: no doctor who is there now will come to them.
    """

    waiting: dict[UUID, int | None]
    next: dict[str, int | None]


async def outlook(tx: Tx, caller: Caller, site: UUID, station: UUID | None, specialties: list[str]) -> Outlook:
    """Of a site, for somebody at one of its stations."""
    may(caller, "walk_in.manage", Thing(site=site))
    now = clock.now()
    await tx.run("stations.tidy_walk_ins", now=now)
    doctors = await tx.many(OnCall, "stations.doctors_on_call", now=now)
    queue = await tx.many(Waiting, "stations.walk_ins_waiting", now=now)
    starts = forecast.play(now, doctors, queue)
    following: dict[str, int | None] = {}
    for specialty in specialties if station is not None else ():
        there = next((one for one in queue if one.station == station), None)
        last = Waiting(
            id=new_id(), specialty=specialty, site=site, station=station, handed_on=[],  # type: ignore[arg-type]
            taken_since=there.taken_since if there else [], taken_until=there.taken_until if there else [],
        )  # fmt: skip
        following[specialty] = _minutes(now, forecast.play(now, doctors, [*queue, last])[last.id])
    return Outlook({walk_in: _minutes(now, start) for walk_in, start in starts.items()}, following)


def _minutes(now: datetime, start: datetime | None) -> int | None:
    return None if start is None else forecast.minutes(now, start)
