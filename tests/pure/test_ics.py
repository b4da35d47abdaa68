"""Busy times of calendar files: what counts, in which zone, and that a hostile file costs a bounded time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from telemed.scheduling.feeds import ics
from telemed.scheduling.feeds.ics import Asked, Unreadable

SINCE = datetime(2027, 3, 22, tzinfo=UTC)  # a Monday; the clocks change on the 28th
ASKED = Asked("Europe/Berlin", SINCE, SINCE + timedelta(days=14))


def calendar(*events: str, head: str = "") -> bytes:
    body = "".join(
        f"BEGIN:VEVENT\r\nUID:{number}@example\r\nDTSTAMP:20270101T000000Z\r\nSUMMARY:Geheim\r\n{event}\r\nEND:VEVENT\r\n"
        for number, event in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//DE\r\n{head}{body}END:VCALENDAR\r\n".encode()


def busy(*events: str, head: str = "") -> list[tuple[str, str]]:
    found = ics.busy_times(calendar(*events, head=head), ASKED)
    return [(f"{start:%d %H:%M}", f"{end:%d %H:%M}") for start, end in found]


def why(file: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        ics.busy_times(file, ASKED)
    return caught.value.code


def test_times_with_and_without_a_zone() -> None:
    assert busy("DTSTART:20270323T080000Z\r\nDTEND:20270323T090000Z") == [("23 08:00", "23 09:00")]
    assert busy("DTSTART;TZID=Europe/Berlin:20270323T080000\r\nDURATION:PT30M") == [("23 07:00", "23 07:30")]
    assert busy("DTSTART:20270323T080000\r\nDTEND:20270323T090000") == [("23 07:00", "23 08:00")]
    unknown = "DTSTART;TZID=Mars/Olympus:20270323T080000\r\nDTEND;TZID=Mars/Olympus:20270323T090000"
    assert busy(unknown) == [("23 07:00", "23 08:00")]


def test_a_day_is_the_day_of_the_practice() -> None:
    assert busy("DTSTART;VALUE=DATE:20270328") == [("27 23:00", "28 22:00")]  # 23 hours: the clocks change
    assert busy("DTSTART;VALUE=DATE:20270323\r\nDTEND;VALUE=DATE:20270325") == [("22 23:00", "24 23:00")]


def test_free_and_cancelled_entries_do_not_count() -> None:
    hour = "DTSTART:20270323T080000Z\r\nDTEND:20270323T090000Z"
    assert busy(f"{hour}\r\nTRANSP:TRANSPARENT", f"{hour}\r\nSTATUS:CANCELLED") == []
    assert busy("DTSTART:20270323T080000Z") == []  # an instant takes no time


def test_what_touches_is_one_time_and_the_window_cuts() -> None:
    assert busy(
        "DTSTART:20270323T080000Z\r\nDTEND:20270323T090000Z", "DTSTART:20270323T090000Z\r\nDTEND:20270323T093000Z"
    ) == [("23 08:00", "23 09:30")]
    assert busy("DTSTART:20260101T000000Z\r\nDTEND:20280101T000000Z") == [("22 00:00", "05 00:00")]


def test_repetitions_follow_the_wall_clock_and_their_exceptions() -> None:
    weekly = (
        "DTSTART;TZID=Europe/Berlin:20200107T080000\r\nDTEND;TZID=Europe/Berlin:20200107T090000\r\n"
        "RRULE:FREQ=WEEKLY;BYDAY=TU,TH\r\nEXDATE;TZID=Europe/Berlin:20270325T080000"
    )
    assert busy(weekly) == [("23 07:00", "23 08:00"), ("30 06:00", "30 07:00"), ("01 06:00", "01 07:00")]


def test_one_of_a_series_that_was_cancelled_or_moved() -> None:
    series = "UID:s\r\nDTSTART:20270322T080000Z\r\nDTEND:20270322T090000Z\r\nRRULE:FREQ=DAILY;COUNT=3"
    moved = "UID:s\r\nRECURRENCE-ID:20270323T080000Z\r\nDTSTART:20270323T120000Z\r\nDTEND:20270323T130000Z"
    dropped = "UID:s\r\nRECURRENCE-ID:20270324T080000Z\r\nDTSTART:20270324T080000Z\r\nSTATUS:CANCELLED"
    text = b"".join(
        b"BEGIN:VEVENT\r\n" + part.encode() + b"\r\nDTSTAMP:20270101T000000Z\r\nEND:VEVENT\r\n"
        for part in (series, moved, dropped)
    )
    found = ics.busy_times(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + text + b"END:VCALENDAR\r\n", ASKED)
    assert [f"{start:%d %H}" for start, _end in found] == ["22 08", "23 12"]


def test_the_byte_order_mark_and_small_letters_are_read_over() -> None:
    file = calendar("DTSTART:20270323T080000Z\r\nDTEND:20270323T090000Z")
    assert len(ics.busy_times(b"\xef\xbb\xbf" + file, ASKED)) == 1
    assert len(ics.busy_times(file.replace(b"BEGIN:VCALENDAR", b"begin:vcalendar"), ASKED)) == 1


@pytest.mark.parametrize("text", [b"", b"<!doctype html>", b"BEGIN:VCARD\r\nEND:VCARD\r\n", b"\x00" * 100])
def test_what_is_no_calendar(text: bytes) -> None:
    assert why(text) == "not_a_calendar"


@pytest.mark.parametrize(
    "event", ["SUMMARY:ohne Zeit", "DTSTART:gestern", "DTSTART:20270323T080000Z\r\nDTEND:20279999"]
)
def test_an_entry_without_readable_times_is_told(event: str) -> None:
    """Left out in silence, its time would be given away."""
    assert why(calendar(event)) == "broken"


def test_absurd_rules_are_refused_before_anything_is_counted() -> None:
    start = "DTSTART:19700101T000000Z\r\nDTEND:19700101T000001Z\r\n"
    for rule in ("FREQ=SECONDLY", "FREQ=MINUTELY;COUNT=999999999"):
        assert why(calendar(f"{start}RRULE:{rule}")) == "too_often"
    assert why(calendar(*["DTSTART:20270323T080000Z"] * (ics.MOST_EVENTS + 1))) == "too_much"


HOSTILE = {
    "hours of fifty years": "DTSTART:19700101T000000Z\r\nDURATION:PT1M\r\nRRULE:FREQ=HOURLY",
    "a rule that never occurs": "DTSTART:20000101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "every second by the day": "DTSTART:20200101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=DAILY;BYHOUR="
    + ",".join(map(str, range(24))) + ";BYMINUTE=" + ",".join(map(str, range(60))) + ";BYSECOND="
    + ",".join(map(str, range(60))),
    "a flood of dates": "DTSTART:20270323T080000Z\r\nDURATION:PT1S\r\nRDATE:"
    + ",".join(f"2027032{d}T{m // 60:02}{m % 60:02}{s:02}Z" for d in "345" for m in range(1440) for s in (0, 20, 40)),
    "a count without end": "DTSTART:20200101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=" + "9" * 400,
    "an end before the start": "DTSTART:20270323T080000Z\r\nDTEND:20270322T080000Z",
    "nested calendars": "DTSTART:20270323T080000Z\r\n" + "BEGIN:VCALENDAR\r\n" * 20_000,
    "a zone of its own that changes each second": "DTSTART;TZID=X:20270323T080000\r\nDURATION:PT1H",
}  # fmt: skip
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0200\r\nRRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_file_ends_in_an_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ics, "PATIENCE", 1.5)
    file = calendar(HOSTILE[name], head=ZONE if "zone" in name else "")
    begun = time.monotonic()
    try:
        found = await ics.read(file, ASKED)
    except Unreadable as refused:
        assert refused.code in ("too_much", "broken")
    else:
        assert len(found) <= ics.MOST_TIMES
    assert time.monotonic() - begun < 4


async def test_another_process_says_the_same() -> None:
    file = calendar("DTSTART:20270323T080000Z\r\nDTEND:20270323T090000Z")
    assert await ics.read(file, ASKED) == ics.busy_times(file, ASKED)
    with pytest.raises(Unreadable, match="not_a_calendar"):
        await ics.read(b"nothing", ASKED)
