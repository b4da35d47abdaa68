"""Who can be seen: the practitioners of the towns around a spot, by nearness or by the earliest time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.directory import line, sites, specialties, towns
from telemed.directory.bookable import NOTHING, services_of
from telemed.directory.line import Asked, Told
from telemed.directory.specialties import label
from telemed.directory.towns import Reach
from telemed.directory.types import Found, Instead, InsteadKind, PractitionersQuery, Search, SiteNear, Sort, Spot, Town
from telemed.directory.windows import Window, window
from telemed.text import Text, _
from telemed.wording import HERE

STATIONS: Final = 4
RADII: Final = (20, 40, 60, towns.USUAL, towns.EVERYWHERE)  # minutes, the steps in which a search widens


async def practitioners(tx: Tx, spot: Spot, query: PractitionersQuery, locale: str) -> Search:
    """A page of the search; `query.where` has become `spot`. Raises UnknownSpecialty, BadCursor.

    Nobody's place in the list depends on who pays, or on the length of what is booked (B-07).
    """
    specialties.check(query.specialty)
    enough = line.enough(query)
    stations = await sites.near(tx, spot, None, STATIONS, query.station) if query.mode == "assisted" else []
    if query.mode == "assisted" and not stations:
        return Search(spot, None, [], None, [], None, [])
    home, station = _home(spot, stations, query.station)
    asked = Asked(query, window(query, clock.now()), home, station)
    await tx.run("directory.in_order")
    around = await towns.around(tx, spot, query, query.within or towns.USUAL, enough)
    if not around.towns and query.within is None:
        around = await towns.around(tx, spot, query, towns.EVERYWHERE, enough)
    told = await line.first(tx, around, asked)
    found = await _found(tx, told[: query.limit], around.towns, asked, locale)
    instead = [] if query.cursor or any(one.starts for one in found) else await _instead(tx, spot, around, asked)
    nearest = around.towns[0] if around.towns else None
    return Search(spot, nearest, found, line.cursor(told, query), instead, station, stations)


async def _found(tx: Tx, told: Sequence[Told], around: Sequence[Town], asked: Asked, locale: str) -> list[Found]:
    """Those who are shown, with their first starts in the window, their services, and why they stand where they do."""
    query = asked.query
    from_now = query.when is None and query.since is None and query.time is None and asked.station is None
    known = {free.service: free.starts[0] for one in told for free in one.free} if from_now else NOTHING
    services = await services_of(tx, [one.row.practitioner for one in told], [one.near for one in told], known)
    by_place = {town.place: town for town in around}
    found = []
    for at, one in enumerate(told):
        row, town = one.row, by_place[one.row.place]
        mine = services[row.practitioner]
        free = one.free[0] if one.free else None
        first = town == around[0] if query.sort == "nearest" else at == 0 and not query.cursor
        ever = min((service.earliest for service in mine if service.earliest is not None), default=None)
        why = _why(query.sort, town, free.starts[0] if free else None, ever, asked.window, first=first)
        found.append(Found(
            practitioner=row.practitioner, title=row.title, name=row.name, specialty=row.specialty,
            specialty_name=label(row.specialty).render(locale), languages=row.languages,
            modes=tuple(sorted({mode for service in mine for mode in service.modes})), site=row.site,
            site_name=row.site_name, street=row.street, postal_code=row.postal_code, phone=row.phone, zone=row.zone,
            town=town, earliest=free.starts[0] if free else None, earliest_service=free.service if free else None,
            starts=[start for start in free.starts if start < asked.window.latest] if free else [],
            at_any_time=ever, services=mine, why=" ".join(text.render(locale) for text in why),
        ))  # fmt: skip
    return found


async def _instead(tx: Tx, spot: Spot, around: Reach, asked: Asked) -> list[Instead]:
    """When nothing is free in the window: the next one later, at another time of day, and the nearest farther away."""
    query = asked.query
    later = await _soonest(tx, around, asked)
    found = [_told_instead("later", query.within, later)] if later else []
    if query.time is not None:
        anytime = msgspec.structs.replace(query, time=None)
        other = await _soonest(
            tx, around, msgspec.structs.replace(asked, query=anytime, window=window(anytime, clock.now()))
        )
        if other and other[0] < asked.window.latest:
            found.append(_told_instead("other-time", query.within, other))
    for minutes in RADII:
        if minutes > (query.within or towns.USUAL):
            farther = await _soonest(tx, await towns.around(tx, spot, query, minutes, line.enough(query)), asked)
            if farther and farther[0] < asked.window.latest:
                return [*found, _told_instead("farther", minutes, farther)]
    return found


async def _soonest(tx: Tx, around: Reach, asked: Asked) -> tuple[datetime, Town] | None:
    """The first start of all from the window's beginning on, and in which town."""
    query = msgspec.structs.replace(asked.query, sort="earliest", limit=1, cursor=None)
    told = await line.first(tx, around, msgspec.structs.replace(asked, query=query))
    if not told or not told[0].free:
        return None
    return told[0].free[0].starts[0], next(town for town in around.towns if town.place == told[0].row.place)


def _told_instead(kind: InsteadKind, within: int | None, found: tuple[datetime, Town]) -> Instead:
    start, town = found
    return Instead(kind, within, start.astimezone(HERE).date(), start, town.name, town.minutes)


def _home(spot: Spot, stations: Sequence[SiteNear], wanted: UUID | None) -> tuple[Spot, UUID | None]:
    """Where nearness is reckoned from, and the station: the one wanted if it is there, else the nearest."""
    every = [(station.id, near.site) for near in stations for station in near.stations]
    if not every:
        return spot, None
    station, site = next(((id, site) for id, site in every if id == wanted), every[0])
    return Spot(site.town, site.state, site.lat, site.lon, site.postal_code), station


def _why(
    sort: Sort, town: Town, earliest: datetime | None, ever: datetime | None, window: Window, *, first: bool
) -> tuple[Text, Text]:
    """Why somebody stands where they do, and how far away the town is; `ever`: their first time, whatever was asked."""
    if earliest is None and ever is None:
        order = _("No time is free at present.")
    elif earliest is None:
        order = _("At the time you asked for, nothing is free here.")
    elif earliest >= window.latest:
        order = _("The next free time is later than you asked for.")
    elif sort == "earliest":
        order = _("This is the earliest free time.") if first else _("One of the next free times.")
    elif first:
        order = _("%(town)s is the nearest larger town with a suitable doctor.", town=town.name)
    else:
        order = _("%(town)s is farther away.", town=town.name)
    if town.km < 1:
        return order, _("It is in your own town.")
    values = {"town": town.name, "km": round(town.km)}
    if town.minutes > 120:
        hours = round(town.minutes / 60)
        return order, _("To %(town)s it is %(km)s km, about %(hours)s hours by car.", hours=hours, **values)
    return order, _("To %(town)s it is %(km)s km, about %(minutes)s minutes by car.", minutes=town.minutes, **values)
