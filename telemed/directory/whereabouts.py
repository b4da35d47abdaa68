"""From what somebody types (a postal code, a village, both, with typing errors) to a point on the map."""

from __future__ import annotations

import msgspec

from telemed.db import Tx
from telemed.directory import matching
from telemed.directory.matching import Named
from telemed.directory.types import Candidate, Spot
from telemed.errors import Invalid
from telemed.text import Text, _
from telemed.travel import distance_km

MOST_CANDIDATES = 20


class UnknownPlace(Invalid):
    """Neither a postal code nor a place that we know."""

    code = "unknown_place"
    sentence = _("We do not know this place. Please check the spelling, or give the postal code.")

    def __init__(self) -> None:
        super().__init__(fields={"where": self.sentence})


class AmbiguousPlace(Invalid):
    """Several places: `candidates` tells them apart, and each one's `where` finds it alone."""

    code = "ambiguous_place"
    sentence = _("There are several places with this name. Which one do you mean?")

    def __init__(self, candidates: list[Candidate]) -> None:
        super().__init__(fields={"where": self.sentence}, candidates=candidates)
        self.candidates = candidates


class _PostalCode(msgspec.Struct, frozen=True):
    postal_code: str
    lat: float
    lon: float
    places: int
    name: str
    state: str


class _Candidate(msgspec.Struct, frozen=True):
    name: str
    state: str
    lat: float
    lon: float
    postal_code: str
    near: str | None
    near_lat: float | None
    near_lon: float | None


async def resolve(tx: Tx, where: str, locale: str) -> Spot:
    """The spot meant. Raises UnknownPlace, AmbiguousPlace."""
    typed = matching.read(where)
    if typed.postal_code is not None:
        return await _by_postal_code(tx, typed.postal_code, typed.key, locale)
    if not typed.key:
        raise UnknownPlace
    return await _by_name(tx, where, typed.key, locale)


async def at(tx: Tx, lat: float, lon: float) -> str | None:
    """The nearest village with its postal code, as somebody would type it; None: there is none within about 20 km."""
    found: str | None = await tx.value("directory.place_at", lat=lat, lon=lon)
    return found


async def _by_postal_code(tx: Tx, code: str, key: str, locale: str) -> Spot:
    area = await tx.maybe(_PostalCode, "directory.postal_code", code=code)
    if area is None:
        raise UnknownPlace
    if key:
        found = await tx.many(Named, "directory.places_around", key=key, lat=area.lat, lon=area.lon)
        if found:
            return _spot(found[0], postal_code=code)
    note: Text | None = None
    if area.postal_code != code:
        note = _("We do not know the postal code %(typed)s. We took its neighbour %(code)s, %(name)s.",
                 typed=code, code=area.postal_code, name=area.name)  # fmt: skip
    elif area.places > 1:
        note = _("%(code)s is %(name)s and the villages around it. We reckon from the middle of them.",
                 code=code, name=area.name)  # fmt: skip
    return Spot(area.name, area.state, area.lat, area.lon, area.postal_code, note.render(locale) if note else None)


async def _by_name(tx: Tx, where: str, key: str, locale: str) -> Spot:
    hits = await tx.many(Named, "directory.places_named", key=key)
    if hits:
        return await _only(tx, matching.without_districts(key, hits))
    if len(key) >= 3:
        hits = await tx.many(Named, "directory.places_beginning", key=key)
        if hits:
            return await _only(tx, hits)
        hits = matching.alike(key, await tx.many(Named, "directory.places_like", key=key))
        if hits:
            spot = await _only(tx, hits)
            note = _("We do not know “%(typed)s”. We took %(name)s.", typed=where.strip(), name=spot.name)
            return msgspec.structs.replace(spot, note=note.render(locale))
    shorter = key.rpartition(" ")[0]
    if not shorter:
        raise UnknownPlace
    return await _by_name(tx, where, shorter, locale)


async def _only(tx: Tx, hits: list[Named]) -> Spot:
    if len(hits) == 1:
        return _spot(hits[0])
    ids = [hit.id for hit in hits]
    rows = await tx.many(_Candidate, "directory.candidates", places=ids)
    raise AmbiguousPlace([_candidate(row) for row in rows[:MOST_CANDIDATES]])


def _candidate(row: _Candidate) -> Candidate:
    km = None
    if row.near_lat is not None and row.near_lon is not None:
        km = round(distance_km(row.lat, row.lon, row.near_lat, row.near_lon), 1)
    return Candidate(f"{row.postal_code} {row.name}", row.name, row.state, row.postal_code, row.near, km)


def _spot(named: Named, postal_code: str | None = None) -> Spot:
    return Spot(named.name, named.state, named.lat, named.lon, postal_code)
