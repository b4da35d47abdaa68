"""A reserved time becomes an appointment: who it is for, more time, giving it back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from uuid import UUID

from aiohttp import web

from telemed import clock, names
from telemed.errors import Conflict, Gone, Invalid, NotFound
from telemed.forms import UnclearDate, posted, read_date
from telemed.html import locale_of, page, render, see_other
from telemed.identity import sessions
from telemed.identity.callers import Caller
from telemed.identity.logins import guest_session
from telemed.ids import new_id
from telemed.keys import DATABASE, KEYS
from telemed.once import once
from telemed.scheduling import bookings, holds
from telemed.scheduling.api import TAKING
from telemed.scheduling.refusals import AlreadyExtended, HoldGone, NotAdmitted, SlotTaken
from telemed.scheduling.types import Appointment, BookingWish, Patient
from telemed.text import Text, _
from telemed.visit import held
from telemed.visit.assessment import not_admitted
from telemed.visit.choice import taken_page, times_of

FIELDS: Final = ("name", "birth_date", "email", "phone", "carer")
_STILL_OPEN: Final = ("held", "expired")  # an expired one can be booked while nobody else took the time


@page("GET", "/holds/{hold}", verb="hold.change")
async def details(request: web.Request, caller: Caller, hold: UUID) -> web.Response:
    it = await _mine(request, caller, hold)
    if it is not None and it.patient_name is not None:
        return _booked(request, it.id)
    if it is None or it.status not in _STILL_OPEN or it.start <= clock.now():
        return _gone(request, it)
    return _form(request, it, dict.fromkeys(FIELDS, ""), {})


@page("POST", "/holds/{hold}", verb="hold.change", limit=TAKING)
async def book(request: web.Request, caller: Caller, hold: UUID) -> web.Response:
    """Books what is held. A second click, or a repeat after a lost answer, finds the appointment of the first."""
    typed = await posted(request)
    it = await _mine(request, caller, hold)
    if it is not None and it.patient_name is not None:
        return _booked(request, it.id)
    if it is None or it.status not in _STILL_OPEN:
        return _gone(request, it)
    try:
        wish = _wish(request, it, typed)
        asked = once(typed.get("key"), caller, "appointment.book", wish)
        booking = await bookings.book(request.app[DATABASE], held.codes(request), caller, wish, asked)
    except SlotTaken as refusal:
        if refusal.data.get("taken") == ["patient"]:
            return _form(request, it, typed, {"name": _("This patient already has an appointment at this time.")})
        return taken_page(request, refusal, it, it)
    except Invalid as refusal:
        if not refusal.fields:
            return taken_page(request, refusal, it, it)
        return _form(request, it, typed, {name.removeprefix("patient."): why for name, why in refusal.fields.items()})
    except NotAdmitted as refusal:
        return not_admitted(request, refusal, it, typed)
    except (Gone, Conflict):
        return _gone(request, it)
    return _booked(request, booking.id)


@page("GET", "/holds/{hold}/extension", verb="hold.change")
async def extended(hold: UUID) -> web.Response:
    """Where a change of language leads after more time was asked for."""
    return see_other(f"/holds/{hold}")


@page("POST", "/holds/{hold}/extension", verb="hold.change")
async def extend(request: web.Request, caller: Caller, hold: UUID) -> web.Response:
    """Ten minutes more. Asked twice, or too late, the form itself tells how things stand.

    What has been typed so far comes along and is shown again. It is kept nowhere, so this one form is no redirect.
    """
    typed = await posted(request)
    with suppress(AlreadyExtended, HoldGone, NotFound):
        await holds.extend(request.app[DATABASE], held.codes(request), caller, hold, _secret(request, hold))
    it = await _mine(request, caller, hold)
    if it is None or it.status != "held" or not any(typed.get(name) for name in FIELDS):
        return see_other(f"/holds/{hold}")
    return _form(request, it, typed, {}, extended=True)


@page("POST", "/holds/{hold}/release", verb="hold.change")
async def release(request: web.Request, caller: Caller, hold: UUID) -> web.Response:
    """Gives the time back and leads to the other times of the same doctor."""
    it = await _mine(request, caller, hold)
    if it is None:
        return _gone(request, None)
    await holds.release(request.app[DATABASE], held.codes(request), caller, hold, _secret(request, hold))
    return see_other(times_of(it, it))


async def _mine(request: web.Request, caller: Caller, hold: UUID) -> Appointment | None:
    """The hold, if this browser made it."""
    try:
        own = holds.holder(held.codes(request), caller, hold, _secret(request, hold))
    except NotFound:
        return None
    async with request.app[DATABASE].transaction(own) as tx:
        return await tx.maybe(Appointment, "scheduling.appointment", id=hold)


def _secret(request: web.Request, hold: UUID) -> str:
    return held.secrets(request).get(hold, "")


def _wish(request: web.Request, it: Appointment, typed: Mapping[str, str]) -> BookingWish:
    """What was typed as a wish. Raises Invalid naming every field that is wrong, not only the first."""
    wrong: dict[str, Text] = {}
    born = None
    try:
        born = names.birth_date(read_date(typed.get("birth_date", "")), clock.now().date())
    except UnclearDate as error:
        wrong["birth_date"] = error.sentence
    except ValueError:
        wrong["birth_date"] = names.SENTENCES["birth_date"]
    patient = Patient(
        typed.get("name", ""), born or names.OLDEST, typed.get("email") or None, typed.get("phone") or None
    )
    try:
        patient = bookings.readable(patient)
    except Invalid as refusal:
        wrong |= {name.removeprefix("patient."): why for name, why in refusal.fields.items()}
    try:
        carer = bookings.readable_carer(typed.get("carer"))
    except names.NameUnreadable:
        wrong["carer"] = names.SENTENCES["name"]
    if wrong:
        raise Invalid(fields={name: wrong[name] for name in FIELDS if name in wrong})
    return BookingWish(
        service=it.service, start=it.start, mode=it.mode, station=it.station, patient=patient, carer=carer, hold=it.id,
        hold_secret=_secret(request, it.id), language="en" if locale_of(request) == "en" else "de",
    )  # fmt: skip


def _form(
    request: web.Request, it: Appointment, typed: Mapping[str, str], errors: dict[str, Text], *, extended: bool = False
) -> web.Response:
    shown = {name: typed.get(name, "") for name in FIELDS}
    return render(
        request, "visit/details.html", status=422 if errors else 200, hold=it, typed=shown, errors=errors,
        extended=extended, key=new_id().hex,
    )  # fmt: skip


def _booked(request: web.Request, appointment: UUID) -> web.Response:
    response = see_other("/appointment/confirmed")
    sessions.remember(response, guest_session(request.app[KEYS], appointment))
    return response


def _gone(request: web.Request, it: Appointment | None) -> web.Response:
    return render(request, "visit/hold_gone.html", status=410, all_times=times_of(it, it) if it is not None else None)


ROUTES = [details, book, extended, extend, release]
