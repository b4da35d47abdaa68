"""The counter's day: who comes, who is here without an appointment and waits for the next free doctor.

Of other days the times alone (P-05). The form for somebody who walks in stands first, because others stand behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from itertools import groupby
from types import MappingProxyType
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from telemed.db import Tx
from telemed.desk import rows
from telemed.directory import specialties
from telemed.errors import BadRequest, Invalid
from telemed.forms import UnclearDate, posted, read_date
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.keys import DATABASE, SETTINGS
from telemed.once import once
from telemed.scheduling import consent
from telemed.scheduling.api import TAKING
from telemed.scheduling.codes import Codes
from telemed.scheduling.types import Patient
from telemed.stations import care, intake, rides, walkins
from telemed.stations.types import CODES
from telemed.stations.walkins import REASONS, AlreadyWaiting, Arrival
from telemed.text import Text
from telemed.visit.slips import slip
from telemed.visit.wishing import DAYS

AHEAD: Final = timedelta(days=14)
_NONE: Final[Mapping[str, Text]] = MappingProxyType({})


class Busy(msgspec.Struct, frozen=True):
    """A time at which a room is taken."""

    start: datetime
    end: datetime
    room: str


class Room(msgspec.Struct, frozen=True):
    id: UUID
    name: str


@page("GET", "/station", verb="day.watch", session="staff")
async def today(request: web.Request, caller: Caller) -> web.Response:
    if caller.role != "assistant":
        return see_other("/practice")
    return await _today(request, caller, {}, _NONE)


@page("POST", "/station/walk-ins", verb="walk_in.manage", session="staff", limit=TAKING)
async def add(request: web.Request, caller: Caller) -> web.Response:
    """Somebody waits for the next free doctor from now on; the slip with their code is shown this once."""
    typed = await posted(request)
    try:
        arrival = _arrival(typed, locale_of(request))
        made = once(typed.get("key"), caller, "walk_in.manage", arrival)
        walk_in = await walkins.add(
            request.app[DATABASE], request.app[CODES], caller, arrival, made
        )  # fmt: skip
    except AlreadyWaiting as refusal:
        return await _today(request, caller, typed, {"name": refusal.text})
    except Invalid as refusal:
        if not refusal.fields:
            raise
        wrong = {field.removeprefix("patient."): why for field, why in refusal.fields.items()}
        return await _today(request, caller, typed, wrong)
    await walkins.tidy(request.app[DATABASE], caller)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        found = next((one for one in await walkins.walk_ins(tx, caller, at.id) if one.id == walk_in), None)
        outlook = await walkins.outlook(tx, caller, at.id, [])
    if found is None:  # the form was sent again, and a doctor has taken them meanwhile
        return see_other("/station")
    code = Codes(request.app[SETTINGS].secret).code(walk_in)
    return render(
        request, "counter/slip.html", status=201, it=found, at=at, slip=slip(request, code),
        wait_minutes=outlook.waiting.get(walk_in),
    )  # fmt: skip


@page("POST", "/station/walk-ins/{walk_in}/end", verb="walk_in.manage", session="staff")
async def leave(request: web.Request, caller: Caller, walk_in: UUID) -> web.Response:
    """They do not want to wait any longer."""
    await walkins.leave(request.app[DATABASE], caller, walk_in)
    return see_other("/station")


def _arrival(typed: Mapping[str, str], locale: str) -> Arrival:
    """Raises Invalid naming every field that is wrong; BadRequest for what no form sends."""
    try:
        born = read_date(typed.get("birth_date", ""))
    except UnclearDate as error:
        raise Invalid(fields=walkins.unreadable(typed.get("name", "")) | {"birth_date": error.sentence}) from error
    if typed.get("specialty") not in specialties.SPECIALTIES:
        raise BadRequest
    asked = {name: typed.get(name, "") for name in ("station", "specialty")}
    patient = Patient(typed.get("name", "")[:400], born)
    more = {"patient": patient, "assisting": typed.get("assisting") == "yes", "language": locale}
    try:
        return msgspec.convert(asked | more, Arrival, from_attributes=True)
    except msgspec.ValidationError as error:
        raise BadRequest from error


async def _today(
    request: web.Request, caller: Caller, typed: Mapping[str, str], errors: Mapping[str, Text]
) -> web.Response:
    await walkins.tidy(request.app[DATABASE], caller)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        found = await rows.day(tx, at, at.today)
        ahead = await _ahead(tx, at)
        rooms = await tx.many(Room, "desk.stations", site=at.id)
        kinds = await walkins.kinds(tx)
        outlook = await walkins.outlook(tx, caller, at.id, kinds)
        waiting = await walkins.walk_ins(tx, caller, at.id)
        received = await intake.received(tx, [row.id for row in found])
        lights, buses = await care.stations(tx, at.id), await rides.rides(tx, at.id)
    part = request.query.get("fragment") == "1"
    blank = {"name": "", "birth_date": "", "specialty": "", "station": "", "key": new_id().hex}
    return render(
        request, "counter/day.html" if part else "counter/today.html", status=422 if errors else 200, at=at,
        on=at.today, rows=found, ahead=ahead, version=consent.VERSION, received=received, rooms=rooms,
        walk_ins=waiting, reasons=REASONS, lights=lights, rides=buses, ride_kinds=rides.KINDS, days=DAYS,
        kinds={code: specialties.label(code) for code in kinds}, outlook=outlook, errors=errors,
        typed=blank | dict(typed), assisting="name" not in typed or typed.get("assisting") == "yes",
    )  # fmt: skip


async def _ahead(tx: Tx, at: rows.Site) -> list[tuple[date, list[Busy]]]:
    """When the rooms are taken from tomorrow on, day by day; who comes is said on the day."""
    zone = ZoneInfo(at.zone)
    since = datetime.combine(at.today + timedelta(days=1), time(), zone)
    found = await tx.many(Busy, "desk.busy", since=since, until=since + AHEAD)
    return [(day, list(those)) for day, those in groupby(found, lambda one: one.start.astimezone(zone).date())]


ROUTES = [today, add, leave]
