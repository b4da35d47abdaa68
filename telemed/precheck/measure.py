"""One path under load: how fast to send next, and what the arrivals say. Pure: the clock is given, in ms.

Both directions are loaded at once, as a call does, starting at the pace of a voice and doubling as long as nothing has
to wait. As soon as packets queue the rate falls to what came through: a slow line is filled but not choked. (Left to
SCTP's own congestion control, RFC 9260 section 7, two full directions delay each other's acknowledgements into a
time-out of a second; a line of 300 kbit/s then measured as 90.) Losses are counted after that, with many small packets:
SCTP cuts large messages in two when its window is short, and one lost half is a lost message.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean
from typing import Final, NamedTuple

from telemed.precheck.types import Way

HEADERS: Final = 93  # bytes around a message: IPv4 20, UDP 8, DTLS 1.2 with AES-GCM 37, SCTP with one DATA chunk 28
LARGEST: Final = 1_100  # bytes of a message that still travels in one packet
SMALLEST: Final = 250  # with its headers
CAP: Final = 1_200.0  # kbit/s: enough to tell that video will do, and all that is ever asked of the line
START: Final = 40.0  # kbit/s: a voice
QUIET: Final = 350.0  # ms at that pace, for an honest round trip and jitter
LONGEST: Final = 1_900.0  # ms
FAR: Final = 150.0  # ms there and back from which on it may take longer, since SCTP needs six more of them to get going
STEADY: Final = 250.0  # ms at the cap, after which more would tell nothing new
DOUBLES: Final = 130.0  # ms
CREEPS: Final = 600.0  # ms for the same once the limit has been met
DRAINS: Final = 100.0  # ms, and a round trip, until a lower rate is noticed
WAITS: Final = 30.0  # ms in a queue up to which the rate may rise
CHOKED: Final = 60.0  # ms from which on it falls
COUNTING: Final = 500.0  # ms
COUNTED: Final = 107  # bytes of a message then
COUNT_RATE: Final = 200.0  # kbit/s of them: 60 in that time, or a third of what the line bears
_RECENT: Final = 250.0  # ms over which the rate that came through is taken while steering
_WINDOW: Final = 500.0  # and for the figure
_ENOUGH: Final = 10  # packets that a share can be taken of


@dataclass
class Pace:
    """One direction while it is loaded, steered by what its receiver saw."""

    rate: float = START  # kbit/s
    trip: float = 0.0  # ms there and back at best: so long SCTP may keep a packet until it is told that others arrived
    _began: float | None = None
    _last: float = 0.0
    _least: float = math.inf
    _delays: deque[float] = field(default_factory=lambda: deque(maxlen=2))
    _came: deque[tuple[float, float]] = field(default_factory=deque)
    _full_since: float | None = None
    _met: bool = False
    _fell: float = -math.inf

    def tell(self, at: float, delay: float, octets: float) -> None:
        """A packet arrived `at` after `delay` (any constant offset), the sum of all being `octets`."""
        if self._began is None:
            self._began = self._last = at
        self._least = min(self._least, delay)
        self._delays.append(delay)
        self._came.append((at, octets))
        while self._came[-1][0] - self._came[0][0] > _RECENT and len(self._came) > 2:
            self._came.popleft()
        since, self._last = at - self._last, at
        if at - self._began < QUIET:
            return
        waits = min(self._delays) - self._least
        if waits < max(WAITS, 0.4 * self.trip):
            # Never far beyond what came through: news is as old as the line is long.
            self.rate = min(self.rate * 2 ** (since / (CREEPS if self._met else DOUBLES)), 3 * self.came + START, CAP)
        elif waits > max(CHOKED, 0.75 * self.trip) and at - self._fell > DRAINS + self.trip:
            self.rate, self._met, self._fell = max(0.7 * self.came, START / 4), True, at
        full = self.rate >= CAP and self.came >= 0.85 * CAP
        self._full_since = (self._full_since or at) if full else None

    @property
    def came(self) -> float:
        """kbit/s that came through lately."""
        (since, before), (at, octets) = self._came[0], self._came[-1]
        return (octets - before) * 8 / (at - since) if at > since else 0.0

    @property
    def steady(self) -> bool:
        """Whether the line bears the cap."""
        return self._full_since is not None and self._last - self._full_since >= STEADY


def size(rate: float) -> int:
    """Bytes of a message at a rate in kbit/s: about 25 ms of it, so that a slow line still gives enough of them."""
    return max(SMALLEST - HEADERS, min(LARGEST, int(rate * 25 / 8) - HEADERS))


class Arrival(NamedTuple):
    """A packet by its number: when it was sent and when it came, each on its own side's clock, and its bytes."""

    number: int
    sent: float
    came: float
    octets: int


def way(arrivals: Iterable[Arrival], loaded_until: float, acknowledged: float) -> Way:
    """The figures of one direction, which was loaded until a moment and then counted.

    `acknowledged`: packets a second of the other direction, each with an acknowledgement that took this one's room.
    """
    came = sorted(arrivals, key=lambda one: one.came)
    rate = _rate([one for one in came if one.came <= loaded_until])
    return Way(rate + acknowledged * HEADERS * 8 / 1000 if rate else 0.0, _loss(came), _jitter(came))


def _rate(came: Sequence[Arrival]) -> float:
    """kbit/s of the best half second: a line that lost a burst is slow for a while because SCTP is, not the line."""
    best, first, octets = 0.0, 0, 0
    for last, one in enumerate(came[1:], 1):
        octets += one.octets  # the first packet of a window only says when it begins
        while one.came - came[first].came > _WINDOW:
            first += 1
            octets -= came[first].octets
        took = one.came - came[first].came
        if took >= _WINDOW / 2 and last - first >= 2:
            best = max(best, octets * 8 / took)
    return best


def frequency(came: Sequence[float]) -> float:
    """Packets a second, lately."""
    lately = [at for at in came if at >= came[-1] - _WINDOW]
    return (len(lately) - 1) * 1000 / (lately[-1] - lately[0]) if lately[1:] else 0.0


def _loss(came: Sequence[Arrival]) -> float:
    """Of small packets that met no queue: what a full queue drops is our own doing, not the line's."""
    if not came:
        return 1.0
    numbered = {one.number: one for one in came}
    least = min(one.came - one.sent for one in came)
    fair, lost_fair, lost, is_fair = 0, 0, 0, True
    numbers = range(min(numbered), max(numbered) + 1)
    for number in numbers:
        one = numbered.get(number)
        if one is not None:  # one that is missing is taken for one like the last
            is_fair = one.octets <= SMALLEST and one.came - one.sent - least <= CHOKED
        lost += one is None
        fair += is_fair
        lost_fair += is_fair and one is None
    return lost_fair / fair if fair >= _ENOUGH else lost / len(numbers)


def _jitter(came: Sequence[Arrival]) -> float:
    """Mean difference in transit between neighbours (RFC 3550 section 6.4.1) at a voice's pace."""
    quiet = [one.came - one.sent for one in came if one.came <= came[0].came + QUIET]
    return fmean(abs(after - before) for before, after in pairwise(quiet)) if quiet[1:] else 0.0


def longest(trips: Sequence[float]) -> float:
    """ms that loading may take."""
    return LONGEST + min(LONGEST, 8 * max(0.0, min(trips, default=0.0) - FAR))


def round_trip(samples: Sequence[float]) -> float:
    """ms there and back: the lower quartile, since later samples stood in our own queue."""
    return sorted(samples)[len(samples) // 4] if samples else 0.0
