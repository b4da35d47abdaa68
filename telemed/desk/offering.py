"""What the practice itself can book: its doctors' services, by video or in the practice, and when they are free."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from telemed import clock
from telemed.clock import Instant
from telemed.db import Tx
from telemed.desk.rows import Site
from telemed.errors import BadRequest
from telemed.forms import UnclearDate, UnclearTime, read_date, read_time
from telemed.scheduling import slots
from telemed.scheduling.hours.rules import instants
from telemed.scheduling.overrides import ReasonMissing, readable_reason
from telemed.scheduling.refusals import InThePast
from telemed.scheduling.types import Mode, Service
from telemed.text import Text, _
from telemed.visit.days import Day, starts_by_day

MODES: Final[tuple[Mode, ...]] = ("video", "in_person")
SHOWN: Final = 12  # free starts at once


class Choice(NamedTuple):
    """A service in one of its modes; `value` is what a form says of it."""

    service: Service
    mode: Mode

    @property
    def value(self) -> str:
        return f"{self.service.id}.{self.mode}"

    @property
    def needs_result(self) -> bool:
        """Whether the practice may have to note first that it knows the patient (B-09)."""
        return self.service.patients == "known" or (self.service.first_assessment and self.mode == "video")


class Times(NamedTuple):
    """Free starts by day; `later`: from where to read on, if there may be more. `wanted`: the one asked for is free."""

    days: list[Day]
    first: datetime | None
    later: datetime | None
    wanted: bool


async def choices(tx: Tx, at: Site, practitioner: UUID | None = None) -> list[Choice]:
    """Everything bookable, doctor by doctor; of one doctor only, if said."""
    found = await tx.many(Service, "calendar.services", site=at.id)
    return [
        Choice(service, mode)
        for service in found
        if practitioner is None or service.practitioner == practitioner
        for mode in MODES
        if mode in service.modes
    ]


def chosen(offered: list[Choice], value: str) -> Choice | None:
    return next((choice for choice in offered if choice.value == value), None)


async def times(tx: Tx, choice: Choice, since: datetime | None = None) -> Times:
    """The first free starts from `since` on, else from now on."""
    found = await slots.free(tx, choice.service.id, SHOWN + 1, since=since)
    shown, more = found[:SHOWN], found[SHOWN:]
    return Times(
        starts_by_day(shown, choice.service.zone), shown[0] if shown else None, more[0] if more else None,
        since is not None and shown[:1] == [since],
    )  # fmt: skip


def midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def instant(day: date, at: time, zone: str) -> datetime | None:
    """That wall time; the first of two in October, none in the hour that March skips."""
    local = datetime.combine(day, at)
    found = instants(local, local.replace(second=59), zone)
    return found[0].start if found else None


def pressed(typed: Mapping[str, str]) -> datetime:
    """The start whose button was pressed. Raises BadRequest."""
    try:
        return msgspec.convert(typed.get("start", ""), Instant)
    except msgspec.ValidationError as error:
        raise BadRequest from error


def written(typed: Mapping[str, str], zone: str, wrong: dict[str, Text]) -> datetime | None:
    """The start written as `over_day` and `over_time`, with its reason; what cannot be taken is put into `wrong`."""
    day = at = start = None
    try:
        day = read_date(typed.get("over_day", ""))
    except UnclearDate as error:
        wrong["over_day"] = error.sentence
    try:
        at = read_time(typed.get("over_time", ""))
    except UnclearTime as error:
        wrong["over_time"] = error.sentence
    if day is not None and at is not None:
        start = instant(day, at, zone)
        if start is None:
            wrong["over_time"] = _("The clocks skip this time on that day.")
        elif start <= clock.now():
            wrong["over_time"] = InThePast.sentence
    try:
        readable_reason(typed.get("reason", ""))
    except ReasonMissing as refusal:
        wrong["reason"] = refusal.text
    return start
