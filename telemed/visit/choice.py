"""A doctor and the free times; choosing one reserves it."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote
from uuid import UUID

import msgspec
from aiohttp import web

from telemed import clock
from telemed.directory import sites
from telemed.errors import BadRequest, Refusal
from telemed.forms import posted
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.keys import DATABASE
from telemed.scheduling import holds
from telemed.scheduling.api import TAKING
from telemed.scheduling.hours import closures
from telemed.scheduling.once import Once, once
from telemed.scheduling.refusals import InThePast, KeptForNear, NotASlot, SlotTaken
from telemed.scheduling.services import nearness
from telemed.scheduling.slots import slots
from telemed.scheduling.types import Appointment, Hold, Mode, Service, SlotsQuery, Wish
from telemed.visit import held, home
from telemed.visit.days import choice, read_day, starts_by_day

MODES: Final[tuple[Mode, ...]] = ("video", "in_person")  # assisted ones are booked at the station, by its staff
_FEW: Final = 5


@page("GET", "/practitioners/{practitioner}", verb="slots.search")
async def times(request: web.Request, caller: Caller, practitioner: UUID) -> web.Response:
    """The doctor by name (B-01) and the next days that have free times."""
    since = read_day(request.query.get("from", ""))
    async with request.app[DATABASE].transaction(caller) as tx:
        doctor = await sites.practitioner(tx, practitioner, locale_of(request))
        offered = [service for service in doctor.services if set(MODES) & set(service.modes)]
        wanted = request.query.get("service", "")
        chosen = next((service for service in offered if str(service.id) == wanted), offered[0] if offered else None)
        ways = [mode for mode in MODES if chosen is not None and mode in chosen.modes]
        lives = await home.read(tx, request)
        place = await nearness.of(tx, chosen.id, lives.postal_code) if chosen is not None else nearness.EVERYBODY
        if not place.known and await _was_near(request, caller, doctor.site.id):
            place = msgspec.structs.replace(place, near=True, known=True)
        found = await choice(tx, chosen.id, since, near=place.near, with_kept=True) if chosen is not None else None
        away = await closures.away(tx, practitioner, doctor.site.zone)
    return render(
        request, "visit/times.html", doctor=doctor, offered=offered, chosen=chosen, found=found, since=since, away=away,
        ways=ways, mode=next((mode for mode in ways if mode == request.query.get("mode")), next(iter(ways), None)),
        lives=lives, place=place, where=f"&where={quote(lives.where)}" if lives.where else "",
        waiting=await _waiting(request, caller, practitioner), key=new_id().hex,
    )  # fmt: skip


@page("GET", "/holds", verb="page.read")
async def no_hold(request: web.Request) -> web.Response:
    """Where a change of language or a reload after a refusal leads."""
    return see_other("/")


@page("POST", "/holds", verb="hold.make", limit=TAKING)
async def hold(request: web.Request, caller: Caller) -> web.Response:
    """Reserves a time. The one that this browser has already reserved is found again, not taken twice."""
    typed = await posted(request)
    try:
        asked_for = {"service": typed["service"], "start": typed["start"], "mode": typed.get("mode", MODES[0])}
        wish = msgspec.convert(asked_for | {"postal_code": typed.get("postal_code") or None}, Wish)
    except (KeyError, msgspec.ValidationError) as error:
        raise BadRequest from error
    if wish.mode not in MODES:
        raise BadRequest
    for mine in await _holds(request, caller):
        if (mine.service, mine.start, mine.mode) == (wish.service, wish.start, wish.mode):
            return see_other(f"/holds/{mine.id}")
    # One page has one key; each of its buttons makes another request.
    asked = once(f"{typed.get('key', '')}-{wish.start:%Y%m%dT%H%M}-{wish.mode}", caller, "hold.make", wish)
    try:
        made = await _hold(request, caller, wish, asked)
    except (SlotTaken, NotASlot, InThePast, KeptForNear) as refusal:
        return await _instead(request, caller, refusal, wish)
    response = see_other(f"/holds/{made.id}")
    held.keep(request, response, made.id)
    return response


async def _hold(request: web.Request, caller: Caller, wish: Wish, asked: Once) -> Hold:
    """Whoever held a time as a neighbour of the practice is one still, without being asked again."""
    db, codes = request.app[DATABASE], held.codes(request)
    try:
        return await holds.hold(db, codes, caller, wish, asked)
    except KeptForNear:
        async with db.transaction(caller) as tx:
            offered = await tx.one(Service, "scheduling.service", service=wish.service)
        if not await _was_near(request, caller, offered.site):
            raise
        return await holds.hold(db, codes, caller, wish, asked, near=True)


def taken_page(
    request: web.Request, refusal: Refusal, it: Service | Appointment, postal_code: str | None = None,
    mode: Mode = MODES[0],
) -> web.Response:  # fmt: skip
    """Somebody was first: what is free instead, as buttons."""
    free = refusal.data.get("alternatives")
    service = it.service if isinstance(it, Appointment) else it.id
    hidden = {"service": service, "key": new_id().hex, "postal_code": postal_code or "",
              "mode": it.mode if isinstance(it, Appointment) else mode}  # fmt: skip
    return render(
        request, "visit/taken.html", status=refusal.status, refusal=refusal,
        days=starts_by_day(free if isinstance(free, list) else [], it.zone),
        who=f"{it.practitioner_title} {it.practitioner_name}".strip(),
        hidden=hidden, all_times=times_of(it), opens=refusal.data.get("opens"),
    )  # fmt: skip


def times_of(it: Service | Appointment) -> str:
    """Where the free times of this service are."""
    service = it.service if isinstance(it, Appointment) else it.id
    return f"/practitioners/{it.practitioner}?service={service}"


async def _instead(request: web.Request, caller: Caller, refusal: Refusal, wish: Wish) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        place = await nearness.of(tx, wish.service, wish.postal_code)
        offered = await slots(tx, wish.service, SlotsQuery(limit=_FEW), near=place.near)
    refusal.data.setdefault("alternatives", [slot.start for slot in offered.slots])
    return taken_page(request, refusal, offered.service, wish.postal_code, wish.mode)


async def _was_near(request: web.Request, caller: Caller, site: UUID) -> bool:
    """Whether this browser has held a time of that practice as somebody near it."""
    for hold in held.secrets(request):
        async with request.app[DATABASE].transaction(caller.about(hold)) as tx:
            it = await tx.maybe(Appointment, "scheduling.appointment", id=hold)
        if it is not None and it.site == site and it.near:
            return True
    return False


async def _holds(request: web.Request, caller: Caller) -> list[Appointment]:
    """What this browser holds at this moment."""
    found = []
    for hold in held.secrets(request):
        async with request.app[DATABASE].transaction(caller.about(hold)) as tx:
            it = await tx.maybe(Appointment, "scheduling.appointment", id=hold)
        if it is not None and it.status == "held" and it.expires is not None and it.expires > clock.now():
            found.append(it)
    return found


async def _waiting(request: web.Request, caller: Caller, practitioner: UUID) -> Appointment | None:
    """A time with this doctor that was reserved and not yet booked: the back button leads here."""
    return next((it for it in await _holds(request, caller) if it.practitioner == practitioner), None)


ROUTES = [times, no_hold, hold]
