"""Pairing: a browser becomes a station's screen, or a process its gateway, by a code, until somebody ends it.

As device authorization (RFC 8628): nothing is typed at the counter, and the code alone opens nothing, because only the
browser that shows it becomes the screen, and only somebody who works at the station can enter it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Database
from telemed.errors import NotFound
from telemed.identity.badges import TO_PAIR, Badges
from telemed.identity.callers import SYSTEM, Caller
from telemed.ids import new_id
from telemed.scheduling.types import CONSENT_VERSION
from telemed.stations.stations import opened
from telemed.stations.types import Codes, Screen, UnknownPairing, Visit

_LATE: Final = timedelta(hours=4)  # after its end an appointment can still be joined (telemed.consultation.tickets)


class _At(msgspec.Struct, frozen=True):
    station: UUID
    site: UUID
    gateway: bool


async def show_code(db: Database, codes: Codes, *, gateway: bool = False) -> UUID:
    """A new code, which `codes` derives from the id; good for ten minutes."""
    pairing, now = new_id(), clock.now()
    digest = codes.pairing_digest(codes.pairing_code(pairing))
    async with db.transaction(SYSTEM) as tx:
        await tx.run("stations.show_code", id=pairing, digest=digest, now=now, expires=now + TO_PAIR, gateway=gateway)
    return pairing


async def pair(db: Database, codes: Codes, caller: Caller, station: UUID, typed: str) -> UUID:
    """The screen or gateway that shows this code is the station's from now on.

    Raises UnknownPairing, AlreadyPaired, GatewayPaired, NotFound (another site's station).
    """
    digest = codes.pairing_digest(typed)
    async with db.transaction(caller) as tx:
        await opened(tx, caller, station)
        if digest is None:
            raise UnknownPairing
        pairing: UUID | None = await tx.value("stations.pair", digest=digest, station=station, now=clock.now())
        if pairing is None:
            raise UnknownPairing
        return pairing


async def fetch_badge(db: Database, badges: Badges, pairing: UUID) -> str | None:
    """The first badge, for whoever showed the code, again if the answer got lost, until one has been shown.

    None: nobody has entered the code yet, or it is over.
    """
    async with db.transaction(SYSTEM) as tx:
        at = await tx.maybe(_At, "stations.fetch_badge", pairing=pairing, now=clock.now())
    if at is None:
        return None
    return badges.badge(pairing, at.station, at.site, 1, "gateway" if at.gateway else "station")


async def unpair(db: Database, caller: Caller, station: UUID, *, gateway: bool = False) -> None:
    """At once, wherever the screen is and whatever it does. A station without a screen stays one. Raises NotFound."""
    async with db.transaction(caller) as tx:
        await opened(tx, caller, station)
        await tx.run("stations.unpair", station=station, gateway=gateway, now=clock.now())


async def day(db: Database, caller: Caller) -> tuple[Screen, list[Visit]]:
    """What a screen shows: what is still to come at its station today, by initials. Raises NotFound."""
    async with db.transaction(caller) as tx:
        screen = await tx.one(Screen, "stations.screen", station=caller.station)
        return screen, await tx.many(Visit, "stations.screen_day", since=clock.now() - _LATE, consent=CONSENT_VERSION)


async def visit(db: Database, caller: Caller, appointment: UUID) -> Visit:
    """One of them. Raises NotFound."""
    found = next((one for one in (await day(db, caller))[1] if one.id == appointment), None)
    if found is None:
        raise NotFound
    return found


async def at_gateway(db: Database, caller: Caller) -> UUID | None:
    """The appointment whose room the gateway may ask for: the one in front of it at the moment."""
    async with db.transaction(caller) as tx:
        found: UUID | None = await tx.value("stations.gateway_visit", now=clock.now())
        return found
