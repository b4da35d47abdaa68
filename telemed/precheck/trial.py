"""The probe's side of one measurement: sends, steers both directions, and sums up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from aiortc import RTCDataChannel

from telemed.precheck import measure, wire
from telemed.precheck.measure import COUNT_RATE, COUNTED, HEADERS, Arrival, Pace

TICK: Final = 0.004  # s
_AT_ONCE: Final = 2  # packets that may wait in SCTP's queue; more would be measured as the line's delay
_KEEP_UP: Final = 40.0  # kbit/s while the page's last word is awaited, so that SCTP soon notices if it is lost
_ACKNOWLEDGES: Final = 0.5  # of what a page receives: browsers answer every other packet, aiortc each


class Trial:
    """One path. `receive` takes what the page sends; `run` returns once both directions are known or time is up."""

    def __init__(self, channel: RTCDataChannel) -> None:
        self._channel = channel
        self._up, self._down = Pace(), Pace()
        self._arrivals: list[Arrival] = []
        self._octets = 0
        self._sent: list[tuple[float, int]] = []  # when, and octets, by number
        self._heard = -1
        self._trips: list[float] = []
        self._running = False
        self._fixed: tuple[float, float] | None = None  # kbit/s up and down while losses are counted
        self._loaded, self._loaded_until = 0, 0.0  # packets sent under load, and when it ended

    def receive(self, data: bytes) -> None:
        packet, now = wire.read_up(data), _now()
        if packet is None or not self._running or len(self._arrivals) >= wire.MOST:
            return
        octets = len(data) + HEADERS
        self._octets += octets
        self._arrivals.append(Arrival(packet.number, packet.at, now, octets))
        self._up.tell(now, now - packet.at, self._octets)
        if self._heard < packet.heard < len(self._sent):
            self._heard = packet.heard
            sent, _ = self._sent[packet.heard]
            self._trips.append(now - sent - (packet.at - packet.heard_at))
            self._up.trip = self._down.trip = min(self._trips)
            self._down.tell(packet.heard_at, packet.heard_at - sent, packet.octets)

    async def run(self) -> None:
        self._running = True
        began = _now()
        await self._send_until(lambda now: self._known(now - began))
        self._loaded, self._loaded_until = len(self._sent), _now()
        self._fixed = (min(COUNT_RATE, self._up.came / 3), min(COUNT_RATE, self._down.came / 3))
        await self._send_until(lambda now: now - self._loaded_until > measure.COUNTING)
        self._running = False

    def _known(self, took: float) -> bool:
        steady = self._up.steady and self._down.steady
        return steady or took > measure.longest(self._trips)

    async def keep_up(self, told: asyncio.Event) -> None:
        """Tells the page to stop, until it has said what it heard."""
        self._fixed = (0.0, _KEEP_UP)
        await self._send_until(lambda _now: told.is_set())

    async def _send_until(self, done: Callable[[float], bool]) -> None:
        credit, last = 0.0, _now()
        while not done(now := _now()):
            asked, rate = self._fixed or (self._up.rate, self._down.rate)
            size, asked_size = (COUNTED, COUNTED) if self._fixed else (measure.size(rate), measure.size(asked))
            # What could not be sent in time is not made up for: that would be a burst, not a rate.
            credit = min(credit + rate * (now - last) / 8, 2.0 * (size + HEADERS))
            last = now
            while credit >= size + HEADERS and self._channel.bufferedAmount < _AT_ONCE * measure.LARGEST:
                credit -= size + HEADERS
                self._channel.send(wire.down(len(self._sent), asked, asked_size, size))
                self._sent.append((now, size + HEADERS))
            await asyncio.sleep(TICK)

    def figures(self, heard: wire.Heard) -> wire.Figures:
        """What came of it."""
        known = [(number, at) for number, at in heard.got if 0 <= number < len(self._sent)]
        came = [Arrival(number, self._sent[number][0], at, self._sent[number][1]) for number, at in known]
        loaded = [at for number, at in known if number < self._loaded]
        until = self._loaded_until
        ups = measure.frequency([one.came for one in self._arrivals if one.came <= until])
        downs = measure.frequency(loaded) * _ACKNOWLEDGES
        return wire.Figures(
            measure.round_trip(self._trips), measure.way(self._arrivals, until, downs),
            measure.way(came, max(loaded, default=0.0), ups),
        )  # fmt: skip


def _now() -> float:
    return time.monotonic() * 1000
