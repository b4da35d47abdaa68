"""What those who work at a station say of it: what the room is like, which screen is in it, who has learnt what."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args
from uuid import UUID

import msgspec
from aiohttp import web

from telemed.desk import rows
from telemed.errors import BadRequest, Invalid, Refusal
from telemed.forms import UnclearDate, posted, read_date
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.stations import pairing, stations
from telemed.stations.api import GUESSES
from telemed.stations.types import (
    ACCESS,
    CODES,
    DEVICES,
    PRIVACY,
    TOPICS,
    AlreadyPaired,
    Description,
    GatewayPaired,
    Station,
    Topic,
    Training,
    UnknownPairing,
)
from telemed.text import Text

_LISTS = {"devices": DEVICES, "accessibility": ACCESS, "privacy": PRIVACY}
_NONE: Mapping[str, Text] = MappingProxyType({})


@page("GET", "/station/setup", verb="station.change", session="staff")
async def setup(request: web.Request, caller: Caller) -> web.Response:
    return await _setup(request, caller, {}, _NONE)


@page("POST", "/station/trainings", verb="station.change", session="staff")
async def note_training(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    try:
        passed = read_date(typed.get("passed", ""))
        learnt = Training(_id(typed.get("person", "")), _topic(typed.get("topic", "")), passed)
        async with request.app[DATABASE].transaction(caller) as tx:
            await stations.note_training(tx, caller, learnt)
    except UnclearDate as unclear:
        return await _setup(request, caller, typed, {"passed": unclear.sentence})
    except Invalid as refusal:
        return await _setup(request, caller, typed, refusal.fields)
    return see_other("/station/setup?done=noted#team")


@page("GET", "/station/rooms/{station}", verb="station.change", session="staff")
async def room(request: web.Request, caller: Caller, station: UUID) -> web.Response:
    return await _room(request, caller, station)


@page("POST", "/station/rooms/{station}", verb="station.change", session="staff")
async def describe(request: web.Request, caller: Caller, station: UUID) -> web.Response:
    typed = await posted(request)
    ticked = {name: [one for one in every if f"{name}.{one}" in typed] for name, every in _LISTS.items()}
    try:
        said = msgspec.convert({"directions": typed.get("directions", ""), **ticked}, Description)
    except msgspec.ValidationError as error:
        raise BadRequest from error
    try:
        async with request.app[DATABASE].transaction(caller) as tx:
            await stations.describe(tx, caller, station, said)
    except Invalid as refusal:
        return await _room(request, caller, station, typed, refusal.fields)
    return see_other("/station/setup?done=described")


@page("POST", "/station/rooms/{station}/pairing", verb="station.change", session="staff", limit=GUESSES)
async def pair(request: web.Request, caller: Caller, station: UUID) -> web.Response:
    """Enters the code that the screen, or the gateway, shows."""
    typed = await posted(request)
    name = "gateway_code" if "gateway_code" in typed else "code"
    code = typed.get(name, "")
    try:
        await pairing.pair(request.app[DATABASE], request.app[CODES], caller, station, code[:40])
    except (UnknownPairing, AlreadyPaired, GatewayPaired) as refusal:
        return await _room(request, caller, station, None, {name: refusal.text}, refusal, code)
    return see_other(f"/station/rooms/{station}?done={'paired' if name == 'code' else 'gateway_paired'}")


@page("POST", "/station/rooms/{station}/pairing/end", verb="station.change", session="staff")
async def unpair(request: web.Request, caller: Caller, station: UUID) -> web.Response:
    await pairing.unpair(request.app[DATABASE], caller, station)
    return see_other(f"/station/rooms/{station}?done=unpaired")


@page("POST", "/station/rooms/{station}/gateway/end", verb="station.change", session="staff")
async def unpair_gateway(request: web.Request, caller: Caller, station: UUID) -> web.Response:
    await pairing.unpair(request.app[DATABASE], caller, station, gateway=True)
    return see_other(f"/station/rooms/{station}?done=gateway_unpaired")


async def _setup(
    request: web.Request, caller: Caller, typed: Mapping[str, str], errors: Mapping[str, Text]
) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        found = await stations.stations(tx, caller, at.id)
        team = await stations.team(tx, caller, at.id)
    return render(
        request, "counter/setup.html", status=422 if errors else 200, at=at, stations=found, team=team, topics=TOPICS,
        typed={"person": "", "topic": "", "passed": "", **typed}, errors=errors, done=request.query.get("done"),
    )  # fmt: skip


async def _room(
    request: web.Request, caller: Caller, station: UUID, typed: Mapping[str, str] | None = None,
    errors: Mapping[str, Text] = _NONE, refusal: Refusal | None = None, code: str = "",
) -> web.Response:  # fmt: skip
    async with request.app[DATABASE].transaction(caller) as tx:
        it = await stations.station(tx, caller, station)
    return render(
        request, "counter/room.html", status=refusal.status if refusal else 422 if errors else 200, it=it,
        lists=_LISTS, typed=typed if typed is not None else _shown(it), code=code, errors=errors,
        done=request.query.get("done"),
    )  # fmt: skip


def _shown(it: Station) -> dict[str, str]:
    ticked = {f"{name}.{one}": "yes" for name in _LISTS for one in getattr(it, name)}
    return {"directions": it.directions, **ticked}


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError as error:
        raise BadRequest from error


def _topic(typed: str) -> Topic:
    found: dict[str, Topic] = {topic: topic for topic in get_args(Topic)}
    if typed not in found:
        raise BadRequest
    return found[typed]


ROUTES = [setup, note_training, room, describe, pair, unpair, unpair_gateway]
