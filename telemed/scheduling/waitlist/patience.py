"""How long an offer from the waiting list waits for its answer."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

Channel = Literal["email", "sms", "phone"]

LEAST: Final = timedelta(minutes=10)
_LENGTH: Final = {"email": timedelta(hours=2), "sms": timedelta(hours=2), "phone": timedelta(minutes=30)}
# When people read messages on any day, and when somebody at the practice can call, from Monday to Friday.
_AWAKE: Final = {"email": (time(8), time(21)), "sms": (time(8), time(21)), "phone": (time(8), time(18))}


def answer_by(now: datetime, start: datetime, channel: Channel, zone: ZoneInfo) -> datetime:
    """When an offer made `now` for `start` is over.

    Two hours for a message, half an hour for a call; near the start a quarter of the time left, but ten minutes at
    least. At night the clock stands still, and while nobody is at the practice it does for calls; yet a quarter of
    the time left always remains, for somebody else to be offered the same time.
    """
    left = start - now
    length = max(min(_LENGTH[channel], left / 4), LEAST)
    return min(_awake(now, length, channel, zone), now + max(left * 3 / 4, LEAST))


def _awake(now: datetime, length: timedelta, channel: Channel, zone: ZoneInfo) -> datetime:
    """`length` later, counted only while somebody is awake."""
    opens, closes = _AWAKE[channel]
    at = now
    day = now.astimezone(zone).date()
    while True:
        if channel != "phone" or day.isoweekday() <= 5:
            since = max(at, datetime.combine(day, opens, zone).astimezone(now.tzinfo))
            until = datetime.combine(day, closes, zone).astimezone(now.tzinfo)
            if since < until:
                if since + length <= until:
                    return since + length
                length -= until - since
                at = until
        day += timedelta(days=1)
