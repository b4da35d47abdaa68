"""Stations over HTTP, for whoever runs several of them with programs of their own."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from telemed.errors import Forbidden
from telemed.http import operation
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.limits import Limit
from telemed.once import HEADER, SCHEMA, KeyMalformed, KeyReused, once
from telemed.stations import care, gateways, intake, oncall, pairing, stations, walkins
from telemed.stations.care import Look
from telemed.stations.intake import NotToday, Over, Received
from telemed.stations.oncall import Declining, Desk, HandingOn, NoService, Taken, TimeTaken, Until, WalkInGone
from telemed.stations.types import (
    CODES,
    AlreadyPaired,
    Description,
    GatewayPaired,
    Pairing,
    PairingCode,
    Stations,
    Training,
    UnknownPairing,
)
from telemed.stations.walkins import AlreadyWaiting, Arrival, Slip, WalkIns

GUESSES = Limit(burst=20, per_minute=10)  # of a screen's code, per client address; it lives ten minutes, in 37 bits
COMING = Limit(burst=60, per_minute=60)  # per client address


@operation("GET", "/api/v1/stations", verb="station.change")
async def list_stations(request: web.Request, caller: Caller) -> Stations:
    """The stations of the caller's site."""
    if caller.site is None:
        raise Forbidden
    async with request.app[DATABASE].transaction(caller) as tx:
        return Stations(await stations.stations(tx, caller, caller.site))


@operation("PUT", "/api/v1/stations/{station}/description", verb="station.change")
async def describe(request: web.Request, caller: Caller, station: UUID, body: Description) -> None:
    """Say what a station is like; the list of privacy counts as gone through now."""
    async with request.app[DATABASE].transaction(caller) as tx:
        await stations.describe(tx, caller, station, body)


@operation(
    "POST", "/api/v1/stations/{station}/pairing", verb="station.change", status=201, limit=GUESSES,
    errors=(UnknownPairing, AlreadyPaired, GatewayPaired),
)  # fmt: skip
async def pair(request: web.Request, caller: Caller, station: UUID, body: PairingCode) -> Pairing:
    """Make the screen, or the gateway, that shows this code the station's."""
    return Pairing(await pairing.pair(request.app[DATABASE], request.app[CODES], caller, station, body.code))


@operation("DELETE", "/api/v1/stations/{station}/pairing", verb="station.change")
async def unpair(request: web.Request, caller: Caller, station: UUID) -> None:
    """End the pairing of a station's screen, whatever it does at the moment."""
    await pairing.unpair(request.app[DATABASE], caller, station)


@operation("POST", "/api/v1/trainings", verb="station.change")
async def note_training(request: web.Request, caller: Caller, body: Training) -> None:
    """Note what somebody who assists has learnt."""
    async with request.app[DATABASE].transaction(caller) as tx:
        await stations.note_training(tx, caller, body)


@operation("POST", "/api/v1/appointments/{appointment}/intake", verb="intake.take", errors=(Over, NotToday))
async def take_in(request: web.Request, caller: Caller, appointment: UUID, body: Received) -> None:
    """Note that somebody at a station was received as they should be, and agrees."""
    await intake.take(request.app[DATABASE], caller, appointment, body)


@operation("POST", "/api/v1/stations/checks", verb="station.check")
async def note_check(request: web.Request, caller: Caller, body: Look) -> None:
    """Note how the screen that asks has found its station today: camera, microphone, line."""
    await care.note(request.app[DATABASE], caller, body)


@operation("GET", "/api/v1/walk-ins", verb="walk_in.manage")
async def list_walk_ins(request: web.Request, caller: Caller) -> WalkIns:
    """Who came to the caller's site without an appointment today, in order, and how long it may take."""
    if caller.site is None:
        raise Forbidden
    await walkins.tidy(request.app[DATABASE], caller)
    async with request.app[DATABASE].transaction(caller) as tx:
        outlook = await walkins.outlook(tx, caller, caller.site, await walkins.kinds(tx))
        return WalkIns(await walkins.walk_ins(tx, caller, caller.site), outlook)


@operation(
    "POST", "/api/v1/walk-ins", verb="walk_in.manage", status=201, limit=COMING, headers={HEADER: SCHEMA},
    errors=(AlreadyWaiting, KeyReused, KeyMalformed),
)  # fmt: skip
async def add_walk_in(request: web.Request, caller: Caller, body: Arrival) -> Slip:
    """Somebody at a station waits for the next free doctor from now on; the answer has their code."""
    asked = once(request.headers.get(HEADER), caller, "walk_in.manage", body)
    codes = request.app[CODES]
    walk_in = await walkins.add(request.app[DATABASE], codes, caller, body, asked)
    return Slip(walk_in, codes.code(walk_in))


@operation("DELETE", "/api/v1/walk-ins/{walk_in}", verb="walk_in.manage")
async def leave(request: web.Request, caller: Caller, walk_in: UUID) -> None:
    """They do not want to wait any longer."""
    await walkins.leave(request.app[DATABASE], caller, walk_in)


@operation("GET", "/api/v1/on-call", verb="on_call.take")
async def look(request: web.Request, caller: Caller) -> Desk:
    """Who is next. To ask is to be there: who has not asked for 90 seconds counts as gone."""
    return await oncall.look(request.app[DATABASE], caller)


@operation("PUT", "/api/v1/on-call", verb="on_call.take", errors=(NoService,))
async def open_on_call(request: web.Request, caller: Caller, body: Until) -> None:
    """Be there for walk-ins, for twelve hours at most."""
    await oncall.open_until(request.app[DATABASE], caller, body.until)


@operation(
    "POST", "/api/v1/walk-ins/{walk_in}/acceptance", verb="on_call.take", status=201,
    errors=(NoService, WalkInGone, TimeTaken),
)  # fmt: skip
async def accept(request: web.Request, caller: Caller, walk_in: UUID) -> Taken:
    """It is an appointment from now on; asked again, the same one."""
    return Taken(await oncall.accept(request.app[DATABASE], caller, walk_in))


@operation("POST", "/api/v1/walk-ins/{walk_in}/handing-on", verb="on_call.take", errors=(NoService, WalkInGone))
async def hand_on(request: web.Request, caller: Caller, walk_in: UUID, body: HandingOn) -> None:
    """To the next doctor, at the same place in the queue, or before all others."""
    await oncall.hand_on(request.app[DATABASE], caller, walk_in, urgent=body.urgent)


@operation("POST", "/api/v1/walk-ins/{walk_in}/declining", verb="on_call.take", errors=(NoService, WalkInGone))
async def decline(request: web.Request, caller: Caller, walk_in: UUID, body: Declining) -> None:
    """Not by video; the staff beside the patient read why."""
    await oncall.decline(request.app[DATABASE], caller, walk_in, body.reason)


@operation("DELETE", "/api/v1/on-call", verb="on_call.take", errors=(NoService,))
async def close_on_call(request: web.Request, caller: Caller) -> None:
    """And not any longer; who is offered at the moment waits for another doctor."""
    await oncall.close(request.app[DATABASE], caller)


ROUTES = [
    list_stations, describe, pair, unpair, note_training, take_in, note_check,
    list_walk_ins, add_walk_in, leave,
    look, open_on_call, accept, hand_on, decline, close_on_call,
    *gateways.ROUTES,
]  # fmt: skip
