"""The nearest larger towns: where doctors can be booked, seen from where somebody is.

A *larger town* here is any place with a practice in use where somebody can be booked, whatever its population: for the
patient, the town is where the doctor is.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from telemed.db import Tx
from telemed.directory import specialties
from telemed.directory.places import distance_km, reach_km, travel_minutes
from telemed.directory.types import Spot, Town
from telemed.scheduling.types import Mode

USUAL: Final = 120  # minutes of travel within which a town is near, unless somebody says otherwise
EVERYWHERE: Final = 24 * 60


class _Town(msgspec.Struct, frozen=True):
    place: int
    name: str
    state: str
    lat: float
    lon: float
    population: int
    practices: int
    practitioners: int


async def near(
    tx: Tx, spot: Spot, specialty: str | None = None, mode: Mode | None = None, within: int | None = None
) -> list[Town]:
    """Towns within so many minutes of travel with somebody who fits, nearest first. Raises UnknownSpecialty.

    Without `within`: two hours, or if nobody is there, the whole country.
    """
    specialties.check(specialty)
    towns = await _within(tx, spot, specialty or None, mode, within or USUAL)
    if not towns and within is None:
        towns = await _within(tx, spot, specialty or None, mode, EVERYWHERE)
    return towns


async def _within(tx: Tx, spot: Spot, specialty: str | None, mode: Mode | None, minutes: int) -> list[Town]:
    north = reach_km(minutes) / 111  # km of a degree of latitude
    east = north / math.cos(math.radians(min(80, abs(spot.lat) + north))) if north < 20 else 180
    rows = await tx.many(
        _Town, "directory.towns", specialty=specialty, mode=mode,
        south=spot.lat - north, north=spot.lat + north, west=spot.lon - east, east=spot.lon + east,
    )  # fmt: skip
    seen = [_seen(row, spot) for row in rows]
    return sorted((t for t in seen if t.minutes <= minutes), key=lambda t: (t.km, -t.population, t.place))


def _seen(row: _Town, spot: Spot) -> Town:
    km = distance_km(spot.lat, spot.lon, row.lat, row.lon)
    return Town(**msgspec.structs.asdict(row), km=round(km, 1), minutes=travel_minutes(km))
