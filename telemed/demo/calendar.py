"""Appointments that are booked already, so that calendars look as they do in life."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import msgspec

from telemed.db import Tx
from telemed.demo.hours import STATIONS
from telemed.demo.tables import Patient, known_as
from telemed.wording import HERE

DAYS: Final = 4  # today and the next ones
BOOKED: Final = 20  # percent of the starts of these days


class _Start(msgspec.Struct, frozen=True):
    start: datetime
    service: UUID
    practitioner: UUID
    assisted: bool


async def book(
    tx: Tx, today: date, now: datetime, services: list[UUID], patients: list[Patient], stations: list[UUID]
) -> None:
    """Books some starts of each service; which, for whom and where is decided by the start itself, not by chance.

    So loading again on the same day changes nothing, and on another day fills only the days that are new.
    """
    since = datetime.combine(today, time(), UTC)
    starts = await tx.many(_Start, "demo.starts", services=services, since=since, until=since + timedelta(days=DAYS))
    rows: list[dict[str, object]] = []
    for each in starts:
        drawn = _drawn(each)
        # Quarters past and to the hour stay free, so that whoever is open can be tried at once.
        if drawn % 100 >= BOOKED or each.start.minute in (15, 45):
            continue
        patient = patients[drawn // 100 % len(patients)]
        at_station = each.assisted and drawn // 10_000 % 6 == 0 and _staffed(each.start)
        number = known_as("appointment", f"{each.practitioner} {each.start.isoformat()}")
        rows.append({
            "id": number, "service": each.service, "start": each.start, "now": now,
            "station": stations[drawn // 100_000 % len(stations)] if at_station else None,
            "code_digest": hashlib.sha256(number.bytes).digest(),  # of no code: nobody holds these appointments
            "patient_name": patient.name, "birth_date": patient.birth_date, "phone": patient.phone,
            "patient_key": hashlib.sha256(patient.name.encode()).digest(),
        })  # fmt: skip
    await tx.run_many("demo.put_appointment", rows)


def _staffed(start: datetime) -> bool:
    """Whether somebody is at the stations then, and for the hour after."""
    local = start.astimezone(HERE)
    return any(
        local.isoweekday() in hours.weekdays and hours.start <= local.time() and local.hour + 1 < hours.end.hour
        for hours in STATIONS
    )


def _drawn(each: _Start) -> int:
    digest = hashlib.sha256(each.practitioner.bytes + each.start.isoformat().encode()).digest()
    return int.from_bytes(digest[:8])
