"""Services, nearness and first assessments over JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from telemed.http import operation
from telemed.identity.callers import Caller
from telemed.keys import DATABASE, SETTINGS
from telemed.limits import Limit
from telemed.names import NameUnreadable
from telemed.scheduling.codes import Codes
from telemed.scheduling.services import assessments, services
from telemed.scheduling.services.assessments import Ask, Question, Result
from telemed.scheduling.services.services import Offered, Terms
from telemed.scheduling.types import Mode, Patients

ASKING: Final = Limit(burst=10, per_minute=3)  # per client address; each one makes a practice call somebody
_Name = Annotated[str, msgspec.Meta(max_length=200)]


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Terms of a service that are to be different; what is left out stays. `active`: whether it can be booked."""

    name_de: _Name | UnsetType = UNSET
    name_en: _Name | UnsetType = UNSET
    duration: timedelta | UnsetType = UNSET
    grid: timedelta | UnsetType = UNSET
    modes: tuple[Mode, ...] | UnsetType = UNSET
    buffer_before: timedelta | UnsetType = UNSET
    buffer_after: timedelta | UnsetType = UNSET
    notice: timedelta | UnsetType = UNSET
    horizon: timedelta | UnsetType = UNSET
    patients: Patients | UnsetType = UNSET
    languages: tuple[str, ...] | UnsetType | None = UNSET
    daily_cap: int | UnsetType | None = UNSET
    first_assessment: bool | UnsetType = UNSET
    cancel_until: timedelta | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Services(msgspec.Struct, frozen=True):
    services: list[Offered]


class Questions(msgspec.Struct, frozen=True):
    assessments: list[Question]


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    result: Result


@operation("GET", "/api/v1/practitioners/{practitioner}/services", verb="service.change")
async def list_services(request: web.Request, caller: Caller, practitioner: UUID) -> Services:
    """Everything that can or could be booked with a practitioner of the caller's practice."""
    async with request.app[DATABASE].transaction(caller) as tx:
        return Services(await services.offered(tx, caller, practitioner))


@operation(
    "POST", "/api/v1/practitioners/{practitioner}/services", verb="service.change", status=201,
    errors=(services.TooManyServices,),
)  # fmt: skip
async def add_service(request: web.Request, caller: Caller, practitioner: UUID, body: Terms) -> Offered:
    """Something new that can be booked with a practitioner."""
    async with request.app[DATABASE].transaction(caller) as tx:
        return await services.add(tx, caller, practitioner, body)


@operation("PATCH", "/api/v1/services/{service}", verb="service.change")
async def change_service(request: web.Request, caller: Caller, service: UUID, body: Change) -> Offered:
    """Other terms; what is booked keeps its time."""
    wanted = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not UNSET}
    active = wanted.pop("active", None)
    async with request.app[DATABASE].transaction(caller) as tx:
        made = await services.read(tx, caller, service)
        if wanted:
            made = await services.change(tx, caller, service, msgspec.structs.replace(made, **wanted))
        if active is not None:
            made = await services.offer(tx, caller, service, active=active)
    return msgspec.convert({name: getattr(made, name) for name in Offered.__struct_fields__}, Offered)


@operation("DELETE", "/api/v1/services/{service}", verb="service.change")
async def retire_service(request: web.Request, caller: Caller, service: UUID) -> None:
    """Nobody can book it any more; what is booked stays booked."""
    async with request.app[DATABASE].transaction(caller) as tx:
        await services.offer(tx, caller, service, active=False)


@operation(
    "POST", "/api/v1/assessments", verb="assessment.ask", status=204, limit=ASKING,
    errors=(assessments.NotNeeded, NameUnreadable),
)  # fmt: skip
async def ask(request: web.Request, caller: Caller, body: Ask) -> None:
    """Ask the practice of a service to call a new patient before the first video consultation."""
    await assessments.ask(request.app[DATABASE], Codes(request.app[SETTINGS].secret), caller, body)


@operation("GET", "/api/v1/assessments", verb="assessment.decide")
async def list_assessments(request: web.Request, caller: Caller) -> Questions:
    """Whom the caller's practice has to call, those who wait longest first."""
    async with request.app[DATABASE].transaction(caller) as tx:
        return Questions(await assessments.questions(tx, caller))


@operation(
    "POST", "/api/v1/assessments/{assessment}/result", verb="assessment.decide", status=204,
    errors=(assessments.AlreadyDecided,),
)  # fmt: skip
async def decide(request: web.Request, caller: Caller, assessment: UUID, body: Decision) -> None:
    """Note the result of a call; name and number are erased with it."""
    async with request.app[DATABASE].transaction(caller) as tx:
        await assessments.decide(tx, caller, assessment, body.result)


ROUTES = [
    list_services, add_service, change_service, retire_service, ask, list_assessments, decide,
]  # fmt: skip
