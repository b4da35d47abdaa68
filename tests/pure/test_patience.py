"""How long an offer waits: never past its start, never counted while people sleep or nobody is at the practice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from telemed.scheduling.waitlist.patience import LEAST, Channel, answer_by

BERLIN = ZoneInfo("Europe/Berlin")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


# 2026-11-27 is a Friday; on 2027-03-28, a Sunday, the clocks are put forward.
@pytest.mark.parametrize(("now", "start", "channel", "until"), [
    ("2026-11-24 10:00", "2026-11-30 10:00", "email", "2026-11-24 12:00"),
    ("2026-11-24 10:00", "2026-11-30 10:00", "phone", "2026-11-24 10:30"),
    ("2026-11-24 10:00", "2026-11-24 14:00", "sms", "2026-11-24 11:00"),    # a quarter of what is left
    ("2026-11-24 10:00", "2026-11-24 10:20", "email", "2026-11-24 10:10"),  # ten minutes at least
    ("2026-11-24 22:00", "2026-11-30 10:00", "email", "2026-11-25 10:00"),  # the night does not count
    ("2026-11-24 20:00", "2026-11-30 10:00", "email", "2026-11-25 09:00"),  # one hour before it, one after
    ("2026-11-24 22:00", "2026-11-25 08:40", "email", "2026-11-25 06:00"),  # yet a quarter is left for somebody else
    ("2026-11-27 17:50", "2026-12-04 10:00", "phone", "2026-11-30 08:20"),  # nor does the weekend, for calls
    ("2027-03-27 20:00", "2027-04-05 10:00", "sms", "2027-03-28 09:00"),
])  # fmt: skip
def test_until_when(now: str, start: str, channel: Channel, until: str) -> None:
    assert answer_by(local(now), local(start), channel, BERLIN) == local(until)


@given(
    now=some.timedeltas(timedelta(0), timedelta(days=730)).map(lambda since: datetime(2026, 1, 1, tzinfo=UTC) + since),
    left=some.timedeltas(timedelta(minutes=15), timedelta(days=60)),
    channel=some.sampled_from(["email", "sms", "phone"]),
)
def test_always_after_ten_minutes_and_before_the_start(now: datetime, left: timedelta, channel: Channel) -> None:
    until = answer_by(now, now + left, channel, BERLIN)
    assert now + LEAST <= until < now + left
