"""What can be booked with the doctors of a practice: a list, and a form for each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from aiohttp import web

from telemed.db import Tx
from telemed.desk import rows, services_form
from telemed.desk.rows import Doctor
from telemed.errors import Invalid, NotFound, Refusal
from telemed.forms import posted
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling.hours.outside import outside
from telemed.scheduling.services import services
from telemed.scheduling.services.services import Found, TooManyServices
from telemed.text import Text
from telemed.wording import Wording

_NONE: Mapping[str, Text] = MappingProxyType({})


@page("GET", "/practice/services", verb="service.change", session="staff")
async def overview(request: web.Request, caller: Caller) -> web.Response:
    """Every doctor's, those who look their own first."""
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        found = [(doctor, await services.offered(tx, caller, doctor.id)) for doctor in await _doctors(tx, caller, at)]
        beyond = len(await outside(tx, at.id))
    return render(request, "desk/services.html", at=at, found=found, outside=beyond)


@page("GET", "/practice/services/new", verb="service.change", session="staff")
async def blank(request: web.Request, caller: Caller) -> web.Response:
    doctor = await _doctor(request, caller, request.query.get("who", ""))
    return _form(request, doctor, None, services_form.empty())


@page("POST", "/practice/services/new", verb="service.change", session="staff")
async def add(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    doctor = await _doctor(request, caller, typed.get("who", ""))
    try:
        async with request.app[DATABASE].transaction(caller) as tx:
            await services.add(tx, caller, doctor.id, services_form.read(typed))
    except Invalid as refusal:
        return _form(request, doctor, None, typed, refusal.fields)
    except TooManyServices as refusal:
        return _form(request, doctor, None, typed, refusal=refusal)
    return see_other("/practice/services")


@page("GET", "/practice/services/{service}", verb="service.change", session="staff")
async def edit(request: web.Request, caller: Caller, service: UUID) -> web.Response:
    it = await _read(request, caller, service)
    return _form(request, _whose(it), it, services_form.shown(it))


@page("POST", "/practice/services/{service}", verb="service.change", session="staff")
async def change(request: web.Request, caller: Caller, service: UUID) -> web.Response:
    """What is booked keeps its time; if some of it now lies outside the hours, it is shown next."""
    typed = await posted(request)
    it = await _read(request, caller, service)
    try:
        async with request.app[DATABASE].transaction(caller) as tx:
            before = {one.id for one in await outside(tx, it.site)}
            await services.change(tx, caller, service, services_form.read(typed, it))
            newly = {one.id for one in await outside(tx, it.site)} - before
    except Invalid as refusal:
        return _form(request, _whose(it), it, typed, refusal.fields)
    return see_other("/practice/hours/outside" if newly else "/practice/services")


@page("POST", "/practice/services/{service}/retirement", verb="service.change", session="staff")
async def retire(request: web.Request, caller: Caller, service: UUID) -> web.Response:
    """Nobody can book it any more; with `again`, everybody can."""
    again = "again" in await posted(request)
    async with request.app[DATABASE].transaction(caller) as tx:
        await services.offer(tx, caller, service, active=again)
    return see_other("/practice/services")


async def _doctors(tx: Tx, caller: Caller, at: rows.Site) -> list[Doctor]:
    found = await rows.doctors(tx, at)
    return sorted(found, key=lambda doctor: doctor.person is None or doctor.person != caller.person)


async def _doctor(request: web.Request, caller: Caller, wanted: str) -> Doctor:
    """Somebody of the caller's practice. Raises NotFound."""
    async with request.app[DATABASE].transaction(caller) as tx:
        found = await _doctors(tx, caller, await rows.site(tx, caller))
    it = next((doctor for doctor in found if str(doctor.id) == wanted), None)
    if it is None:
        raise NotFound
    return it


async def _read(request: web.Request, caller: Caller, service: UUID) -> Found:
    async with request.app[DATABASE].transaction(caller) as tx:
        return await services.read(tx, caller, service)


def _whose(it: Found) -> Doctor:
    return Doctor(it.practitioner, it.practitioner_name, None)


def _form(
    request: web.Request, doctor: Doctor, it: Found | None, typed: Mapping[str, str],
    errors: Mapping[str, Text] = _NONE, refusal: Refusal | None = None,
) -> web.Response:  # fmt: skip
    locale = locale_of(request)
    say = Wording(locale)
    return render(
        request, "desk/services_form.html", status=422 if errors else refusal.status if refusal else 200,
        doctor=doctor, it=it, typed=typed, errors=errors, refusal=refusal,
        words={name: label.render(locale) for name, label in services_form.LABELS.items()},
        language_words=[(code, say.languages([code])) for code in services_form.LANGUAGES],
        chosen_languages=[code for code in services_form.LANGUAGES if f"language_{code}" in typed],
    )  # fmt: skip


ROUTES = [overview, blank, add, edit, change, retire]
