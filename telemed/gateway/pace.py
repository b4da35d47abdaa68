"""How fast a picture may go: a background flow after RFC 6817 (LEDBAT), as in static/js/talk/pace.js.

The patient's page speaks over the same line, and speech must not wait behind a picture.
"""

from __future__ import annotations

import math
from typing import Final

TARGET: Final = 0.05  # seconds of queueing that a transfer may cause
SEGMENT: Final = 1_200  # bytes
CHUNK: Final = 16_384  # bytes; the most that goes into one message
MEMORY: Final = 30.0  # seconds; the line's own delay is looked for again after two of these


class Pace:
    def __init__(self) -> None:
        self._window = 4.0 * SEGMENT  # bytes under way
        self._lowest = self._former = math.inf
        self._since = 0.0

    def allows(self, under_way: int) -> int:
        """How many bytes may go now; 0 if none."""
        most = min(CHUNK, max(SEGMENT, self._window / 4))
        return int(most) if self._window - under_way >= min(most, self._window) else 0

    def arrived(self, count: int, delay: float, now: float) -> None:
        """So many bytes have; `delay` from their sending until we heard so. Seconds."""
        if now - self._since > MEMORY:
            self._former, self._lowest, self._since = self._lowest, math.inf, now
        self._lowest = min(self._lowest, delay)
        queued = delay - min(self._lowest, self._former)
        step = max(-4.0, (TARGET - queued) / TARGET) * count * SEGMENT / self._window
        self._window = max(float(SEGMENT), self._window + min(step, count))
