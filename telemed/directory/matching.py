"""Which of the places found are meant: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

import msgspec

from telemed.directory.places import distance_km, search_key

ALIKE: Final = 0.75  # share of letters in common, below which nobody meant that
CLOSE: Final = 0.08  # how much less alike than the best one still is a candidate
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
    """The hits that a typing error explains, the most alike first."""
    ratios = [(SequenceMatcher(None, key, hit.search).ratio(), hit) for hit in hits]
    best = max((ratio for ratio, _ in ratios), default=0.0)
    close = [(ratio, hit) for ratio, hit in ratios if ratio >= max(ALIKE, best - CLOSE)]
    return [hit for _, hit in sorted(close, key=lambda pair: (-pair[0], -pair[1].population))]
