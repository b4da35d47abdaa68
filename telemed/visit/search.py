"""Where do you live, which doctor do you need: the first page and the list it leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
from aiohttp import web

from telemed.directory import search, whereabouts
from telemed.directory.line import BadCursor
from telemed.directory.specialties import UnknownSpecialty
from telemed.directory.states import STATES
from telemed.directory.types import Candidate, Found, Search, Town
from telemed.errors import Invalid
from telemed.forms import posted
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.text import Text, _
from telemed.visit import asked as words
from telemed.visit import rooms
from telemed.visit.asked import Asked
from telemed.visit.days import starts_by_day

PAGE: Final = 12


class Group(msgspec.Struct, frozen=True):
    """A larger town and who can be seen there."""

    town: Town
    found: list[Found]


class _Position(msgspec.Struct, frozen=True):
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]


@page("GET", "/", verb="page.read")
async def home(request: web.Request) -> web.Response:
    return _form(request, words.read(request.query))


@page("GET", "/search", verb="directory.search")
async def results(request: web.Request, caller: Caller) -> web.Response:
    """The doctors in the larger towns around; or the form again, with everything still in it."""
    if not request.query:
        return see_other("/")
    asked = words.read(request.query)
    if not asked.where:
        return _form(request, asked, {"where": _("Please tell us your postal code or your village.")})
    if set(request.query) - {"lang"} != set(asked.said()):
        return see_other(asked.address)  # a form sends everything; what is usual or unknown is left out
    errors: dict[str, Text] = {}
    candidates: list[Candidate] = []
    try:
        found = await _search(request, caller, asked)
    except whereabouts.AmbiguousPlace as refusal:
        candidates = refusal.candidates
    except UnknownSpecialty as refusal:
        errors = refusal.fields
    except Invalid as refusal:
        errors = {"where": refusal.fields.get("where", refusal.text)}
    if errors or candidates:
        return _form(request, asked, errors, candidates)
    return render(
        request, "visit/results.html", asked=asked, errors={}, found=found, groups=_groups(found),
        rooms=rooms.of(found.stations, found.station), by_day=starts_by_day, **words.choices(),
    )  # fmt: skip


@page("POST", "/search/position", verb="directory.search")
async def position(request: web.Request, caller: Caller) -> web.Response:
    """From where a browser is to the postal code and village of a readable address; the position goes no further."""
    typed = await posted(request)
    asked = words.read(typed)
    try:
        spot = msgspec.convert({name: typed.get(name) for name in ("lat", "lon")}, _Position, strict=False)
    except msgspec.ValidationError:
        return _form(request, asked, {"where": whereabouts.UnknownPlace().text})
    async with request.app[DATABASE].transaction(caller) as tx:
        where = await whereabouts.at(tx, spot.lat, spot.lon)
    if where is None:
        return _form(request, asked, {"where": _("You seem to be outside Germany. Please type your postal code.")})
    return see_other(asked.but(where=where))


async def _search(request: web.Request, caller: Caller, asked: Asked) -> Search:
    locale = locale_of(request)
    query = asked.query(PAGE)
    async with request.app[DATABASE].transaction(caller) as tx:
        spot = await whereabouts.resolve(tx, query.where, locale)
    async with request.app[DATABASE].transaction(caller, replan=False) as tx:
        try:
            return await search.practitioners(tx, spot, query, locale)
        except BadCursor:
            return await search.practitioners(tx, spot, msgspec.structs.replace(query, cursor=None), locale)


def _form(
    request: web.Request, asked: Asked, errors: Mapping[str, Text] = MappingProxyType({}),
    candidates: Sequence[Candidate] = (),
) -> web.Response:  # fmt: skip
    return render(
        request, "visit/home.html", status=422 if errors else 200, asked=asked, errors=errors, candidates=candidates,
        states=STATES, **words.choices(),
    )  # fmt: skip


def _groups(found: Search) -> list[Group]:
    """Neighbours in the list that are in one town stand under one heading; the order of the search stays."""
    return [
        Group(together[0].town, together)
        for together in (list(group) for _place, group in groupby(found.practitioners, lambda one: one.town.place))
    ]


ROUTES = [home, results, position]
