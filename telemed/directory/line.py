"""The line in which practitioners wait to be shown: by the earliest moment they could be free, then by truth.

Free starts cost much, lower bounds of them (table next_free) next to nothing. So practitioners line up by their bounds,
only the first few are looked at, and one is told only if nobody further back can still overtake. How many practitioners
there are does not matter, only how many towns, and how many are shown.
"""

from __future__ import annotations

import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.directory.types import PractitionersQuery, Sort, Spot, Town
from telemed.directory.windows import PARTS, Window
from telemed.errors import Invalid
from telemed.text import _
from telemed.travel import distance_km, travel_minutes

STARTS: Final = 4  # told of each practitioner
NEVER: Final = 1e12  # seconds: after every start there can be, as in order_keys() in SQL
_OFFERED: Final = 0  # the part of the day that everybody is in, free or not
Key = tuple[float, float, UUID]
_TRIES: Final = (1, 4, 32, 10**6)  # how many times as far back, if the first look was not enough
_MOST: Final = 10**9  # rows, as a PostgreSQL integer can say them: everybody


class BadCursor(Invalid):
    """A cursor that this search never gave."""

    code = "bad_cursor"
    sentence = _("This page of the list does not exist any more. Please search again.")


class Row(msgspec.Struct, frozen=True):
    """A practitioner in the line; `bound`: no free start is earlier, None: none at all."""

    practitioner: UUID
    km: float
    bound: datetime | None
    first_key: float
    second_key: float
    cut_first: float | None
    cut_second: float | None
    cut_practitioner: UUID | None
    title: str
    name: str
    specialty: str
    languages: tuple[str, ...]
    site: UUID
    site_name: str
    street: str
    postal_code: str
    phone: str
    zone: str
    place: int
    lat: float
    lon: float
    near_minutes: int | None


class Free(msgspec.Struct, frozen=True):
    """The first starts that a practitioner really has with a service, in order."""

    practitioner: UUID
    service: UUID
    starts: list[datetime]


class Told(msgspec.Struct, frozen=True):
    """A row at its true place in the order; `free` by each service that has a start, the earliest first."""

    row: Row
    near: bool
    free: list[Free]
    key: Key


class Asked(msgspec.Struct, frozen=True):
    """A search as it is carried out. Nearness is reckoned from `home` (B-08); a `station` must be free too."""

    query: PractitionersQuery
    window: Window
    home: Spot
    station: UUID | None


class After(msgspec.Struct, frozen=True, array_like=True):
    """A row's place in the order, and how many came up to it: the list goes on after it."""

    first_key: float
    second_key: float
    practitioner: UUID
    seen: int

    @property
    def key(self) -> Key:
        return self.first_key, self.second_key, self.practitioner


NOBODY: Final = UUID(int=0)
START: Final = After(-1.0, -1.0, NOBODY, 0)


async def first(tx: Tx, around: Sequence[Town], asked: Asked) -> list[Told]:
    """The next `limit` practitioners after the cursor, and one more if there is one. Raises BadCursor."""
    query = asked.query
    after = read(query.cursor)
    wanted = after.seen + query.limit + 1
    for far in _TRIES:
        towns = around if query.sort == "earliest" else around[: 6 * far]
        parts = PARTS[query.time] + ([_OFFERED] if query.sort == "nearest" or far > 1 else [])
        each = min(wanted * far * (20 if query.sort == "nearest" else 1), _MOST)
        look = min(3 * wanted * far, _MOST)
        line = await tx.many(
            Row, "directory.line", places=[town.place for town in towns], kilometres=[town.km for town in towns],
            parts=parts, specialty=query.specialty or None, mode=query.mode, language=query.language,
            earliest=asked.window.earliest, now=clock.now(), sort=query.sort, each=each, look=look + 1,
        )  # fmt: skip
        told = await _true(tx, line[:look], asked)
        behind = min(
            [*_behind(line, look), *[(town.km, -1.0, NOBODY) for town in around[len(towns):]],
             *([] if _OFFERED in parts else [(NEVER, -1.0, NOBODY)])], default=None,
        )  # fmt: skip
        sure = [one for one in told if one.key > after.key and (behind is None or one.key <= behind)]
        if behind is None or len(sure) >= query.limit + 1:
            return sure[: query.limit + 1]
    raise AssertionError("the last try looks at everybody")


def cursor(told: Sequence[Told], query: PractitionersQuery) -> str | None:
    """Where the list goes on, if it does."""
    if len(told) <= query.limit:
        return None
    last = After(*told[query.limit - 1].key, read(query.cursor).seen + query.limit)
    return urlsafe_b64encode(msgspec.json.encode(last)).decode()


def read(cursor: str | None) -> After:
    """Raises BadCursor."""
    if not cursor:
        return START
    try:
        after = msgspec.json.decode(urlsafe_b64decode(cursor.encode()), type=After)
    except (ValueError, msgspec.DecodeError) as error:
        raise BadCursor from error
    if not 0 <= after.seen <= 10**5 or not all(map(math.isfinite, after.key[:2])):
        raise BadCursor
    return after


async def _true(tx: Tx, line: Sequence[Row], asked: Asked) -> list[Told]:
    """Those looked at, with the first start that they really have, in the true order."""
    near = {row.practitioner: is_near(row, asked.home) for row in line}
    perhaps = [row for row in line if row.bound is not None]
    rows = await tx.many(
        Free, "directory.first_starts", practitioners=[row.practitioner for row in perhaps],
        near=[near[row.practitioner] for row in perhaps], mode=asked.query.mode, language=asked.query.language,
        station=asked.station, since_time=asked.window.since_time, until_time=asked.window.until_time,
        earliest=min((row.bound for row in perhaps if row.bound is not None), default=asked.window.earliest),
        now=clock.now(), each=STARTS,
    )  # fmt: skip
    free: dict[UUID, list[Free]] = {}
    for one in sorted(rows, key=lambda one: (one.starts[0], one.service)):
        free.setdefault(one.practitioner, []).append(one)
    told = []
    for row in line:
        mine = free.get(row.practitioner, [])
        key = (*_keys(asked.query.sort, row.km, mine[0].starts[0] if mine else None), row.practitioner)
        told.append(Told(row, near[row.practitioner], mine, key))
    return sorted(told, key=lambda one: one.key)


def is_near(row: Row, home: Spot) -> bool:
    """Whether somebody at `home` counts as near the practice, where that matters."""
    if row.near_minutes is None:
        return True
    return travel_minutes(distance_km(home.lat, home.lon, row.lat, row.lon)) <= row.near_minutes


def _behind(line: Sequence[Row], look: int) -> list[Key]:
    """Nobody who was not looked at stands before these places; at one, if anybody, somebody who was."""
    found: list[Key] = [(row.first_key, row.second_key, row.practitioner) for row in line[look:]]
    cut = (line[0].cut_first, line[0].cut_second, line[0].cut_practitioner) if line else (None, None, None)
    if cut[0] is not None and cut[1] is not None and cut[2] is not None:
        found.append((cut[0], cut[1], cut[2]))
    return found


def _keys(sort: Sort, km: float, start: datetime | None) -> tuple[float, float]:
    at = start.timestamp() if start is not None else NEVER
    return (km, at) if sort == "nearest" else (at, km)
