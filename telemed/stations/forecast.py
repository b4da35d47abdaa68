"""How long somebody will wait for the next free doctor: the queue played forward. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

LEAST: Final = timedelta(minutes=5)  # between two appointments a walk-in is called in for no less (0021_walk_ins)


class _Taken(msgspec.Struct, frozen=True, kw_only=True):
    """`taken_since`, `taken_until`: spans, in order."""

    taken_since: list[datetime]
    taken_until: list[datetime]

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        return list(zip(self.taken_since, self.taken_until, strict=True))


class OnCall(_Taken, frozen=True, kw_only=True):
    """A doctor who is there until `until`, for some `sites` or (None) all; each takes about `length`.

    `answering`: one is being offered to them now.
    """

    id: UUID
    specialty: str
    sites: list[UUID] | None
    until: datetime
    length: timedelta
    answering: bool


class Waiting(_Taken, frozen=True, kw_only=True):
    """Somebody who waits for a doctor of a specialty, other than `handed_on`; the spans are of the room."""

    id: UUID
    specialty: str
    site: UUID
    station: UUID
    handed_on: list[UUID]


class Room(_Taken, frozen=True, kw_only=True):
    """A room, and when it is taken."""

    station: UUID

    def as_last(self, walk_in: UUID, specialty: str, site: UUID) -> Waiting:
        """Somebody who came last of all, and sits down here."""
        return Waiting(
            id=walk_in, specialty=specialty, site=site, station=self.station, handed_on=[],
            taken_since=self.taken_since, taken_until=self.taken_until,
        )  # fmt: skip


def play(now: datetime, doctors: Sequence[OnCall], queue: Sequence[Waiting]) -> dict[UUID, datetime | None]:
    """When each of the queue can be expected to be called in; None: by none of those who are there now."""
    busy = {one.id: one.spans + ([(now, now + one.length)] if one.answering else []) for one in doctors}
    rooms = {one.station: one.spans for one in queue}
    found: dict[UUID, datetime | None] = {}
    for one in queue:
        room = rooms[one.station]
        able = [
            (_first(now, [*busy[doctor.id], *room]), number, doctor)
            for number, doctor in enumerate(doctors)
            if doctor.specialty == one.specialty
            and doctor.id not in one.handed_on
            and (doctor.sites is None or one.site in doctor.sites)
        ]
        able = [it for it in able if it[0] < it[2].until]
        if not able:
            found[one.id] = None
            continue
        start, _number, doctor = min(able)
        found[one.id] = start
        busy[doctor.id].append((start, start + doctor.length))
        room.append((start, start + doctor.length))
    return found


def _first(now: datetime, spans: list[tuple[datetime, datetime]]) -> datetime:
    start = now
    for since, until in sorted(spans):
        if since < start + LEAST and until > start:
            start = until
    return start


def minutes(now: datetime, start: datetime) -> int:
    """A wait as it is said: 0 at once, else upwards to 5, 10, 15, … because it may well be longer."""
    return -((now - start) // timedelta(minutes=5)) * 5
