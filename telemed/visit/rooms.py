"""Stations as patients are told of them: where they are, how far, and which one is meant."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from telemed.db import Tx
from telemed.directory import sites
from telemed.directory.search import STATIONS
from telemed.directory.types import Site, SiteNear, Spot


class Room(msgspec.Struct, frozen=True):
    """A station, and the site where it is. `name`: the room, where the site has several."""

    id: UUID
    name: str
    site: Site
    minutes: int


async def near(tx: Tx, spot: Spot | Site, wanted: str) -> list[Room]:
    """The nearest stations; first the one that is `wanted`, an id as an address says it, else the nearest of all."""
    try:
        station = UUID(wanted) if wanted else None
    except ValueError:
        station = None
    at = Spot(spot.name, spot.state, spot.lat, spot.lon)
    return of(await sites.near(tx, at, None, STATIONS, station), station)


def of(found: Sequence[SiteNear], chosen: UUID | None) -> list[Room]:
    """The stations of some sites, the chosen one first, else in the same order."""
    rooms = [
        Room(station.id, station.name if len(near.stations) > 1 else "", near.site, near.minutes)
        for near in found
        for station in near.stations
    ]
    return sorted(rooms, key=lambda room: room.id != chosen)
