"""A still picture on its way to the doctor's page, as a page sends a file; one at a time."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from telemed.gateway import wire
from telemed.gateway.pace import Pace

BACKLOG: Final = 65_536  # bytes that may lie in the channel itself


class Sender:
    """`tell` sends a message, `push` a piece; `backlog` says how many bytes still wait in the channel for pieces."""

    def __init__(
        self, tell: Callable[[wire.Offer], None], push: Callable[[bytes], None], backlog: Callable[[], int]
    ) -> None:
        self._tell, self._push, self._backlog = tell, push, backlog
        self._pace = Pace()
        self._news = asyncio.Event()
        self._id = self._sent = self._had = 0
        self._accepted, self._over = False, True
        self._under_way: deque[tuple[int, float]] = deque()  # (bytes sent so far, when)

    @property
    def busy(self) -> bool:
        return not self._over

    async def send(self, name: str, whole: bytes) -> None:
        """Returns when the page has it, does not want it, or is gone."""
        self._id, self._sent, self._had = self._id + 1, 0, 0
        self._accepted = self._over = False
        self._under_way.clear()
        self._tell(wire.Offer(self._id, name, len(whole), hashlib.sha256(whole).hexdigest()))
        while not self._over:
            await self._step(whole)

    def stop(self) -> None:
        """The page is gone."""
        self._over = True
        self._news.set()

    async def _step(self, whole: bytes) -> None:
        ready = self._accepted and self._sent < len(whole) and self._backlog() <= BACKLOG
        room = self._pace.allows(self._sent - self._had) if ready else 0
        if room:
            piece = whole[self._sent : self._sent + room]
            self._sent += len(piece)
            self._under_way.append((self._sent, time.monotonic()))
            self._push(self._id.to_bytes(4) + piece)
            await asyncio.sleep(0)
            return
        self._news.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), 0.05)

    def hear(self, message: wire.Accept | wire.Refuse | wire.Have | wire.Done) -> None:
        """What the page says of the picture that is on its way."""
        if message.id != self._id:
            return
        match message:
            case wire.Accept():
                self._accepted = True
            case wire.Refuse() | wire.Done():
                self._over = True
            case wire.Have(bytes=had) if self._had < had <= self._sent:
                self._arrived(had)
        self._news.set()

    def _arrived(self, had: int) -> None:
        at = None
        while self._under_way and self._under_way[0][0] <= had:
            at = self._under_way.popleft()[1]
        now = time.monotonic()
        if at is not None:
            self._pace.arrived(had - self._had, now - at, now)
        self._had = had
