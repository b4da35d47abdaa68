"""People without an appointment, and their way to the next free doctor: the side of the pharmacy or hall."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from telemed import clock, names
from telemed.db import Database, Tx
from telemed.errors import CONSTRAINTS, Conflict, Invalid, NotFound
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.once import NEVER, Once
from telemed.scheduling.types import Language, Patient
from telemed.stations import forecast
from telemed.stations.forecast import OnCall, Room, Waiting
from telemed.stations.stations import opened
from telemed.stations.types import Codes
from telemed.text import Text, _
from telemed.wording import HERE

Reason = Literal["practice", "emergency", "specialty"]
REASONS: Final[dict[Reason, Text]] = {
    "practice": _("Please come to a practice: this has to be examined there."),
    "emergency": _("Please call 112 now."),
    "specialty": _("Another kind of doctor is needed."),
}


class Arrival(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody at the counter. `specialty`: what kind of doctor they want; nothing about complaints (B-04).

    Of `patient` name and birth date are noted: whoever is here need not be written to.
    """

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


class Slip(msgspec.Struct, frozen=True):
    """Somebody waits; `code` opens the appointment that it becomes."""

    id: UUID
    code: str


class AlreadyWaiting(Conflict):
    code = "already_waiting"
    sentence = _("This person is waiting for a doctor already.")


CONSTRAINTS["walk_in_patient"] = AlreadyWaiting


async def add(db: Database, codes: Codes, caller: Caller, it: Arrival, once: Once = NEVER) -> UUID:
    """They wait from now on, and not any longer where they were before; the same request again changes nothing.

    Raises Invalid, AlreadyWaiting, KeyReused, NotFound.
    """
    walk_in = new_id()
    name, born = _readable(it.patient)
    async with db.transaction(caller) as tx:
        await opened(tx, caller, it.station)
        if it.specialty not in await kinds(tx):
            raise Invalid(fields={"specialty": _("No doctor of this kind can be reached from a station.")})
        await tx.run("walkins.lock_walk_ins")
        made = await once.made(tx, "walkins.walk_in_by_key")
        if made is not None:
            return made
        now, patient = clock.now(), codes.patient_key(name, born)
        await tx.run("walkins.leave_elsewhere", patient_key=patient, now=now)
        added: UUID | None = await tx.value(
            "walkins.walk_in", id=walk_in, station=it.station, specialty=it.specialty, assisting=it.assisting,
            patient_name=name, birth_date=born, patient_key=patient, code_digest=codes.digest(codes.code(walk_in)),
            language=it.language, key=once.key, digest=once.digest, now=now,
        )  # fmt: skip
        if added is None:
            raise AlreadyWaiting
        return added


def _readable(patient: Patient) -> tuple[str, date]:
    """Name and birth date as they are written down. Raises Invalid, naming what is wrong."""
    wrong = {f"patient.{field}": why for field, why in unreadable(patient.name).items()}
    try:
        born = names.birth_date(patient.birth_date, clock.now().astimezone(HERE).date())
    except ValueError:
        wrong["patient.birth_date"] = names.SENTENCES["birth_date"]
    if wrong:
        raise Invalid(fields=wrong)
    return names.person_name(patient.name), born


def unreadable(name: str) -> dict[str, Text]:
    """What is wrong with a name, by field; empty: nothing."""
    try:
        names.person_name(name)
    except ValueError:
        return {"name": names.SENTENCES["name"]}
    return {}


async def kinds(tx: Tx) -> list[str]:
    """The specialties that can be reached from a station at all."""
    return [row.code for row in await tx.many(_Kind, "walkins.kinds")]


class _Kind(msgspec.Struct, frozen=True):
    code: str


async def leave(db: Database, caller: Caller, walk_in: UUID) -> None:
    """They do not want to wait any longer. Raises NotFound: not here, or a doctor has taken them meanwhile."""
    may(caller, "walk_in.manage")
    async with db.transaction(caller) as tx:
        await tx.run("walkins.lock_walk_ins")
        if await tx.value("walkins.leave", walk_in=walk_in, now=clock.now()) is None:
            raise NotFound


async def walk_ins(tx: Tx, caller: Caller, site: UUID) -> list[WalkIn]:
    """Who is here without an appointment, in order."""
    may(caller, "walk_in.manage", Thing(site=site))
    return await tx.many(WalkIn, "walkins.walk_ins", site=site, now=clock.now())


class Outlook(msgspec.Struct, frozen=True):
    """What can be said of the wait: of those who wait at a site, by id, and of somebody who came now, by specialty.

    Minutes; None: no doctor who is there now will come to them.
    """

    waiting: dict[UUID, int | None]
    next: dict[str, int | None]


class WalkIns(msgspec.Struct, frozen=True):
    walk_ins: list[WalkIn]
    outlook: Outlook


async def tidy(db: Database, caller: Caller) -> None:
    """Before a look: what nobody says is put right. In a transaction of its own, since its lock holds up everybody."""
    async with db.transaction(caller) as tx:
        await tx.run("walkins.tidy_walk_ins", now=clock.now())


async def outlook(tx: Tx, caller: Caller, site: UUID, specialties: list[str]) -> Outlook:
    """Of a site, for somebody who takes the room there that is free first; see `tidy`."""
    may(caller, "walk_in.manage", Thing(site=site))
    now = clock.now()
    doctors = await tx.many(OnCall, "walkins.doctors_on_call", now=now)
    queue = await tx.many(Waiting, "walkins.walk_ins_waiting", now=now)
    rooms = await tx.many(Room, "walkins.rooms_taken", site=site, now=now)
    starts = forecast.play(now, doctors, queue)
    following: dict[str, int | None] = {}
    for specialty in specialties if rooms else ():
        lasts = [room.as_last(new_id(), specialty, site) for room in rooms]
        found = [forecast.play(now, doctors, [*queue, last])[last.id] for last in lasts]
        following[specialty] = _minutes(now, min((start for start in found if start), default=None))
    return Outlook({one.id: _minutes(now, starts[one.id]) for one in queue if one.site == site}, following)


def _minutes(now: datetime, start: datetime | None) -> int | None:
    return None if start is None else forecast.minutes(now, start)
