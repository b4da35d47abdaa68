"""The line in which practitioners wait to be shown: by the earliest moment they could be free, then by truth.

Free starts cost much, lower bounds of them (table next_free) next to nothing. So practitioners line up by their bounds
and are looked at from the front, and one is told only if nobody further back can still overtake. How many practitioners
there are does not matter, only how many towns, and how many are shown.
"""

from __future__ import annotations

import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.directory.towns import Reach
from telemed.directory.types import PractitionersQuery, Sort, Spot
from telemed.directory.windows import PARTS, Window
from telemed.errors import Invalid
from telemed.text import _
from telemed.travel import distance_km, travel_minutes

STARTS: Final = 4  # told of each practitioner
NEVER: Final = 1e12  # seconds: after every start there can be, as in order_keys() in SQL
_OFFERED: Final = 0  # the part of the day that everybody is in, free or not
Key = tuple[float, float, UUID]
_TRIES: Final = (1, 4, 16, 64, 256, 10**6)  # how many times as far back, if the first line was not long enough
_SPARE: Final = 4  # looked at beyond a page, because a bound may be too early
_MOST: Final = 10**9  # rows, as a PostgreSQL integer can say them: everybody


class BadCursor(Invalid):
    """A cursor that this search never gave."""

    code = "bad_cursor"
    sentence = _("This page of the list does not exist any more. Please search again.")


class Row(msgspec.Struct, frozen=True):
    """A practitioner in the line; `bound`: no free start is earlier, None: none at all. The cut is that of the line."""

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

    @property
    def key(self) -> Key:
        return self.first_key, self.second_key, self.practitioner

    @property
    def cut(self) -> list[Key]:
        if self.cut_first is None or self.cut_second is None or self.cut_practitioner is None:
            return []
        return [(self.cut_first, self.cut_second, self.cut_practitioner)]


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


def enough(query: PractitionersQuery) -> int:
    """How long the line must be for this page, and to know whether it goes on. Raises BadCursor."""
    return read(query.cursor).seen + query.limit + 1


async def first(tx: Tx, around: Reach, asked: Asked) -> list[Told]:
    """The next `limit` practitioners after the cursor, and one more if there is one. Raises BadCursor."""
    query = asked.query
    after, wanted = read(query.cursor).key, enough(query)
    for far in _TRIES:
        line, behind = await _line(tx, around, asked, min(wanted * far, _MOST))
        told: list[Told] = []
        while behind is None or len(line) > query.limit:
            told += await _true(tx, line[len(told) : max(2 * len(told), wanted + _SPARE)], asked)
            following = line[len(told)].key if len(told) < len(line) else behind
            sure = [one for one in told if one.key > after and (following is None or one.key <= following)]
            if following is None or len(sure) > query.limit:
                return sorted(sure, key=lambda one: one.key)[: query.limit + 1]
            if len(told) == len(line):
                break
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


async def _line(tx: Tx, around: Reach, asked: Asked, wanted: int) -> tuple[list[Row], Key | None]:
    """The front of the line, from as many towns as may be needed, and a place that nobody who is missing is before."""
    query = asked.query
    nearest = query.sort == "nearest"
    towns = around.towns[: bisect_left(list(accumulate(around.practitioners)), wanted) + 1] if nearest else around.towns
    everybody = nearest or wanted > min(enough(query), sum(around.practitioners))
    look = min(3 * wanted, _MOST)
    line = await tx.many(
        Row, "directory.line", places=[town.place for town in towns], kilometres=[town.km for town in towns],
        parts=PARTS[query.time] + ([_OFFERED] if everybody else []), specialty=query.specialty or None,
        mode=query.mode, language=query.language, earliest=asked.window.earliest, now=clock.now(), sort=query.sort,
        each=min(wanted * (20 if nearest else 1), _MOST), look=look + 1,
    )  # fmt: skip
    missing = [row.key for row in line[look:]] + (line[0].cut if line else [])
    missing += [(town.km, -1.0, NOBODY) for town in around.towns[len(towns) :]]
    if not everybody:
        missing.append((NEVER, -1.0, NOBODY))
    behind = min(missing, default=None)
    return [row for row in line[:look] if behind is None or row.key <= behind], behind


async def _true(tx: Tx, line: Sequence[Row], asked: Asked) -> list[Told]:
    """Those looked at, each at their true place by the first start that they really have."""
    near = {row.practitioner: is_near(row, asked.home) for row in line}
    perhaps = [row for row in line if row.bound is not None]
    rows = await tx.many(
        Free, "directory.first_starts", practitioners=[row.practitioner for row in perhaps],
        near=[near[row.practitioner] for row in perhaps], mode=asked.query.mode, language=asked.query.language,
        station=asked.station, since_time=asked.window.since_time, until_time=asked.window.until_time,
        earliest=min(row.bound for row in perhaps if row.bound is not None), now=clock.now(), each=STARTS,
    ) if perhaps else []  # fmt: skip
    free: dict[UUID, list[Free]] = {}
    for one in sorted(rows, key=lambda one: (one.starts[0], one.service)):
        free.setdefault(one.practitioner, []).append(one)
    told = []
    for row in line:
        mine = free.get(row.practitioner, [])
        key = (*_keys(asked.query.sort, row.km, mine[0].starts[0] if mine else None), row.practitioner)
        told.append(Told(row, near[row.practitioner], mine, key))
    return told


def is_near(row: Row, home: Spot) -> bool:
    """Whether somebody at `home` counts as near the practice, where that matters."""
    if row.near_minutes is None:
        return True
    return travel_minutes(distance_km(home.lat, home.lon, row.lat, row.lon)) <= row.near_minutes


def _keys(sort: Sort, km: float, start: datetime | None) -> tuple[float, float]:
    at = start.timestamp() if start is not None else NEVER
    return (km, at) if sort == "nearest" else (at, km)
