"""The nearest larger towns: where doctors can be booked, seen from where somebody is.

A *larger town* here is any place with a practice in use where somebody can be booked, whatever its population: for the
patient, the town is where the doctor is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

import msgspec

from telemed.db import Tx
from telemed.directory import specialties
from telemed.directory.types import LargerTown, PractitionersQuery, Spot, Town
from telemed.scheduling.types import Mode
from telemed.travel import distance_km, reach_km, travel_minutes

USUAL: Final = 120  # minutes of travel within which a town is near, unless somebody says otherwise
EVERYWHERE: Final = 24 * 60
T = TypeVar("T", bound=Town)


class _Place(msgspec.Struct, frozen=True):
    place: int
    name: str
    state: str
    lat: float
    lon: float
    population: int


class _Counted(_Place, frozen=True):
    practices: int
    practitioners: int


class _Fitting(_Place, frozen=True):
    practitioners: int


class Reach(NamedTuple):
    """Towns, nearest first, and of each how many practitioners it has at least."""

    towns: list[Town]
    practitioners: list[int]


async def near(
    tx: Tx, spot: Spot, specialty: str | None = None, mode: Mode | None = None, within: int | None = None
) -> list[LargerTown]:
    """Towns within so many minutes of travel with somebody who fits, nearest first. Raises UnknownSpecialty.

    Without `within`: two hours, or if nobody is there, the whole country.
    """
    specialties.check(specialty)
    for minutes in (within or USUAL, EVERYWHERE):
        rows = await tx.many(
            _Counted, "directory.towns", specialty=specialty or None, mode=mode, **_rectangle(spot, minutes)
        )
        towns = _seen(LargerTown, rows, spot, minutes)
        if towns or within is not None:
            break
    return towns


async def around(tx: Tx, spot: Spot, query: PractitionersQuery, minutes: int, enough: int) -> Reach:
    """Towns within reach with somebody who fits, nearest first; their practitioners are counted up to `enough`."""
    rows = await tx.many(
        _Fitting, "directory.towns_around", specialty=query.specialty or None, mode=query.mode,
        language=query.language, enough=enough, **_rectangle(spot, minutes),
    )  # fmt: skip
    practitioners = {row.place: row.practitioners for row in rows}
    towns = _seen(Town, rows, spot, minutes)
    return Reach(towns, [practitioners[town.place] for town in towns])


def _rectangle(spot: Spot, minutes: int) -> dict[str, float]:
    north = reach_km(minutes) / 111  # km of a degree of latitude
    east = north / math.cos(math.radians(min(80, abs(spot.lat) + north))) if north < 20 else 180
    return {"south": spot.lat - north, "north": spot.lat + north, "west": spot.lon - east, "east": spot.lon + east}


def _seen(kind: type[T], rows: Sequence[_Place], spot: Spot, minutes: int) -> list[T]:
    seen = []
    fields = set(kind.__struct_fields__) - {"km", "minutes"}
    for row in rows:
        km = distance_km(spot.lat, spot.lon, row.lat, row.lon)
        if travel_minutes(km) <= minutes:
            known = {name: getattr(row, name) for name in fields}
            seen.append(kind(**known, km=round(km, 1), minutes=travel_minutes(km)))
    return sorted(seen, key=lambda town: (town.km, -town.population, town.place))
