"""Receiving somebody at a station: who they are, that nobody overhears, who is in the room, and their consent."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from telemed import clock, names
from telemed.db import Database, Tx
from telemed.errors import Conflict, Invalid
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.scheduling.types import CONSENT_VERSION
from telemed.stations import kvnr
from telemed.text import Text, _

Identity = Literal["card", "camera", "known"]
Representing = Literal["parent", "guardian", "attorney"]

IDENTITIES: Final[dict[Identity, Text]] = {
    "card": _("I have looked at the card."),
    "camera": _("They show the card to the camera, at the start."),
    "known": _("I know this person."),
}
SEEN: Final[dict[Identity, Text]] = {
    "card": _("showed their card"),
    "camera": _("will show their card to the camera"),
    "known": _("is known there"),
}
REPRESENTING: Final[dict[Representing, Text]] = {
    "parent": _("mother or father"),
    "guardian": _("legal guardian"),
    "attorney": _("with a power of attorney"),
}


class Received(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What whoever assists has done. `insurance_number`: of the card, to see whether it was read right; it is not kept.

    `private`: nobody overhears (P-03); `introduced`: everybody in the room (V-15); `version`: the text that the patient
    has agreed to, or `representative` for them (V-14).
    """

    identity: Identity
    private: bool
    introduced: bool
    agreed: bool
    version: str
    insurance_number: str = ""
    representative: str = ""
    representing: Representing | None = None


class Intake(msgspec.Struct, frozen=True):
    """As the doctor reads it."""

    taken: datetime
    taken_by: str
    identity: Identity
    representative: str | None
    representing: Representing | None


class Over(Conflict):
    code = "appointment_over"
    sentence = _("This appointment is over or was cancelled.")


class NotToday(Conflict):
    """Whoever is received days ahead would sit down unseen."""

    code = "intake_not_today"
    sentence = _("This appointment is on another day. People are received when they are here.")


class _At(msgspec.Struct, frozen=True):
    station_site: UUID | None
    stands: bool


async def take(db: Database, caller: Caller, appointment: UUID, said: Received) -> None:
    """All of it, or nothing. Raises Invalid naming what is missing, NotFound, Over, NotToday."""
    async with db.transaction(caller) as tx:
        at = await tx.maybe(_At, "stations.station_site", appointment=appointment)
        may(caller, "intake.take", Thing(station_site=at.station_site if at else None))
        if wrong := _missing(said):
            raise Invalid(fields=wrong)
        someone = names.person_name(said.representative) if said.representing else None
        taken = await tx.value(
            "stations.take_in", appointment=appointment, identity=said.identity, representative=someone,
            representing=said.representing, version=said.version, now=clock.now(),
        )  # fmt: skip
        if taken is None:
            raise NotToday if at is not None and at.stands else Over


async def intake(tx: Tx, appointment: UUID) -> Intake | None:
    """As far as the caller may see the appointment."""
    return await tx.maybe(Intake, "stations.intake", appointment=appointment)


async def received(tx: Tx, appointments: list[UUID]) -> set[UUID]:
    """Which of these have been."""
    rows = await tx.many(_Received, "stations.received", appointments=appointments)
    return {row.appointment for row in rows}


class _Received(msgspec.Struct, frozen=True):
    appointment: UUID


def _missing(said: Received) -> dict[str, Text]:
    wrong: dict[str, Text] = {}
    if said.insurance_number.strip() and not kvnr.is_right(said.insurance_number):
        wrong["insurance_number"] = _("This number cannot be right. Please compare it with the card: A123456780.")
    if not said.private:
        wrong["private"] = _("Please go and look first: the door is closed, and nobody overhears.")
    if not said.introduced:
        wrong["introduced"] = _("Please tell the patient first who is in the room.")
    if said.representing:
        try:
            names.person_name(said.representative)
        except ValueError:
            wrong["representative"] = names.SENTENCES["name"]
    if not said.agreed:
        wrong["agreed"] = _("Without consent the video consultation cannot begin.")
    elif said.version != CONSENT_VERSION:
        wrong["agreed"] = _("The text has changed in the meantime. Please read it again.")
    return wrong
