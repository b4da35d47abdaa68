"""What can be booked with a practitioner: its terms, checked, and the openings made anew where the horizon changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from babel import Locale, UnknownLocaleError

from telemed import clock
from telemed.db import Tx
from telemed.errors import Conflict, Invalid
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.scheduling.hours import hours, openings
from telemed.scheduling.types import Mode, Patients
from telemed.text import Text, _

MOST: Final = 40  # of one practitioner, retired ones counted
NAME_MOST: Final = 80  # characters
LANGUAGES_MOST: Final = 12
CAP_MOST: Final = 200
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_NONE = timedelta()

# What the table allows (sql/migrations/0002_directory.sql, 0009_services.sql), each with its sentence.
_WITHIN: Final[dict[str, tuple[timedelta, timedelta, Text]]] = {
    "duration": (5 * _MINUTE, 8 * _HOUR, _("Please write 5 to 480 minutes.")),
    "buffer_before": (_NONE, 4 * _HOUR, _("Please write 0 to 240 minutes.")),
    "buffer_after": (_NONE, 4 * _HOUR, _("Please write 0 to 240 minutes.")),
    "notice": (_NONE, 90 * _DAY, _("At most 90 days before are possible.")),
    "horizon": (_DAY, 366 * _DAY, _("Please write 1 to 366 days.")),
    "grid": (5 * _MINUTE, 8 * _HOUR, _("Please write 5 to 480 minutes.")),
    "cancel_until": (_NONE, 7 * _DAY, _("At most 7 days before are possible.")),
}


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a service is booked. Lengths are whole minutes.

    `grid`: starts are that far apart. `notice`, `horizon`: bookable from so long until so long before. `daily_cap`:
    at most so many a local day. `first_assessment`: the practice talks to new patients before their first video
    (B-09). `cancel_until`: patients can change or cancel until so long before. `languages`: None, the doctor's.
    """

    name_de: Annotated[str, msgspec.Meta(max_length=200)]
    name_en: Annotated[str, msgspec.Meta(max_length=200)]
    duration: timedelta
    grid: timedelta
    modes: tuple[Mode, ...]
    buffer_before: timedelta = _NONE
    buffer_after: timedelta = _NONE
    notice: timedelta = 10 * _MINUTE
    horizon: timedelta = 30 * _DAY
    patients: Patients = "all"
    languages: tuple[str, ...] | None = None
    daily_cap: int | None = None
    first_assessment: bool = False
    cancel_until: timedelta = _NONE


class Offered(Terms, frozen=True, kw_only=True):
    """A service as it is; not `active`: nobody can book it any more."""

    id: UUID
    practitioner: UUID
    active: bool


class Found(Offered, frozen=True, kw_only=True):
    site: UUID
    practitioner_name: str


class TooManyServices(Conflict):
    code = "too_many_services"
    sentence = _("There are already 40 services. Please change one that is no longer offered.")


async def offered(tx: Tx, caller: Caller, practitioner: UUID) -> list[Offered]:
    """All of a practitioner's at the caller's practice. Raises NotFound."""
    await _site(tx, caller, practitioner)
    return await tx.many(Offered, "services.offered", practitioner=practitioner)


async def read(tx: Tx, caller: Caller, service: UUID) -> Found:
    """Raises NotFound, also for one of another practice."""
    found = await tx.one(Found, "services.one", service=service)
    may(caller, "service.change", Thing(site=found.site))
    return found


async def add(tx: Tx, caller: Caller, practitioner: UUID, terms: Terms) -> Offered:
    """Raises Invalid naming every field that is wrong, TooManyServices, NotFound."""
    site = await _site(tx, caller, practitioner)
    terms = checked(terms)
    await openings.lock(tx, practitioner)
    if len(await tx.many(Offered, "services.offered", practitioner=practitioner)) >= MOST:
        raise TooManyServices
    made = msgspec.convert(_row(terms) | {"id": new_id(), "practitioner": practitioner, "active": True}, Offered)
    await tx.run("services.add", **_row(made), id=made.id, practitioner=practitioner)
    await _changed(tx, practitioner, site, f"service {made.id} added")
    return made


async def change(tx: Tx, caller: Caller, service: UUID, terms: Terms) -> Found:
    """Other terms; what is booked keeps its time. Raises Invalid naming every field that is wrong, NotFound."""
    before = await read(tx, caller, service)
    after = msgspec.structs.replace(before, **_row(checked(terms)))
    await openings.lock(tx, before.practitioner)
    await tx.run("services.change", **_row(after), service=service)
    await _changed(tx, before.practitioner, before.site, f"service {service} changed")
    return after


async def offer(tx: Tx, caller: Caller, service: UUID, *, active: bool) -> Found:
    """Not active: nobody can book it any more; what is booked stays booked. Raises NotFound."""
    before = await read(tx, caller, service)
    if before.active != active:
        await openings.lock(tx, before.practitioner)
        await tx.run("services.offer", service=service, active=active)
        word = "offered again" if active else "retired"
        await _changed(tx, before.practitioner, before.site, f"service {service} {word}")
    return msgspec.structs.replace(before, active=active)


def checked(terms: Terms) -> Terms:
    """The terms as they are written down. Raises Invalid naming every field that cannot be meant."""
    wrong: dict[str, Text] = {}
    names = {name: " ".join(getattr(terms, name).split()) for name in ("name_de", "name_en")}
    for name, typed in names.items():
        if not 2 <= len(typed) <= NAME_MOST or not typed.isprintable():
            wrong[name] = _("Please write a name of 2 to 80 characters.")
    for name, (least, most, sentence) in _WITHIN.items():
        length: timedelta = getattr(terms, name)
        if not least <= length <= most:
            wrong[name] = sentence
        elif length % _MINUTE:
            wrong[name] = _("Please write whole minutes.")
    if not {"notice", "horizon"} & wrong.keys() and terms.notice >= terms.horizon:
        wrong["notice"] = _("With this nothing could be booked: it must be shorter than how far ahead people book.")
    if not terms.modes or len(set(terms.modes)) < len(terms.modes):
        wrong["modes"] = _("Please choose at least one way.")
    if terms.daily_cap is not None and not 1 <= terms.daily_cap <= CAP_MOST:
        wrong["daily_cap"] = _("Please write 1 to 200, or nothing.")
    if terms.languages is not None and not _known(terms.languages):
        wrong["languages"] = _("Please choose languages from the list.")
    if terms.patients == "known" and terms.first_assessment:
        wrong["first_assessment"] = _("This is only for people you know. They need no first assessment.")
    if wrong:
        raise Invalid(fields=wrong)
    return msgspec.structs.replace(terms, **names)


def _known(languages: tuple[str, ...]) -> bool:
    try:
        return 0 < len(set(languages)) == len(languages) <= LANGUAGES_MOST and all(
            Locale.parse(code, sep="-").get_language_name("de") for code in languages
        )
    except (ValueError, UnknownLocaleError):
        return False


def _row(terms: Terms) -> dict[str, object]:
    return {name: getattr(terms, name) for name in Terms.__struct_fields__}


async def _site(tx: Tx, caller: Caller, practitioner: UUID) -> UUID:
    return (await hours.whose(tx, caller, practitioner, "service.change")).site


async def _changed(tx: Tx, practitioner: UUID, site: UUID, detail: str) -> None:
    """Openings reach as far as the longest horizon; only what differs is written."""
    await openings.rebuild(tx, practitioner, clock.now().date())
    await hours.note(tx, site, detail, "service.change")
