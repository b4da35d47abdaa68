"""Existing appointments: their times are taken as a booking takes them, and whoever is in the way is told by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.importing.cells import Season
from telemed.importing.tables import Row, Wrong
from telemed.scheduling.codes import Codes

OLDEST: Final = timedelta(days=90)  # names are not kept longer


class Service(msgspec.Struct, frozen=True):
    id: UUID
    practitioner: UUID
    site: UUID
    zone: str
    duration: timedelta
    modes: tuple[str, ...]


class Wanted(msgspec.Struct, frozen=True):
    """A line's appointment: who, when, and the line."""

    id: UUID
    row: Row
    service: Service
    start: datetime
    end: datetime
    patient_key: bytes


def wanted(row: Row, id: UUID, service: Service, codes: Codes, wrong: list[Wrong]) -> Wanted | None:
    """None if something is wrong with the line."""
    values = row.values
    start = _instant(values["date"], values["time"], service.zone)
    if isinstance(start, str):
        wrong.append(
            row.wrong("time", start, "02:30 Sommerzeit or 02:30 Winterzeit" if "twice" in start else "another")
        )
        return None
    if values["mode"] not in service.modes:
        offered = ", ".join(mode for mode in service.modes if mode != "assisted")
        wrong.append(row.wrong("mode", f"the service is not offered as {values['mode']}", offered or "another service"))
        return None
    if values["mode"] == "assisted":
        wrong.append(row.wrong("mode", "appointments at a station cannot be imported", "video or in_person"))
        return None
    end = start + (values["duration"] or service.duration)
    if end < clock.now() - OLDEST:
        wrong.append(row.wrong("date", "this was more than 90 days ago", "the file without this line"))
        return None
    if start > clock.now() + timedelta(days=2 * 366):
        wrong.append(row.wrong("date", "this is more than two years ahead", "an earlier day"))
        return None
    return Wanted(id, row, service, start, end, codes.patient_key(values["name"], values["birth_date"]))


def without_overlaps(found: list[Wanted], wrong: list[Wrong]) -> list[Wanted]:
    """Those that can stand beside each other; of two that cannot, the later line is wrong."""
    losers: dict[UUID, tuple[Wanted, Wanted, str]] = {}
    for who, of in (("doctor", lambda it: it.service.practitioner), ("patient", lambda it: it.patient_key)):
        for first, second in _overlapping(found, of):
            losers.setdefault(second.id, (first, second, who))
    for first, second, who in losers.values():
        wrong.append(
            second.row.wrong("time", f"the {who} has the appointment of line {first.row.line} then", "another time")
        )
    return [it for it in found if it.id not in losers]


def _overlapping(found: Iterable[Wanted], of: Callable[[Wanted], Any]) -> Iterable[tuple[Wanted, Wanted]]:
    """Pairs, the earlier line first. Of several that meet, each is told with one other."""
    last: dict[Any, Wanted] = {}
    for it in sorted(found, key=lambda one: (one.start, one.row.line)):
        before = last.get(of(it))
        if before is not None and it.start < before.end:
            yield (before, it) if before.row.line < it.row.line else (it, before)
        if before is None or it.end > before.end:
            last[of(it)] = it


async def take(tx: Tx, codes: Codes, found: list[Wanted], wrong: list[Wrong]) -> int:
    """Takes the times; how many. Those that others have are wrong."""
    columns: dict[str, Any] = {
        "ids": [it.id for it in found],
        "practitioners": [it.service.practitioner for it in found],
        "services": [it.service.id for it in found],
        "sites": [it.service.site for it in found],
        "starts": [it.start for it in found],
        "ends": [it.end for it in found],
        "code_digests": [codes.digest(codes.code(it.id)) for it in found],
        "patient_keys": [it.patient_key for it in found],
    }
    for name, column in (
        ("modes", "mode"), ("names", "name"), ("births", "birth_date"), ("emails", "email"), ("phones", "phone"),
        ("languages", "language"),
    ):  # fmt: skip
        columns[name] = [it.row.values[column] for it in found]
    made = {one.id for one in await tx.many(_Id, "importing.take_appointments", now=clock.now(), **columns)}
    lost = [it for it in found if it.id not in made]
    others = await tx.many(
        _InTheWay, "importing.in_the_way", patient_keys=[it.patient_key for it in lost],
        starts=[it.start for it in lost], ends=[it.end for it in lost],
    )  # fmt: skip
    for it, other in zip(lost, others, strict=True):
        who = "patient" if other.patient else "doctor"
        wrong.append(it.row.wrong("time", f"the {who} has another appointment here at that time", "another time"))
    return len(made)


class _Id(msgspec.Struct, frozen=True):
    id: UUID


class _InTheWay(msgspec.Struct, frozen=True):
    patient: bool


def _instant(day: date, at: Season, zone: str) -> datetime | str:
    """The instant of a wall clock reading, or why there is not exactly one."""
    wall = datetime.combine(day, at.time, ZoneInfo(zone))
    first, second = (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    if first.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall.replace(tzinfo=None):
        return "the clocks are put forward then, so this time does not exist"
    if at.winter is None:
        return "the clocks are put back then, so this time is there twice"
    return max(first, second) if at.winter else min(first, second)
