"""The directory over the API: towns, practitioners, sites. Public; nothing here names a patient."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from telemed.directory import line, search, sites, towns, whereabouts
from telemed.directory.specialties import SPECIALTIES, UnknownSpecialty
from telemed.directory.types import (
    Practitioner,
    PractitionersQuery,
    Search,
    Sites,
    SitesQuery,
    Specialties,
    Specialty,
    Towns,
    TownsQuery,
)
from telemed.http import operation
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.limits import Limit
from telemed.text import choose

SEARCHES = Limit(burst=300, per_minute=300)  # per client address; a village may share one behind its provider's NAT
_WHERE = (whereabouts.UnknownPlace, whereabouts.AmbiguousPlace)


@operation("GET", "/api/v1/towns", verb="directory.search", errors=(*_WHERE, UnknownSpecialty), limit=SEARCHES)
async def find_towns(request: web.Request, caller: Caller, query: TownsQuery) -> Towns:
    """The nearest larger towns with a doctor who fits."""
    async with request.app[DATABASE].transaction(caller) as tx:
        spot = await whereabouts.resolve(tx, query.where, _locale(request))
        found = await towns.near(tx, spot, query.specialty, query.mode)
    return Towns(spot, found[: query.limit])


@operation(
    "GET", "/api/v1/practitioners", verb="directory.search", limit=SEARCHES,
    errors=(*_WHERE, UnknownSpecialty, line.BadCursor),
)  # fmt: skip
async def find_practitioners(request: web.Request, caller: Caller, query: PractitionersQuery) -> Search:
    """Doctors in the towns around a place, the nearest or the earliest first."""
    async with request.app[DATABASE].transaction(caller) as tx:
        spot = await whereabouts.resolve(tx, query.where, _locale(request))
    async with request.app[DATABASE].transaction(caller, replan=False) as tx:
        return await search.practitioners(tx, spot, query, _locale(request))


@operation("GET", "/api/v1/practitioners/{practitioner}", verb="directory.search", limit=SEARCHES)
async def show_practitioner(request: web.Request, caller: Caller, practitioner: UUID) -> Practitioner:
    """One doctor with the practice and what can be booked."""
    async with request.app[DATABASE].transaction(caller) as tx:
        return await sites.practitioner(tx, practitioner, _locale(request))


@operation("GET", "/api/v1/sites", verb="directory.search", errors=_WHERE, limit=SEARCHES)
async def find_sites(request: web.Request, caller: Caller, query: SitesQuery) -> Sites:
    """The nearest pharmacies and halls with a station, or sites of one kind."""
    async with request.app[DATABASE].transaction(caller) as tx:
        spot = await whereabouts.resolve(tx, query.where, _locale(request))
        return Sites(spot, await sites.near(tx, spot, query.kind, query.limit))


@operation("GET", "/api/v1/specialties", verb="directory.search")
async def list_specialties(request: web.Request) -> Specialties:
    """The medical specialties, by the names patients use."""
    return Specialties([Specialty(code, name.render(_locale(request))) for code, name in SPECIALTIES.items()])


def _locale(request: web.Request) -> str:
    return choose(None, request.headers.get("Accept-Language", ""))


ROUTES = [find_towns, find_practitioners, show_practitioner, find_sites, list_specialties]
