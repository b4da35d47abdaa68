"""Refused although the time was free: why, what to do about it, and a number where the practice can call (B-09)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from aiohttp import web

from telemed import clock, names
from telemed.errors import Invalid, NotFound
from telemed.forms import UnclearDate, posted, read_date
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling.refusals import ForNewPatients, NotAdmitted
from telemed.scheduling.services import assessments
from telemed.scheduling.services.api import ASKING
from telemed.scheduling.services.assessments import Ask, NotNeeded
from telemed.scheduling.types import Appointment, Patient, Service
from telemed.text import Text, _
from telemed.visit import held

FIELDS: Final = ("name", "birth_date", "phone")


def not_admitted(request: web.Request, refusal: NotAdmitted, it: Appointment, typed: Mapping[str, str]) -> web.Response:
    """What was typed is in the form already; the reservation waits meanwhile, in case the birth date was mistyped."""
    return render(
        request, "visit/not_admitted.html", status=refusal.status, refusal=refusal, it=it, errors={},
        service=it.service, practitioner=it.practitioner, phone=it.site_phone, hold=it.id,
        callable=not isinstance(refusal, ForNewPatients), typed={name: typed.get(name, "") for name in FIELDS},
    )  # fmt: skip


@page("GET", "/assessments", verb="assessment.ask")
async def form(request: web.Request, caller: Caller) -> web.Response:
    """Before a time is chosen."""
    service, phone = await _service(request, caller, request.query.get("service", ""))
    return _form(request, service, phone, {}, {})


@page("POST", "/assessments", verb="assessment.ask", limit=ASKING)
async def ask(request: web.Request, caller: Caller) -> web.Response:
    """Noted once, however often it is sent. The answer is the same whatever the practice knows of somebody."""
    typed = await posted(request)
    service, phone = await _service(request, caller, typed.get("service", ""))
    try:
        wish = Ask(service.id, _patient(typed), "en" if locale_of(request) == "en" else "de")
        await assessments.ask(request.app[DATABASE], held.codes(request), caller, wish)
    except Invalid as refusal:
        errors = {name.removeprefix("patient."): why for name, why in refusal.fields.items()}
        return _form(request, service, phone, typed, errors)
    except NotNeeded:
        return see_other(f"/practitioners/{service.practitioner}?service={service.id}")
    return see_other(f"/assessments/asked?service={service.id}")


@page("GET", "/assessments/asked", verb="assessment.ask")
async def asked(request: web.Request, caller: Caller) -> web.Response:
    service, phone = await _service(request, caller, request.query.get("service", ""))
    return render(request, "visit/assessment_asked.html", service=service, phone=phone)


def _patient(typed: Mapping[str, str]) -> Patient:
    """Raises Invalid naming every field that is wrong, not only the first."""
    wrong: dict[str, Text] = {}
    born = names.OLDEST
    try:
        born = names.birth_date(read_date(typed.get("birth_date", "")), clock.now().date())
    except UnclearDate as error:
        wrong["birth_date"] = error.sentence
    except ValueError:
        wrong["birth_date"] = names.SENTENCES["birth_date"]
    try:
        names.person_name(typed.get("name", ""))
    except ValueError:
        wrong["name"] = names.SENTENCES["name"]
    try:
        number = names.phone(typed.get("phone"))
    except ValueError:
        number = None
    if number is None:
        wrong["phone"] = _("Please give a telephone number where the practice can call you.")
    if wrong:
        raise Invalid(fields={name: wrong[name] for name in FIELDS if name in wrong})
    return Patient(typed.get("name", "")[:400], born, None, number)


async def _service(request: web.Request, caller: Caller, wanted: str) -> tuple[Service, str]:
    """The service and its practice's telephone number. Raises NotFound."""
    try:
        service = UUID(wanted)
    except ValueError as error:
        raise NotFound from error
    async with request.app[DATABASE].transaction(caller) as tx:
        offered = await tx.one(Service, "scheduling.service", service=service)
        phone: str = await tx.value("assessments.phone", site=offered.site)
    return offered, phone


def _form(
    request: web.Request, service: Service, phone: str, typed: Mapping[str, str], errors: dict[str, Text]
) -> web.Response:
    return render(
        request, "visit/assessment.html", status=422 if errors else 200, it=service, service=service.id, phone=phone,
        typed={name: typed.get(name, "") for name in FIELDS}, errors=errors,
    )  # fmt: skip


ROUTES = [form, ask, asked]
