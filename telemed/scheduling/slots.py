"""Free starts: openings minus reservations on the service's grid, computed in SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.scheduling.rules import local_time
from telemed.scheduling.types import Appointment, FirstFree, Service, Slot, Slots, SlotsQuery, Wish

ALTERNATIVES = 5
_FAR = timedelta(days=400)  # beyond the longest horizon


class _Start(msgspec.Struct, frozen=True):
    start: datetime


async def slots(tx: Tx, service: UUID, query: SlotsQuery) -> Slots:
    """The free starts of a service in a window, in order. Raises NotFound."""
    offered = await tx.one(Service, "scheduling.service", service=service)
    found = await free(tx, service, query.limit, since=query.since, until=query.until, station=query.station)
    return Slots(offered, [_slot(offered, start) for start in found])


async def free(
    tx: Tx, service: UUID, limit: int, *, since: datetime | None = None, until: datetime | None = None,
    station: UUID | None = None, assistant: UUID | None = None, patient_key: bytes | None = None,
) -> list[datetime]:  # fmt: skip
    """The free starts in [since, until), without a window from now to the horizon; free for all those given."""
    now = clock.now()
    rows = await tx.many(
        _Start, "scheduling.free_starts", service=service, station=station, assistant=assistant,
        patient_key=patient_key, earliest=_within(since or now, now), latest=_within(until or now + _FAR, now),
        now=now, limit=limit,
    )  # fmt: skip
    return [row.start for row in rows]


async def alternatives(tx: Tx, wish: Wish, assistant: UUID | None, patient_key: bytes | None) -> list[datetime]:
    """Starts to offer instead of one that is taken: the next ones after it, else the first ones there are."""
    for since in (wish.start, None):
        found = await free(
            tx, wish.service, ALTERNATIVES, since=since, station=wish.station, assistant=assistant,
            patient_key=patient_key,
        )  # fmt: skip
        if found:
            return found
    return []


async def alternatives_to(tx: Tx, moving: Appointment, start: datetime) -> list[datetime]:
    """The same for an appointment that could not be moved to `start`."""
    now = clock.now()
    for since in (start, now):
        rows = await tx.many(
            _Start,
            "scheduling.free_for_appointment",
            id=moving.id,
            earliest=_within(since, now),
            now=now,
            limit=ALTERNATIVES,
        )
        if rows:
            return [row.start for row in rows]
    return []


async def first_free(tx: Tx, services: list[UUID]) -> dict[UUID, datetime]:
    """The first free start of each service that has one."""
    rows = await tx.many(FirstFree, "scheduling.first_free", services=services, now=clock.now())
    return {row.service: row.start for row in rows}


def _within(wanted: datetime, now: datetime) -> datetime:
    """An instant that Postgres can hold too: what lies far off is as good as the end of the horizon."""
    return min(max(wanted, now), now + _FAR).astimezone(UTC)


def _slot(service: Service, start: datetime) -> Slot:
    local = local_time(start, service.zone)
    return Slot(start, start + service.duration, f"{local.date}T{local.time}", local.season)
