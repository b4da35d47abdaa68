"""Which of the places found are meant: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from telemed.directory.places import search_key
from telemed.travel import distance_km

DISTRICT_KM: Final = 25.0


class Named(msgspec.Struct, frozen=True):
    """A place as its name finds it; `search` is its key."""

    id: int
    name: str
    state: str
    lat: float
    lon: float
    population: int
    search: str


class Typed(NamedTuple):
    """What somebody typed: a postal code, a name's key, or both."""

    postal_code: str | None
    key: str


def read(where: str) -> Typed:
    """`17268`, `D-17268 Gerswalde`, `Gerswalde` as their parts."""
    key = search_key(where)
    found = re.search(r"\b(?:d )?([0-9]{5})\b", key)
    if found is None:
        return Typed(None, key)
    return Typed(found[1], " ".join((key[: found.start()] + key[found.end() :]).split()))


def without_districts(key: str, hits: Sequence[Named]) -> list[Named]:
    """Hits without the districts of a larger one that has exactly this name: `Berlin` is not Berlin Köpenick."""
    whole = [hit for hit in hits if hit.search == key]
    return [
        hit for hit in hits
        if hit in whole or not any(
            town.population > hit.population and distance_km(town.lat, town.lon, hit.lat, hit.lon) < DISTRICT_KM
            for town in whole
        )
    ]  # fmt: skip


def alike(key: str, hits: Sequence[Named]) -> list[Named]:
    """The hits with the fewest slips, if one (in a name of six letters or more: two) explains them."""
    counted = [(slips(key, hit.search), hit) for hit in hits]
    fewest = min((count for count, _ in counted), default=9)
    return [hit for count, hit in counted if count == fewest <= (2 if len(key) >= 6 else 1)]


def slips(typed: str, meant: str) -> int:
    """Letters left out, added, replaced, or swapped with their neighbour (optimal string alignment distance)."""
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, letter in enumerate(typed, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(meant, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == meant[j - 2] and typed[i - 2] == other:
                least = min(least, earlier[j - 2] + 1)
            row.append(least)
    return row[-1]
