"""Where do you live, which doctor do you need: the first page and the list it leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Final, cast

import msgspec
from aiohttp import web

from telemed.directory import search, whereabouts
from telemed.directory.search import BadCursor
from telemed.directory.specialties import SPECIALTIES, UnknownSpecialty
from telemed.directory.states import STATES
from telemed.directory.types import Candidate, Found, PractitionersQuery, Search, Sort, Town
from telemed.errors import Invalid
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.text import Text, _

PAGE: Final = 12
LONGEST: Final = 120  # characters of a place


class Group(msgspec.Struct, frozen=True):
    """A larger town and who can be seen there."""

    town: Town
    found: list[Found]


@page("GET", "/", verb="page.read")
async def home(request: web.Request) -> web.Response:
    return render(
        request,
        "visit/home.html",
        asked=_asked(request),
        errors={},
        candidates=[],
        specialties=SPECIALTIES,
        states=STATES,
    )


@page("GET", "/search", verb="directory.search")
async def results(request: web.Request, caller: Caller) -> web.Response:
    """The doctors in the larger towns around; or the form again, with everything still in it."""
    asked = _asked(request)
    if not request.query:
        return see_other("/")
    errors: dict[str, Text] = {}
    candidates: list[Candidate] = []
    if not asked["where"]:
        return _form(request, asked, {"where": _("Please tell us your postal code or your village.")})
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
        request, "visit/results.html", asked=asked, errors={}, found=found,
        groups=_groups(found), more=_more(asked, found), specialties=SPECIALTIES, states=STATES,
    )  # fmt: skip


async def _search(request: web.Request, caller: Caller, asked: dict[str, str]) -> Search:
    locale = locale_of(request)
    query = PractitionersQuery(
        where=asked["where"], specialty=asked["specialty"] or None, sort=cast(Sort, asked["sort"]), limit=PAGE,
        cursor=asked["cursor"] or None,
    )  # fmt: skip
    async with request.app[DATABASE].transaction(caller) as tx:
        spot = await whereabouts.resolve(tx, query.where, locale)
        try:
            return await search.practitioners(tx, spot, query, locale)
        except BadCursor:
            return await search.practitioners(tx, spot, msgspec.structs.replace(query, cursor=None), locale)


def _asked(request: web.Request) -> dict[str, str]:
    query = request.query
    return {
        "where": query.get("where", "").strip()[:LONGEST],
        "specialty": query.get("specialty", ""),
        "sort": "earliest" if query.get("sort") == "earliest" else "nearest",
        "cursor": query.get("cursor", "")[:200],
    }


def _form(
    request: web.Request,
    asked: dict[str, str],
    errors: Mapping[str, Text] = MappingProxyType({}),
    candidates: Sequence[Candidate] = (),
) -> web.Response:
    return render(
        request,
        "visit/home.html",
        status=422 if errors else 200,
        asked=asked,
        errors=errors,
        candidates=candidates,
        specialties=SPECIALTIES,
        states=STATES,
    )


def _groups(found: Search) -> list[Group]:
    """Neighbours in the list that are in one town stand under one heading; the order of the search stays."""
    return [
        Group(together[0].town, together)
        for together in (list(group) for _place, group in groupby(found.practitioners, lambda one: one.town.place))
    ]


def _more(asked: dict[str, str], found: Search) -> dict[str, str] | None:
    return asked | {"cursor": found.next} if found.next else None


ROUTES = [home, results]
