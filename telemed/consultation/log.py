"""The log of each room: append with a de-duplication id, and be told what others append.

A log keeps a window of entries per room. What falls out of the window is folded into the state kept at its old end,
and whoever starts following is given this state first, as a `Snapshot`. Because the state is a pure fold, it does not
matter which node makes the snapshot: a broker's stream (entries by subject, at most so many; a snapshot under a subject
of its own, every half window) fits the same interface.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import msgspec

from telemed.consultation.room import EMPTY, Entry, Snapshot, State, fold

WINDOW = 256  # entries per room
WINDOW_BYTES = 256 * 1024
FORGET_AFTER = 15 * 60.0  # seconds without a follower or an entry

Tell = Callable[[int, Entry], None]
"""Takes an entry with its number; neither waits nor raises, since it runs in the middle of somebody's `append`."""


class Log(Protocol):
    async def append(self, room: str, entry: Entry, dedupe_id: str) -> int:
        """The entry's sequence number; for a `dedupe_id` seen before in the window, the number it got then."""

    async def follow(self, room: str, tell: Tell) -> tuple[list[tuple[int, Entry]], Callable[[], None]]:
        """What the log has, a Snapshot of all that is missing first; and how to stop.

        Until then `tell` is given what comes after, in order, each entry once.
        """


class _Room:
    def __init__(self) -> None:
        self.base = time.time_ns() // 1_000_000  # of a room reborn: above every number of the one before
        self.state: State = EMPTY  # at `base`
        self.window: deque[tuple[Entry, str, int]] = deque()  # entry, its dedupe id, its size in bytes
        self.size = 0
        self.known: dict[str, int] = {}
        self.followers: list[Tell] = []
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
        for tell in tuple(self.followers):
            tell(seq, entry)
        return seq

    def past(self) -> list[tuple[int, Entry]]:
        entries = (entry for entry, _, _ in self.window)
        return [(self.base, Snapshot(self.state)), *enumerate(entries, self.base + 1)]

    def stop(self, tell: Tell) -> None:
        self.followers.remove(tell)
        self.touched = time.monotonic()

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

    async def follow(self, room: str, tell: Tell) -> tuple[list[tuple[int, Entry]], Callable[[], None]]:
        kept = self._room(room)
        kept.followers.append(tell)
        return kept.past(), lambda: kept.stop(tell)

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
