"""A doctor and the free times: what is needed, how to talk, and where to go for it."""

from __future__ import annotations

from datetime import date
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from aiohttp import web

from telemed.db import Tx
from telemed.directory import sites
from telemed.directory.types import Practitioner, Service
from telemed.html import locale_of, page, render
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.keys import DATABASE
from telemed.scheduling.hours import closures
from telemed.scheduling.services import nearness
from telemed.scheduling.services.nearness import Nearness
from telemed.scheduling.types import Mode
from telemed.text import Text
from telemed.visit import asked, held, home, rooms
from telemed.visit.days import Choice, choice, read_day
from telemed.visit.home import Home
from telemed.visit.rooms import Room

MODES: Final[dict[Mode, Text]] = {
    "video": asked.MODE[""], "assisted": asked.MODE["assisted"], "in_person": asked.MODE["in_person"],
}  # fmt: skip


class Look(msgspec.Struct, frozen=True):
    """What is looked at, as the address says it. `room`: where an assisted consultation would be."""

    practitioner: UUID
    service: UUID | None
    mode: Mode | None
    room: Room | None
    where: str

    @property
    def station(self) -> UUID | None:
        return self.room.id if self.room is not None else None

    def but(self, **changes: object) -> str:
        """The address of this look with some of it changed, from the earliest times on."""
        said: dict[str, object] = {"service": self.service, "mode": self.mode, "station": self.station}
        said |= {"where": self.where, **changes}
        return f"/practitioners/{self.practitioner}?" + urlencode({name: f"{v}" for name, v in said.items() if v})


@page("GET", "/practitioners/{practitioner}", verb="slots.search")
async def times(request: web.Request, caller: Caller, practitioner: UUID) -> web.Response:
    """The doctor by name (B-01) and the next days that have free times."""
    since = read_day(request.query.get("from", ""))
    async with request.app[DATABASE].transaction(caller) as tx:
        doctor = await sites.practitioner(tx, practitioner, locale_of(request))
        lives = await home.read(tx, request)
        there = await _rooms(tx, doctor, lives, request.query.get("station", ""))
        offered = [service for service in doctor.services if _ways(service, there)]
        wanted = request.query.get("service", "")
        chosen = next((service for service in offered if str(service.id) == wanted), offered[0] if offered else None)
        ways = _ways(chosen, there) if chosen is not None else []
        mode = next((mode for mode in ways if mode == request.query.get("mode")), ways[0] if ways else None)
        room = there[0] if mode == "assisted" else None
        look = Look(doctor.id, chosen.id if chosen is not None else None, mode, room, lives.where)
        place = await _place(tx, look, lives)
    if not place.known and await held.was_near(request, caller, doctor.site.id):
        place = msgspec.structs.replace(place, near=True, known=True)
    async with request.app[DATABASE].transaction(caller, replan=False) as tx:
        found = await _found(tx, look, since, near=place.near)
        away = await closures.away(tx, practitioner, doctor.site.zone)
    return render(
        request, "visit/times.html", doctor=doctor, offered=offered, chosen=chosen, found=found, since=since, away=away,
        ways=ways, names=MODES, look=look, rooms=there, lives=lives, place=place,
        waiting=await held.with_doctor(request, caller, practitioner), key=new_id().hex,
    )  # fmt: skip


async def _rooms(tx: Tx, doctor: Practitioner, lives: Home, wanted: str) -> list[Room]:
    """Stations near the patient; near the practice, if nobody knows where the patient lives."""
    if not any("assisted" in service.modes for service in doctor.services):
        return []
    return await rooms.near(tx, lives.spot or doctor.site, wanted)


def _ways(service: Service, there: list[Room]) -> list[Mode]:
    return [mode for mode in MODES if mode in service.modes and (mode != "assisted" or there)]


async def _place(tx: Tx, look: Look, lives: Home) -> Nearness:
    if look.service is None:
        return nearness.EVERYBODY
    return await nearness.of(tx, look.service, lives.postal_code, look.station)


async def _found(tx: Tx, look: Look, since: date | None, *, near: bool) -> Choice | None:
    if look.service is None:
        return None
    return await choice(tx, look.service, since, look.station, near=near, with_kept=True)


ROUTES = [times]
