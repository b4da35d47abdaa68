"""The practice's own first assessment of new patients, on the telephone (Anlage 31c BMV-Ä, B-09).

A service may ask for it before a new patient's first video. The patient leaves a number, the practice calls, asks what
its doctors want asked, and notes one word. What was said is written down nowhere (B-02), and no answer decides by
itself (B-04).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.scheduling.bookings import readable
from telemed.scheduling.codes import Codes
from telemed.scheduling.types import Language, Patient
from telemed.text import _

Result = Literal["known", "video", "in_person"]  # in general; by video from now on; the first time in the practice
RESULTS: Final[tuple[Result, ...]] = get_args(Result)


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody new wants to be called about a service. Without a telephone number nobody can."""

    service: UUID
    patient: Patient
    language: Language = "de"


class Question(msgspec.Struct, frozen=True):
    """Who waits for a call. `earlier`: what the practice decided at another time."""

    id: UUID
    site: UUID
    patient_name: str
    birth_date: date
    phone: str
    language: Language
    asked: datetime
    earlier: Result | None
    service: UUID
    service_name_de: str
    service_name_en: str
    practitioner: UUID
    practitioner_name: str


class NotNeeded(Conflict):
    code = "no_assessment_needed"
    sentence = _("The practice does not call anybody for this. Please book, or call the practice.")


class AlreadyDecided(Gone):
    code = "already_decided"
    sentence = _("Somebody at the practice has already noted a result for this patient.")


async def ask(db: Database, codes: Codes, caller: Caller, wish: Ask) -> None:
    """Notes that the practice shall call; once, however often it is asked. Raises Invalid, NotNeeded."""
    patient = readable(wish.patient)
    if patient.phone is None:
        raise Invalid(fields={"patient.phone": _("Please give a telephone number where the practice can call you.")})
    async with db.transaction(caller) as tx:
        needed = await tx.value(
            "assessments.ask", id=new_id(), service=wish.service, patient_name=patient.name,
            patient_key=codes.patient_key(patient.name, patient.birth_date), birth_date=patient.birth_date,
            phone=patient.phone, language=wish.language, now=clock.now(),
        )  # fmt: skip
    if not needed:
        raise NotNeeded


async def questions(tx: Tx, caller: Caller) -> list[Question]:
    """Who waits for a call from the caller's practice, the longest first. Raises Forbidden."""
    return await tx.many(Question, "assessments.open", site=_site(caller), id=None)


async def question(tx: Tx, caller: Caller, assessment: UUID) -> Question:
    """One of them. Raises NotFound, also once it is decided."""
    return await tx.one(Question, "assessments.open", site=_site(caller), id=assessment)


async def decide(tx: Tx, caller: Caller, assessment: UUID, result: Result) -> None:
    """Notes the result of a call; name and number are erased with it. Raises AlreadyDecided, NotFound."""
    if not await tx.run("assessments.decide", id=assessment, site=_site(caller), result=result, now=clock.now()):
        if not await tx.value("assessments.there", id=assessment):
            raise NotFound
        raise AlreadyDecided


async def note(tx: Tx, caller: Caller, service: UUID, patient_key: bytes, result: Result) -> None:
    """What the practice knows of a patient who is on the telephone, or in front of it, right now.

    `service` is the one they are to be booked for; it says which practice. Raises NotFound for another practice's.
    """
    site: UUID | None = await tx.value("assessments.site", service=service)
    if site is None:
        raise NotFound
    may(caller, "assessment.decide", Thing(site=site))
    values = {"service": service, "patient_key": patient_key, "result": result, "now": clock.now()}
    await tx.run("assessments.note", id=new_id(), site=site, **values)


def _site(caller: Caller) -> UUID:
    if caller.site is None:
        raise Forbidden
    may(caller, "assessment.decide", Thing(site=caller.site))
    return caller.site
