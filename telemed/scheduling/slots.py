"""Free starts: openings minus reservations on the service's grid, computed in SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.scheduling.hours.rules import local_time
from telemed.scheduling.types import Appointment, Service, Slot, Slots, SlotsQuery

ALTERNATIVES = 5
FAR = timedelta(days=400)  # beyond the longest horizon


class _Start(msgspec.Struct, frozen=True):
    start: datetime


async def slots(tx: Tx, service: UUID, query: SlotsQuery, *, near: bool = True) -> Slots:
    """The free starts of a service in a window, in order. Raises NotFound."""
    offered = await tx.one(Service, "scheduling.service", service=service)
    found = await free(tx, service, query.limit, since=query.since, until=query.until, near=near, station=query.station)
    return Slots(offered, [_slot(offered, start) for start in found])


async def free(
    tx: Tx, service: UUID, limit: int, *, since: datetime | None = None, until: datetime | None = None,
    near: bool = True, station: UUID | None = None,
) -> list[datetime]:  # fmt: skip
    """The free starts in [since, until), without a window from now to the horizon; at a station, free there too.

    `near`: also those that are kept for people near the practice.
    """
    now = clock.now()
    earliest, latest = window(since, until, now)
    rows = await tx.many(
        _Start, "scheduling.free_starts", service=service, near=near, station=station, earliest=earliest, latest=latest,
        now=now, limit=limit,
    )  # fmt: skip
    return [row.start for row in rows]


async def alternatives_to(tx: Tx, moving: Appointment, start: datetime, *, near: bool = False) -> list[datetime]:
    """Starts to offer instead of one that is taken: the next ones after it, else the first ones there are."""
    now = clock.now()
    for since in (start, now):
        rows = await tx.many(
            _Start, "scheduling.free_for_appointment", id=moving.id, near=near, earliest=_within(since, now), now=now,
            limit=ALTERNATIVES,
        )  # fmt: skip
        if rows:
            return [row.start for row in rows]
    return []


def window(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """Where to look for starts: from now to beyond every horizon, unless something narrower is wanted."""
    return _within(since or now, now), _within(until or now + FAR, now)


def _within(wanted: datetime, now: datetime) -> datetime:
    """An instant that Postgres can hold too: what lies far off is as good as the end of the horizon."""
    return min(max(wanted, now), now + FAR).astimezone(UTC)


def _slot(service: Service, start: datetime) -> Slot:
    local = local_time(start, service.zone)
    return Slot(start, start + service.duration, f"{local.date}T{local.time}", local.season)
