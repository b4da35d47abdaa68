"""When the demo's doctors can be booked, and for what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta
from typing import Final, NamedTuple


class Hours(NamedTuple):
    """Local time on ISO weekdays; equal times are 24 hours."""

    weekdays: Sequence[int]
    start: time
    end: time


HOURS: Final[dict[str, list[Hours]]] = {
    "full": [Hours([1, 2, 3, 4, 5], time(8), time(12)), Hours([1, 2, 4], time(14), time(17))],
    "early": [Hours([1, 2, 3, 4, 5], time(7), time(13))],
    "late": [Hours([1, 2, 3, 4], time(9), time(13)), Hours([1, 2, 3, 4], time(14, 30), time(19, 30))],
    "few": [Hours([1, 3, 5], time(9), time(12)), Hours([2], time(13), time(16))],
    "saturday": [
        Hours([2, 3, 4, 5], time(8), time(12)), Hours([2, 4], time(13), time(16)), Hours([6], time(9), time(13)),
    ],
    "evening": [Hours([1, 3], time(16), time(21)), Hours([2, 5], time(9), time(12))],
    "always": [Hours([1, 2, 3, 4, 5, 6, 7], time(0), time(0))],
}  # fmt: skip


STATIONS: Final = [Hours([1, 2, 3, 4, 5], time(8), time(13)), Hours([1, 2, 3, 4, 5], time(14), time(18)),
                   Hours([6], time(8), time(12))]  # of every pharmacy and hub  # fmt: skip


class Offer(NamedTuple):
    """A service; times in minutes."""

    name_de: str
    name_en: str
    duration: int
    buffer_before: int
    buffer_after: int
    grid: int
    modes: Sequence[str]
    notice: int = 40  # who is on call is free within 35: whose login the demo shows first is the earliest at any hour
    horizon: timedelta = timedelta(days=30)


OFFERS: Final[dict[str, Offer]] = {
    "talk": Offer("Videosprechstunde", "Video consultation", 15, 0, 0, 15, ["video", "assisted"]),
    "calm": Offer("Videosprechstunde", "Video consultation", 15, 0, 5, 20, ["video", "assisted"]),
    "short": Offer("Kurze Rückfrage", "Short question", 10, 0, 0, 10, ["video"]),
    "first": Offer("Erstes Gespräch", "First talk", 30, 5, 5, 20, ["video", "assisted", "in_person"]),
    "on_call": Offer(
        "Bereitschaft: Videosprechstunde", "On call: video consultation", 15, 0, 0, 15, ["video", "assisted"], notice=5
    ),
    "backup": Offer(
        "Bereitschaft: Videosprechstunde", "On call: video consultation", 15, 0, 0, 15, ["video", "assisted"]
    ),
}
