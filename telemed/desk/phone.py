"""Booking for somebody on the telephone: find or write down the patient, take a free time, read the code aloud.

Enter in a field looks for the patient; the next thing to press has the focus each time. So a known patient takes a few
letters and three times Enter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec
from aiohttp import web

from telemed import clock
from telemed.clock import Instant
from telemed.db import Tx
from telemed.desk import offering, rows
from telemed.desk.calendar import doctor
from telemed.desk.offering import Choice
from telemed.desk.slips import code_page
from telemed.errors import BadRequest, Conflict, Invalid, NotFound, Refusal
from telemed.forms import UnclearDate, posted, read_date
from telemed.html import page, render, see_other
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.keys import DATABASE, SETTINGS
from telemed.once import once
from telemed.scheduling import bookings, changes, overrides
from telemed.scheduling.api import TAKING
from telemed.scheduling.codes import Codes
from telemed.scheduling.refusals import NotAdmitted, SlotTaken
from telemed.scheduling.services import assessments
from telemed.scheduling.types import Booking, BookingWish, Mode, Patient
from telemed.text import Text, _
from telemed.wording import HERE

_FIELDS: Final = (
    "name", "birth_date", "phone", "email", "language", "choice", "fixed", "known", "since", "over_day", "over_time",
    "reason",
)  # fmt: skip
_FOUND: Final = 8


class Person(msgspec.Struct, frozen=True):
    """Somebody who was booked here before, as they were booked last."""

    id: UUID
    name: str
    birth_date: date
    email: str | None
    phone: str | None
    service: UUID
    mode: Mode
    start: datetime


@page("GET", "/practice/book", verb="appointment.book", session="staff")
async def form(request: web.Request, caller: Caller) -> web.Response:
    """`start`, `who` and `choice` may be in the address: nothing that names a patient."""
    if caller.role == "assistant":
        return see_other("/station/book")
    asked = request.query
    since = asked.get("start") or _from_day(asked.get("day", ""))
    typed = {"choice": asked.get("choice", ""), "since": since, "fixed": asked.get("start", "")}
    return await _form(request, caller, typed, who=asked.get("who", ""))


@page("POST", "/practice/book", verb="appointment.book", session="staff", limit=TAKING)
async def book(request: web.Request, caller: Caller) -> web.Response:
    """One form: look for somebody, take them over, look for other times, or book. What was typed stays."""
    if caller.role == "assistant":
        return see_other("/station/book")
    typed = await posted(request)
    if "person" in typed:
        return await _take_over(request, caller, typed)
    if "start" in typed or typed.get("do") == "over":
        return await _book(request, caller, typed)
    if typed.get("do") == "times":
        return await _form(request, caller, typed | {"since": _from_day(typed.get("day", ""))})
    if typed.get("do") == "later":
        return await _form(request, caller, typed | {"since": typed.get("later", "")})
    return await _find(request, caller, typed)


async def _find(request: web.Request, caller: Caller, typed: Mapping[str, str]) -> web.Response:
    """People of this practice's own appointments; whoever is not among them is new, and that is fine."""
    born = None
    try:
        born = read_date(typed["birth_date"]) if typed.get("birth_date") else None
    except UnclearDate as error:
        return await _form(request, caller, typed, errors={"birth_date": error.sentence})
    words = typed.get("name", "").replace("\\", "").replace("%", "").replace("_", " ").split()
    if not words and born is None:
        return await _form(request, caller, typed, errors={"name": _("Please write a name or a date of birth first.")})
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        found = await tx.many(
            Person, "calendar.people", site=at.id, words=words, born=born, now=clock.now(), limit=_FOUND + 1
        )
    return await _form(request, caller, typed, found=found[:_FOUND], more=len(found) > _FOUND, looked=True)


async def _take_over(request: web.Request, caller: Caller, typed: Mapping[str, str]) -> web.Response:
    """The person of an earlier appointment, and what they had then. Raises NotFound for another practice's."""
    try:
        earlier = UUID(typed["person"])
    except ValueError as error:
        raise NotFound from error
    it = await changes.read(request.app[DATABASE], caller, earlier)
    if it.patient_name is None or it.birth_date is None:
        raise NotFound
    known = {
        "name": it.patient_name, "birth_date": f"{it.birth_date:%d.%m.%Y}", "email": it.email or "",
        "phone": it.phone or "", "language": it.language,
    }  # fmt: skip
    if not typed.get("fixed"):  # whoever came with a time from the calendar has chosen the doctor already
        known["choice"] = f"{it.service}.{it.mode}"
    return await _form(request, caller, {**typed, **known}, ready=True)


async def _book(request: web.Request, caller: Caller, typed: Mapping[str, str]) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        choice = offering.chosen(await offering.choices(tx, at), typed.get("choice", ""))
    if choice is None:
        raise BadRequest
    may(caller, "appointment.book", Thing(site=choice.service.site))
    try:
        wish = _wish(choice, typed)
        await _note(request, caller, wish, typed.get("known", ""))
        return code_page(request, await _made(request, caller, wish, typed))
    except SlotTaken as refusal:
        taken = refusal.data.get("taken")
        if isinstance(taken, list) and "patient" in taken:
            why = _("This patient already has an appointment at this time.")
            return await _form(request, caller, typed, errors={"name": why})
        return await _form(request, caller, typed, refusal=refusal)
    except NotAdmitted as refusal:
        return await _form(request, caller, typed, errors={"known": refusal.text})
    except Invalid as refusal:
        wrong = {field.removeprefix("patient."): why for field, why in refusal.fields.items()}
        return await _form(request, caller, typed, errors=wrong, refusal=None if wrong else refusal)
    except Conflict as refusal:
        return await _form(request, caller, typed, refusal=refusal)


async def _made(request: web.Request, caller: Caller, wish: BookingWish, typed: Mapping[str, str]) -> Booking:
    """One page has one key; each of its buttons makes another request, and a double click makes the same."""
    db, codes = request.app[DATABASE], Codes(request.app[SETTINGS].secret)
    key = f"{typed.get('key', '')}-{wish.start:%Y%m%dT%H%M}"
    if typed.get("do") != "over":
        return await bookings.book(db, codes, caller, wish, once(key, caller, "appointment.book", wish))
    reason = typed.get("reason", "")
    asked = once(f"{key}-over", caller, "appointment.override", [wish, reason])
    return await overrides.book(db, codes, caller, wish, reason, asked)


async def _note(request: web.Request, caller: Caller, wish: BookingWish, known: str) -> None:
    """What the practice says of the patient (B-09), before the booking asks for it."""
    if known not in assessments.RESULTS:
        return
    patient = bookings.readable(wish.patient)
    key = Codes(request.app[SETTINGS].secret).patient_key(patient.name, patient.birth_date)
    async with request.app[DATABASE].transaction(caller) as tx:
        await assessments.note(tx, caller, wish.service, key, msgspec.convert(known, assessments.Result))


def _wish(choice: Choice, typed: Mapping[str, str]) -> BookingWish:
    """Raises Invalid naming every field that is wrong, not only the first."""
    wrong: dict[str, Text] = {}
    born = clock.now().date()
    try:
        born = read_date(typed.get("birth_date", ""))
    except UnclearDate as error:
        wrong["birth_date"] = error.sentence
    patient = Patient(typed.get("name", "")[:400], born, typed.get("email") or None, typed.get("phone") or None)
    try:
        patient = bookings.readable(patient)
    except Invalid as refusal:
        wrong = {name.removeprefix("patient."): why for name, why in refusal.fields.items()} | wrong
    start = _start(choice, typed, wrong)
    if wrong or start is None:
        raise Invalid(fields=wrong)
    return BookingWish(
        service=choice.service.id, start=start, mode=choice.mode, patient=patient,
        language="en" if typed.get("language") == "en" else "de",
    )  # fmt: skip


def _start(choice: Choice, typed: Mapping[str, str], wrong: dict[str, Text]) -> datetime | None:
    """The button's time, or the one written into the part for exceptions."""
    if typed.get("do") != "over":
        return offering.pressed(typed)
    return offering.written(typed, choice.service.zone, wrong)


def _from_day(text: str) -> str:
    on = rows.read_day(text)
    return offering.midnight(on, HERE.key).isoformat() if on else ""


async def _form(
    request: web.Request, caller: Caller, typed: Mapping[str, str], *, who: str = "",
    errors: Mapping[str, Text] | None = None, refusal: Refusal | None = None, found: list[Person] | None = None,
    more: bool = False, looked: bool = False, ready: bool = False,
) -> web.Response:  # fmt: skip
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        offered = await offering.choices(tx, at)
        whose = doctor(who, caller, await rows.doctors(tx, at))
        choice = offering.chosen(offered, typed.get("choice", "")) or _default(offered, whose)
        times = await _times(tx, choice, typed.get("since", "")) if choice else None
    part = request.query.get("fragment") == "1"
    shown = {name: typed.get(name, "") for name in _FIELDS} | {"key": typed.get("key") or new_id().hex}
    status = refusal.status if refusal else 422 if errors else 200
    return render(
        request, "desk/phone_times.html" if part else "desk/phone.html", status=status, at=at, offered=offered,
        choice=choice, times=times, typed=shown, errors=errors or {}, refusal=refusal, found=found or [], more=more,
        looked=looked, ready=ready or (looked and not found and bool(typed.get("birth_date"))),
        results=assessments.RESULTS,
    )  # fmt: skip


async def _times(tx: Tx, choice: Choice, since: str) -> offering.Times:
    """From `since`; if nothing is free from there on, from now."""
    try:
        wanted: datetime | None = msgspec.convert(since, Instant)
    except msgspec.ValidationError:
        wanted = None
    found = await offering.times(tx, choice, wanted)
    return found if found.days or wanted is None else await offering.times(tx, choice)


def _default(offered: list[Choice], whose: rows.Doctor | None) -> Choice | None:
    """Of the doctor asked for, or who asks; else the first there is."""
    first = next(iter(offered), None)
    return next((one for one in offered if whose and one.service.practitioner == whose.id), first)


ROUTES = [form, book]
