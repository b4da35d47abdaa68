"""Stations over HTTP, for whoever runs several of them with programs of their own."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from telemed.errors import Forbidden
from telemed.http import operation
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.limits import Limit
from telemed.stations import intake, pairing, stations
from telemed.stations.intake import Over, Received
from telemed.stations.types import (
    CODES,
    AlreadyPaired,
    Description,
    Pairing,
    PairingCode,
    Stations,
    Training,
    UnknownPairing,
)

GUESSES = Limit(burst=20, per_minute=10)  # of a screen's code, per client address; it lives ten minutes, in 37 bits


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
    errors=(UnknownPairing, AlreadyPaired),
)  # fmt: skip
async def pair(request: web.Request, caller: Caller, station: UUID, body: PairingCode) -> Pairing:
    """Make the screen that shows this code the station's."""
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


@operation("POST", "/api/v1/appointments/{appointment}/intake", verb="intake.take", errors=(Over,))
async def take_in(request: web.Request, caller: Caller, appointment: UUID, body: Received) -> None:
    """Note that somebody at a station was received as they should be, and agrees."""
    await intake.take(request.app[DATABASE], caller, appointment, body)


ROUTES = [list_stations, describe, pair, unpair, note_training, take_in]
