"""The log of each room: append with a de-duplication id, and be told what others append.

A log keeps a window of entries per room. What falls out of the window is folded into the state kept at its old end,
and whoever starts following is given this state first, as a `Snapshot`. Because the state is a pure fold, it does not
matter which node makes the snapshot. `MemoryLog` is for one node that is alone; `log_jetstream.py` for many.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec

from telemed.consultation.room import EMPTY, Entry, Snapshot, State, fold

WINDOW = 256  # entries per room
WINDOW_BYTES = 256 * 1024
FORGET_AFTER = 15 * 60.0  # seconds without a follower or an entry

Tell = Callable[[int, Entry], None]
"""Takes an entry with its number; neither waits nor raises, since it runs in the middle of somebody's `append`."""
Lost = Callable[[], None]
"""Told once, and nothing after it: the log has lost its place, whoever follows has to start anew."""


class Following(NamedTuple):
    """What the log has, a Snapshot of all that is missing first; and how to stop."""

    past: list[tuple[int, Entry]]
    stop: Callable[[], None]


class Log(Protocol):
    async def append(self, room: str, entry: Entry, dedupe_id: str) -> int:
        """The entry's sequence number; for a `dedupe_id` seen before in the window, the number it got then.

        Raises LogDown when it is not known whether the entry was taken: to repeat it under its id is safe.
        """

    async def follow(self, room: str, tell: Tell, lost: Lost) -> Following:
        """From here on `tell` is given what comes, in order, each entry once. Past and future have no gap.

        What was appended from here before is in the past. Raises LogDown.
        """

    def lives(self, node: str) -> bool:
        """Whether that node still serves its sockets, as far as is known here."""

    @property
    def up(self) -> bool:
        """Whether entries can be appended now."""


class Window:
    """The last entries of a room, and the state at their old end. Numbers rise, with gaps or without."""

    def __init__(self, base: int) -> None:
        self.base = self.last = base
        self.state: State = EMPTY  # at `base`
        self.entries: deque[tuple[int, Entry, int]] = deque()  # number, entry, its size in bytes
        self.size = 0
        self.followers: list[tuple[Tell, Lost]] = []

    def append(self, number: int, entry: Entry, size: int) -> None:
        self.entries.append((number, entry, size))
        self.last = number
        self.size += size
        while len(self.entries) > WINDOW or self.size > WINDOW_BYTES:
            self.base, dropped, gone = self.entries.popleft()
            self.state = fold(self.state, self.base, dropped)
            self.size -= gone
        for tell, _ in tuple(self.followers):
            tell(number, entry)

    def follow(self, tell: Tell, lost: Lost) -> Following:
        follower = (tell, lost)
        self.followers.append(follower)
        past = [(number, entry) for number, entry, _ in self.entries]

        def stop() -> None:
            if follower in self.followers:
                self.followers.remove(follower)

        return Following([(self.base, Snapshot(self.state)), *past], stop)

    def now(self) -> State:
        """The state after the last entry."""
        state = self.state
        for number, entry, _ in self.entries:
            state = fold(state, number, entry)
        return state

    def lose(self) -> None:
        """Tells whoever follows that there is nothing more to follow here."""
        followers, self.followers = self.followers, []
        for _, lost in followers:
            lost()


class _Room(Window):
    """A window that numbers its entries, and knows them again."""

    def __init__(self) -> None:
        super().__init__(time.time_ns() // 1_000)  # of a room reborn: above every number of the one before
        self.known: dict[str, int] = {}
        self.touched = time.monotonic()

    def add(self, entry: Entry, dedupe_id: str) -> int:
        number = self.known.get(dedupe_id)
        if number is None:
            number = self.known[dedupe_id] = self.last + 1
            self.touched = time.monotonic()
            self.append(number, entry, len(msgspec.json.encode(entry)))
            while len(self.known) > WINDOW:
                del self.known[next(iter(self.known))]
        return number


class MemoryLog:
    """The log of one node that is alone."""

    up = True

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}
        self._swept = time.monotonic()

    async def append(self, room: str, entry: Entry, dedupe_id: str) -> int:
        self._sweep()
        return self._room(room).add(entry, dedupe_id)

    async def follow(self, room: str, tell: Tell, lost: Lost) -> Following:
        kept = self._room(room)
        past, stop = kept.follow(tell, lost)

        def stopped() -> None:
            stop()
            kept.touched = time.monotonic()

        return Following(past, stopped)

    def lives(self, node: str) -> bool:
        return True

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
