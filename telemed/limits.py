"""Rate limits, so that a flood is slowed and an honest user is not (OWASP ASVS 5.0 V2.4.1)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from telemed.errors import TooMany

MANY = 50_000  # clients remembered before the idle ones are swept


@dataclass(slots=True)
class Limit:
    """A token bucket per client: `burst` at once, then `per_minute` on average. Memory of one node."""

    burst: int
    per_minute: float
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)  # client -> tokens, when

    def spend(self, client: str) -> None:
        """Takes one token. Raises TooMany with the seconds until the next."""
        at = time.monotonic()
        tokens, then = self._buckets.get(client, (float(self.burst), at))
        tokens = min(self.burst, tokens + (at - then) * self.per_minute / 60)
        if tokens < 1:
            raise TooMany(retry_after=math.ceil((1 - tokens) * 60 / self.per_minute))
        if len(self._buckets) > MANY:
            self._sweep(at)
        self._buckets[client] = (tokens - 1, at)

    def _sweep(self, at: float) -> None:
        full = self.burst / self.per_minute * 60  # seconds after which a bucket is full again, so forgettable
        self._buckets = {client: bucket for client, bucket in self._buckets.items() if at - bucket[1] < full}
