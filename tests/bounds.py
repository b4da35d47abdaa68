"""What the kept bounds of free starts must be, reckoned the slow and obvious way from one snapshot of the tables."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from telemed import clock

COUNTED = ("booked", "arrived", "fulfilled")


class Part(NamedTuple):
    """A service in one part of the day of one opening."""

    service: UUID
    opening: int
    part: int
    day: str


class Kept(NamedTuple):
    """A row: from the first start that may be free to the last."""

    start: datetime
    last: datetime


class Seen(NamedTuple):
    kept: dict[Part, list[Kept]]
    true: dict[Part, list[datetime]]


async def look(owner: asyncpg.Connection) -> Seen:
    """The rows that a search from now on sees, and all free starts of every part, in one snapshot."""
    async with owner.transaction(isolation="repeatable_read", readonly=True):
        services = await owner.fetch(
            "SELECT s.*, site.zone FROM service s JOIN practitioner p ON p.id = s.practitioner AND p.active"
            " JOIN site ON site.id = p.site AND site.active WHERE s.active"
        )
        openings = await owner.fetch("SELECT id, practitioner, lower(during) AS a, upper(during) AS b FROM opening")
        taken = await owner.fetch(
            "SELECT practitioner, service, lower(reserved) AS a, upper(reserved) AS b, lower(during) AS start"
            " FROM appointment WHERE status = ANY ($1) AND NOT isempty(reserved)", COUNTED,
        )  # fmt: skip
        rows = await owner.fetch("SELECT service, opening, part, start, last FROM next_free WHERE opening IS NOT NULL")
    now = clock.now()  # after the snapshot, so no bound in it was reckoned at a later moment
    zones = {service["id"]: ZoneInfo(service["zone"]) for service in services}
    notices = {service["id"]: service["notice"] for service in services}
    alive = {opening["id"] for opening in openings}
    kept: dict[Part, list[Kept]] = defaultdict(list)
    for row in rows:
        service = row["service"]
        if service in zones and row["opening"] in alive and row["last"] >= now + notices[service]:
            part = Part(service, row["opening"], row["part"], _day(row["start"], zones[service]))
            kept[part].append(Kept(row["start"], row["last"]))
    busy: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    days: dict[tuple[UUID, str], int] = defaultdict(int)
    for one in taken:
        busy[one["practitioner"]].append((one["a"], one["b"]))
        if one["service"] in zones:
            days[one["service"], _day(one["start"], zones[one["service"]])] += 1
    true: dict[Part, list[datetime]] = defaultdict(list)
    for service in services:
        zone = zones[service["id"]]
        for opening in openings:
            if opening["practitioner"] == service["practitioner"]:
                start = opening["a"]
                while start + service["duration"] <= opening["b"]:
                    a, b = start - service["buffer_before"], start + service["duration"] + service["buffer_after"]
                    part = Part(service["id"], opening["id"], _part(start, zone), _day(start, zone))
                    free = not any(x < b and a < y for x, y in busy[service["practitioner"]])
                    full = service["daily_cap"] is not None and days[service["id"], part.day] >= service["daily_cap"]
                    if free and not full and start >= now + service["notice"]:
                        true[part].append(start)
                    start += service["grid"]
    return Seen(kept, true)


def _part(start: datetime, zone: ZoneInfo) -> int:
    at = start.astimezone(zone).time()
    return 1 if at < time(12) else 2 if at < time(17) else 3


def _day(start: datetime, zone: ZoneInfo) -> str:
    return start.astimezone(zone).date().isoformat()


def never_late(seen: Seen) -> None:
    """Whatever is free lies in a row: no kept bound is later than the truth, and none is missing."""
    late = [(part, start) for part, starts in seen.true.items() for start in starts
            if not any(kept.start <= start <= kept.last for kept in seen.kept[part])]  # fmt: skip
    assert not late, late


def exact(seen: Seen) -> None:
    """From now on, the bounds are the truth."""
    soon = clock.now() + timedelta(days=1)
    kept = {part: min(rows).start for part, rows in seen.kept.items() if rows}
    kept = {part: start for part, start in kept.items() if part in seen.true or start > soon}
    assert kept == {part: starts[0] for part, starts in seen.true.items()}
