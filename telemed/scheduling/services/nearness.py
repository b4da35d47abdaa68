"""People near the practice come first (Anlage 31c § 6 BMV-Ä, B-08), where a practice wants it.

A practice says how many minutes of travel are near, which share of its starts is kept for people within them until
shortly before, and how many days they can book before everybody else. What a patient is asked for is a postal code;
only the yes or no is kept. Whoever books at the practice itself decides there. In plain words: docs/nearness.md.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.identity.callers import Caller
from telemed.scheduling.slots import window
from telemed.scheduling.types import KeptSlot, Wish
from telemed.travel import distance_km, travel_minutes

_SCANNED: Final = 1500  # free starts among which kept ones are looked for


class Nearness(msgspec.Struct, frozen=True):
    """Whether somebody comes first. `minutes` is how far counts as near; None: at this practice nobody comes first.

    `known`: it is known where they live.
    """

    near: bool
    minutes: int | None
    known: bool


EVERYBODY: Final = Nearness(near=True, minutes=None, known=False)


class _Rule(msgspec.Struct, frozen=True):
    near_minutes: int
    lat: float
    lon: float
    from_lat: float | None
    from_lon: float | None


async def of(tx: Tx, service: UUID, postal_code: str | None, station: UUID | None = None) -> Nearness:
    """For a patient who lives there; for an assisted consultation the station's place counts."""
    found = await tx.maybe(_Rule, "nearness.rule", service=service, station=station, postal_code=postal_code)
    if found is None:
        return Nearness(near=True, minutes=None, known=postal_code is not None)
    if found.from_lat is None or found.from_lon is None:
        return Nearness(near=False, minutes=found.near_minutes, known=False)
    minutes = travel_minutes(distance_km(found.from_lat, found.from_lon, found.lat, found.lon))
    return Nearness(near=minutes <= found.near_minutes, minutes=found.near_minutes, known=True)


def decides(caller: Caller) -> bool:
    """Whether somebody works at a practice: there they say themselves who comes first."""
    return caller.role in ("staff", "practitioner", "system")


async def is_near(db: Database, caller: Caller, wish: Wish) -> bool:
    """What is kept with a reservation: true for a practice's own bookings. Nobody who says no place is near."""
    if decides(caller):
        return True
    if wish.postal_code is None and wish.station is None:
        return False
    async with db.transaction(caller) as tx:
        return (await of(tx, wish.service, wish.postal_code, wish.station)).near


async def kept(
    tx: Tx, service: UUID, limit: int, *, since: datetime | None = None, until: datetime | None = None,
    station: UUID | None = None,
) -> list[KeptSlot]:  # fmt: skip
    """The free starts in [since, until) that are not open to people who live farther away yet, in order."""
    now = clock.now()
    earliest, latest = window(since, until, now)
    return await tx.many(
        KeptSlot, "nearness.kept", service=service, station=station, earliest=earliest, latest=latest, now=now,
        most=_SCANNED, limit=limit,
    )  # fmt: skip
