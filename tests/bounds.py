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


class Seen(NamedTuple):
    kept: dict[Part, datetime]
    true: dict[Part, datetime]


async def look(owner: asyncpg.Connection) -> Seen:
    """Kept and true first starts of every part that can still be booked, in one snapshot."""
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
        rows = await owner.fetch("SELECT service, opening, part, start FROM next_free WHERE opening IS NOT NULL")
    now = clock.now()  # after the snapshot, so no bound in it was reckoned at a later moment
    zones = {service["id"]: ZoneInfo(service["zone"]) for service in services}
    alive = {opening["id"] for opening in openings}
    kept: dict[Part, datetime] = {}
    for row in rows:
        if row["service"] in zones and row["opening"] in alive:
            part = Part(row["service"], row["opening"], row["part"], _day(row["start"], zones[row["service"]]))
            kept[part] = min(row["start"], kept.get(part, row["start"]))
    busy: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    days: dict[tuple[UUID, str], int] = defaultdict(int)
    for one in taken:
        busy[one["practitioner"]].append((one["a"], one["b"]))
        if one["service"] in zones:
            days[one["service"], _day(one["start"], zones[one["service"]])] += 1
    true: dict[Part, datetime] = {}
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
                    if free and not full and part not in true and start >= now + service["notice"]:
                        true[part] = start
                    start += service["grid"]
    return Seen(kept, true)


def _part(start: datetime, zone: ZoneInfo) -> int:
    at = start.astimezone(zone).time()
    return 1 if at < time(12) else 2 if at < time(17) else 3


def _day(start: datetime, zone: ZoneInfo) -> str:
    return start.astimezone(zone).date().isoformat()


def never_late(seen: Seen) -> None:
    """No kept bound is later than the truth, and none is missing."""
    late = {part: (seen.kept.get(part), start) for part, start in seen.true.items()
            if part not in seen.kept or seen.kept[part] > start}  # fmt: skip
    assert not late, late


def exact(seen: Seen) -> None:
    """From now on, the bounds are the truth."""
    soon = clock.now() + timedelta(days=1)
    kept = {part: start for part, start in seen.kept.items() if part in seen.true or start > soon}
    assert kept == seen.true
