"""Booking for somebody who stands at the counter: specialty, time, name, slip."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from telemed import clock, names
from telemed.desk import rows
from telemed.directory import specialties
from telemed.errors import BadRequest, Invalid
from telemed.forms import UnclearDate, posted, read_date
from telemed.html import locale_of, page, render
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.keys import DATABASE, SETTINGS
from telemed.once import once
from telemed.scheduling import bookings, slots, wishes
from telemed.scheduling.api import TAKING
from telemed.scheduling.codes import Codes
from telemed.scheduling.refusals import InThePast, KeptForNear, NotAdmitted, NotASlot, SlotTaken
from telemed.scheduling.services import nearness
from telemed.scheduling.types import BookingWish, Patient, Service, Wish
from telemed.stations import walkins
from telemed.text import Text, _
from telemed.visit.slips import slip

_STARTS = 6  # offered of each doctor


class Station(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class Offer(msgspec.Struct, frozen=True):
    """A doctor, and when both they and the station are free."""

    service: Service
    starts: list[datetime]

    def days(self) -> list[tuple[date, list[datetime]]]:
        zone = ZoneInfo(self.service.zone)
        return [(day, list(group)) for day, group in groupby(self.starts, lambda start: start.astimezone(zone).date())]


@page("GET", "/station/book", verb="appointment.book", session="staff")
async def choose(request: web.Request, caller: Caller) -> web.Response:
    """Doctors of a specialty, the earliest first; each start names its doctor (B-01)."""
    return await _choose(request, caller, request.query.get("specialty", ""), request.query.get("station", ""))


@page("GET", "/station/book/details", verb="appointment.book", session="staff")
async def details(request: web.Request, caller: Caller) -> web.Response:
    wish = _wish(caller, request.query)
    async with request.app[DATABASE].transaction(caller) as tx:
        await rows.site(tx, caller)
        service = await tx.one(Service, "scheduling.service", service=wish.service)
    return _form(request, service, wish, {}, {})


@page("POST", "/station/book", verb="appointment.book", session="staff", limit=TAKING)
async def book(request: web.Request, caller: Caller) -> web.Response:
    """Books, and shows the slip with the code: this once, then only the patient has it."""
    typed = await posted(request)
    wish = _wish(caller, typed)
    async with request.app[DATABASE].transaction(caller) as tx:
        service = await tx.one(Service, "scheduling.service", service=wish.service)
    try:
        asked = _booking_wish(wish, typed, locale_of(request))
        made = once(typed.get("key"), caller, "appointment.book", asked)
        booking = await bookings.book(request.app[DATABASE], Codes(request.app[SETTINGS].secret), caller, asked, made)
    except SlotTaken as refusal:
        taken = refusal.data.get("taken")
        if isinstance(taken, list) and "patient" in taken:
            why = _("This patient already has an appointment at this time.")
            return _form(request, service, wish, typed, {"name": why})
        return await _choose(request, caller, service.specialty, str(wish.station), refusal.text)
    except NotAdmitted as refusal:
        return _form(request, service, wish, typed, {"name": refusal.text})
    except (NotASlot, InThePast, KeptForNear) as refusal:
        return await _choose(request, caller, service.specialty, str(wish.station), refusal.text)
    except Invalid as refusal:
        wrong = {field.removeprefix("patient."): why for field, why in refusal.fields.items()}
        return _form(request, service, wish, typed, wrong)
    return render(request, "desk/slip.html", status=201, it=booking, slip=slip(request, booking.code))


async def _choose(
    request: web.Request, caller: Caller, specialty: str, wanted: str, refused: Text | None = None
) -> web.Response:
    offers: list[Offer] = []
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        stations = await tx.many(Station, "desk.stations", site=at.id)
        station = next((one for one in stations if str(one.id) == wanted), stations[0] if stations else None)
        bookable = await walkins.kinds(tx)
        if station is not None and specialty:
            for service in await tx.many(Service, "desk.assisted", site=at.id, specialty=specialty):
                near = (await nearness.of(tx, service.id, None, station.id)).near
                starts = await slots.free(tx, service.id, _STARTS, near=near, station=station.id)
                if starts:
                    offers.append(Offer(service, starts))
    return render(
        request, "desk/book.html", status=409 if refused else 200, at=at, stations=stations, station=station,
        specialty=specialty, specialties={code: specialties.label(code) for code in bookable}, refused=refused,
        offers=sorted(offers, key=lambda offer: offer.starts[0]),
    )  # fmt: skip


def _wish(caller: Caller, typed: Mapping[str, str]) -> Wish:
    """Which doctor and when, as the page before wrote it. Raises BadRequest, and whatever `wishes.check` does."""
    wanted = {name: typed.get(name, "") for name in ("service", "start", "station")}
    try:
        wish = msgspec.convert(wanted | {"mode": "assisted"}, Wish)
    except msgspec.ValidationError as error:
        raise BadRequest from error
    wishes.check(caller, wish)
    return wish


def _booking_wish(wish: Wish, typed: Mapping[str, str], locale: str) -> BookingWish:
    """Raises Invalid naming every field that is wrong, not only the first."""
    wrong: dict[str, Text] = {}
    born = clock.now().date()
    try:
        names.person_name(typed.get("name", ""))
    except ValueError:
        wrong["name"] = names.SENTENCES["name"]
    try:
        born = read_date(typed.get("birth_date", ""))
    except UnclearDate as error:
        wrong["birth_date"] = error.sentence
    if wrong:
        raise Invalid(fields=wrong)
    patient = Patient(typed.get("name", "")[:400], born)
    asked = {"patient": patient, "language": locale, **msgspec.structs.asdict(wish)}
    return msgspec.convert(asked, BookingWish, from_attributes=True)


def _form(
    request: web.Request, service: Service, wish: Wish, typed: Mapping[str, str], errors: dict[str, Text]
) -> web.Response:
    typed = {"name": "", "birth_date": "", "key": new_id().hex} | dict(typed)
    return render(
        request, "desk/book_details.html", status=422 if errors else 200, service=service, wish=wish, typed=typed,
        errors=errors,
    )  # fmt: skip


ROUTES = [choose, details, book]
