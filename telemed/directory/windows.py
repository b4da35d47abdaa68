"""When somebody wants to see a doctor: words of an address as instants and times of day. No database, no clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from telemed.directory.types import PractitionersQuery
from telemed.wording import HERE

TIMES: Final[dict[str | None, tuple[time | None, time | None]]] = {
    None: (None, None),
    "morning": (None, time(12)),
    "afternoon": (time(12), time(17)),
    "evening": (time(17), None),
}
PARTS: Final[dict[str | None, list[int]]] = {None: [1, 2, 3], "morning": [1], "afternoon": [2], "evening": [3]}
_FAR: Final = timedelta(days=400)  # beyond the longest horizon


class Window(NamedTuple):
    """Starts in [earliest, latest) on German time, from `since_time` up to `until_time` on the practice's clock."""

    earliest: datetime
    latest: datetime
    since_time: time | None
    until_time: time | None


def window(query: PractitionersQuery, now: datetime) -> Window:
    """What `when`, `from` and `time` mean at this moment; a date in the past means from now on."""
    today = now.astimezone(HERE).date()
    first, last = _days(query, today)
    earliest = max(now, _midnight(min(first, today + _FAR)))
    latest = _midnight(last + timedelta(days=1)) if last is not None else now + _FAR
    return Window(earliest, latest, *TIMES[query.time])


def _days(query: PractitionersQuery, today: date) -> tuple[date, date | None]:
    monday = today - timedelta(days=today.weekday())
    if query.since is not None:
        return max(query.since, today), None
    match query.when:
        case "today":
            return today, today
        case "tomorrow":
            return today + timedelta(days=1), today + timedelta(days=1)
        case "this-week":
            return today, monday + timedelta(days=6)
        case "next-week":
            return monday + timedelta(days=7), monday + timedelta(days=13)
    return today, None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), HERE).astimezone(UTC)
