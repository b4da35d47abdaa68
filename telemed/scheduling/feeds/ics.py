"""Busy times of a calendar file (RFC 5545), read in a process of its own: `python -m telemed.scheduling.feeds.ics`.

A file from outside may name a million occurrences in one line, and the libraries would look for all of them. So the
reading has a bounded share of processor and memory and can be ended from outside, whatever the file says.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from telemed.scheduling.hours.rules import Range, merge

MOST_EVENTS: Final = 30_000
MOST_TIMES: Final = 10_000  # within the horizon
CPU: Final = 15  # seconds
PATIENCE: Final = 30.0  # seconds on the clock, for a busy machine
MEMORY: Final = 1 << 30  # bytes of address space
_TOO_OFTEN: Final = {"SECONDLY", "MINUTELY"}
_TIMES: Final = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "EXRULE"}


class Unreadable(Exception):
    """Why there are no busy times; `code` is a key of `telemed.scheduling.feeds.busy.WHY`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Asked(msgspec.Struct, frozen=True):
    """What the other process is told before the file: the window, and the zone of times that name none."""

    zone: str
    since: datetime
    until: datetime


class Answer(msgspec.Struct, frozen=True):
    times: list[tuple[datetime, datetime]] = []
    error: str | None = None


async def read(file: bytes, asked: Asked) -> list[Range]:
    """The busy times of a calendar file, merged and in order, in UTC. Raises Unreadable.

    Floating times and days are those of `asked.zone`; free (TRANSP) and cancelled entries do not count.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, cwd=Path(__file__).parents[2], env={},  # none of our secrets
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            said, _nothing = await process.communicate(msgspec.json.encode(asked) + b"\n" + file)
    except TimeoutError:
        raise Unreadable("too_much") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise Unreadable("too_much")
    answer = msgspec.json.decode(said, type=Answer)
    if answer.error is not None:
        raise Unreadable(answer.error)
    return [Range(start, end) for start, end in answer.times]


def busy_times(file: bytes, asked: Asked) -> list[Range]:
    """The same in this process, without bounds of time. Raises Unreadable, and whatever a hostile file brings about."""
    import icalendar
    import recurring_ical_events

    if not file.removeprefix(b"\xef\xbb\xbf").lstrip()[:15].upper() == b"BEGIN:VCALENDAR":
        raise Unreadable("not_a_calendar")
    if file.upper().count(b"BEGIN:VEVENT") > MOST_EVENTS:
        raise Unreadable("too_much")
    calendar = icalendar.Calendar.from_ical(file.decode("utf-8-sig", "replace"))
    for event in calendar.walk("VEVENT"):
        _check(event)
    day = timedelta(days=1)
    found = recurring_ical_events.of(calendar).between(asked.since - day, asked.until + day)
    zone = ZoneInfo(asked.zone)
    times = list(islice(_times(found, zone, Range(asked.since, asked.until)), MOST_TIMES + 1))
    if len(times) > MOST_TIMES:
        raise Unreadable("too_much")
    return merge(times)


def _check(event: Any) -> None:
    """An entry whose times cannot be read must not be left out in silence: its time would be given away."""
    broken = {str(name).upper() for name, _why in event.errors} & _TIMES
    if broken or "DTSTART" not in event:
        raise Unreadable("broken")
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if _TOO_OFTEN & {str(freq).upper() for freq in rule.get("FREQ", [])}:
            raise Unreadable("too_often")


def _times(found: Any, zone: ZoneInfo, window: Range) -> Iterator[Range]:
    for event in found:
        if str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        start, end = (max(window.start, _instant(event.start, zone)), min(window.end, _instant(event.end, zone)))
        if start < end:
            yield Range(start, end)


def _instant(at: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Asked)
    answer = Answer(error="broken")
    # What a hostile file may raise inside the libraries has no bounds; here it ends.
    with contextlib.suppress(Exception):
        try:
            answer = Answer([(start, end) for start, end in busy_times(sys.stdin.buffer.read(), asked)])
        except Unreadable as why:
            answer = Answer(error=why.code)
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    _main()
