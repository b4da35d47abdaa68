"""The log of each room: append with a de-duplication id, follow from a sequence number.

A log keeps a window of entries per room. What falls out of the window is folded into the state kept at its old end,
and whoever starts before that end is given this state first, as a `Snapshot`. Because the state is a pure fold, it does
not matter which node makes the snapshot: a broker's stream (entries by subject, at most so many; a snapshot under a
subject of its own, every half window) fits the same interface.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from typing import Protocol

import msgspec

from telemed.consultation.room import EMPTY, Entry, Snapshot, State, fold

WINDOW = 256  # entries per room
WINDOW_BYTES = 256 * 1024
FORGET_AFTER = 15 * 60.0  # seconds without a follower or an entry


class Log(Protocol):
    async def append(self, room: str, entry: Entry, dedupe_id: str) -> int:
        """The entry's sequence number; for a `dedupe_id` seen before in the window, the number it got then."""

    def follow(self, room: str, after: int) -> AsyncGenerator[tuple[int, Entry]]:
        """Entries after this number, in order, each once, without end.

        Where the window does not reach back to `after`, the first one is a Snapshot of all that is missing; a Snapshot
        further on means that the follower was too slow. Use within `contextlib.aclosing`.
        """


class _Room:
    def __init__(self) -> None:
        self.base = time.time_ns() // 1_000_000  # of a room reborn: above every number of the one before
        self.state: State = EMPTY  # at `base`
        self.window: deque[tuple[Entry, str, int]] = deque()  # entry, its dedupe id, its size in bytes
        self.size = 0
        self.known: dict[str, int] = {}
        self.changed = asyncio.Event()
        self.followers = 0
        self.touched = time.monotonic()

    def append(self, entry: Entry, dedupe_id: str) -> int:
        seq = self.base + len(self.window) + 1
        size = len(msgspec.json.encode(entry))
        self.window.append((entry, dedupe_id, size))
        self.known[dedupe_id] = seq
        self.size += size
        while len(self.window) > WINDOW or self.size > WINDOW_BYTES:
            self._drop()
        self.touched = time.monotonic()
        self.changed.set()
        self.changed = asyncio.Event()
        return seq

    def _drop(self) -> None:
        entry, dedupe_id, size = self.window.popleft()
        self.base += 1
        self.state = fold(self.state, self.base, entry)
        self.size -= size
        self.known.pop(dedupe_id, None)


class MemoryLog:
    """The log of one node that is alone."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}
        self._swept = time.monotonic()

    async def append(self, room: str, entry: Entry, dedupe_id: str) -> int:
        self._sweep()
        kept = self._room(room)
        return kept.known.get(dedupe_id) or kept.append(entry, dedupe_id)

    async def follow(self, room: str, after: int) -> AsyncGenerator[tuple[int, Entry]]:
        kept = self._room(room)
        kept.followers += 1
        try:
            while True:
                changed = kept.changed
                if after < kept.base:
                    after = kept.base
                    yield after, Snapshot(kept.state)
                elif after - kept.base < len(kept.window):
                    after += 1
                    yield after, kept.window[after - kept.base - 1][0]
                else:
                    await changed.wait()
        finally:
            kept.followers -= 1
            kept.touched = time.monotonic()

    def _room(self, name: str) -> _Room:
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = _Room()
        return room

    def _sweep(self) -> None:
        """Forgets rooms that nobody has followed for a while, at most once a minute."""
        at = time.monotonic()
        if at - self._swept < 60:
            return
        self._swept = at
        idle = [name for name, room in self._rooms.items() if not room.followers and at - room.touched > FORGET_AFTER]
        for name in idle:
            del self._rooms[name]
