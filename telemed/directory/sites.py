"""Sites: the nearest station, and one practitioner with the practice."""

from __future__ import annotations

from uuid import UUID

import msgspec

from telemed.db import Tx
from telemed.directory.bookable import services_of
from telemed.directory.specialties import label
from telemed.directory.types import Practitioner, Site, SiteKind, SiteNear, Spot, Station
from telemed.travel import distance_km, travel_minutes


class _Practitioner(msgspec.Struct, frozen=True):
    id: UUID
    title: str
    name: str
    specialty: str
    languages: tuple[str, ...]
    site: UUID


class _Station(msgspec.Struct, frozen=True):
    id: UUID
    site: UUID
    name: str


async def near(tx: Tx, spot: Spot, kind: SiteKind | None, limit: int, station: UUID | None = None) -> list[SiteNear]:
    """The nearest sites of a kind, or of any kind that has a station; nearest first. And that of one `station`."""
    sites = await tx.many(
        Site, "directory.sites_near", lat=spot.lat, lon=spot.lon, kind=kind, limit=limit, station=station
    )
    stations = await tx.many(_Station, "directory.stations", sites=[site.id for site in sites])
    found = []
    for site in sites:
        km = distance_km(spot.lat, spot.lon, site.lat, site.lon)
        there = [Station(station.id, station.name) for station in stations if station.site == site.id]
        found.append(SiteNear(site, there, round(km, 1), travel_minutes(km)))
    return found


async def practitioner(tx: Tx, wanted: UUID, locale: str) -> Practitioner:
    """One practitioner with practice and services. Raises NotFound."""
    row = await tx.one(_Practitioner, "directory.practitioner", practitioner=wanted)
    site = await tx.one(Site, "directory.site", site=row.site)
    services = await services_of(tx, [row.id])
    return Practitioner(
        row.id, row.title, row.name, row.specialty, label(row.specialty).render(locale), row.languages, site,
        services[row.id],
    )  # fmt: skip
