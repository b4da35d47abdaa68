"""The rooms as a stream tells them: the same stream, the same rooms, on every node. No I/O, no clock, no await.

A node reads the whole stream in its order and keeps the window of every room in it, so that to follow a room asks
nobody. All it knows comes from the stream, times included, and the stream's own order decides everything:

- **Numbers.** An entry's number is its place in the stream plus `base`. The base is said by a `Birth`, which is good
  only if it stands where its writer thought; every other message repeats it. A stream that was lost begins again at 1,
  with the base of its birth in Unix microseconds, so numbers rise for ever. What stands under an older base is void.
- **Forgetting.** A room whose last message is older than `FORGET` starts anew, by the stream's own times. Nodes that
  remember it and nodes that came too late to do so then agree.
- **Snapshots.** Whoever follows a room sees to it that a snapshot comes every `SNAPSHOT` seconds and half window. So
  the messages of the last `KEEP` seconds are enough to know every room that is not forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from telemed.consultation import log
from telemed.consultation.log import Following, Lost, Tell, Window
from telemed.consultation.room import Entry, State

KEEP = 15 * 60.0  # seconds that the stream keeps a message
FORGET = KEEP / 2
SNAPSHOT = KEEP / 5  # FORGET + SNAPSHOT + the 20 s until one who waits is given up: well below KEEP


class Birth(Struct, frozen=True, tag="birth"):
    """The first message of a stream, `after` whose last place nothing is any more."""

    base: int
    after: int


class Carried(Struct, frozen=True, tag="entry"):
    """An entry of a room."""

    base: int
    entry: Entry


class Kept(Struct, frozen=True, tag="kept"):
    """A room's state, good if the room's last message is the one at place `after`."""

    base: int
    after: int
    state: State


Message = Birth | Carried | Kept


class Room(Window):
    """A window, the place and time of the last message about it, and what came since the last snapshot."""

    def __init__(self, base: int) -> None:
        super().__init__(base)
        self.place = 0
        self.at = self.kept_at = 0.0
        self.fresh = self.fresh_bytes = 0


class Replica:
    """Takes every message of the stream, in order."""

    def __init__(self) -> None:
        self.base = 0
        self.place = 0  # of the last message taken
        self.at = 0.0  # its time, in seconds
        self.rooms: dict[str, Room] = {}

    def take(self, place: int, at: float, name: str, message: Message, size: int) -> None:
        """Goes on by one message. `at` is when the stream took it, `name` the room's."""
        self.place, self.at = place, max(at, self.at)
        if isinstance(message, Birth):
            if message.after == place - 1 and message.base != self.base:
                self.clear()
                self.base = message.base
            return
        if self.base == 0:
            self.base = message.base
        if message.base != self.base:
            return
        number = self.base + place
        if isinstance(message, Kept):
            self._keep(name, number, message)
            return
        room = self._room(name, number)
        room.place, room.at = place, self.at
        room.fresh += 1
        room.fresh_bytes += size
        room.append(number, message.entry, size)

    def _room(self, name: str, number: int) -> Room:
        room = self.rooms.get(name)
        if room is not None and self.at - room.at <= FORGET:
            return room
        if room is not None:
            room.lose()
        room = self.rooms[name] = Room(number - 1)
        room.kept_at = self.at
        return room

    def _keep(self, name: str, number: int, kept: Kept) -> None:
        room = self.rooms.get(name)
        if room is None:
            room = self.rooms[name] = Room(self.base + kept.after)
            room.state, room.place = kept.state, kept.after
        elif room.place != kept.after:
            return  # something came in between: of no use to anybody
        elif room.now() != kept.state:
            # Read from the middle: the beginning had gone, and this is what was in it.
            room.lose()
            room = self.rooms[name] = Room(self.base + kept.after)
            room.state, room.place = kept.state, kept.after
        room.at = room.kept_at = self.at
        room.fresh = room.fresh_bytes = 0

    def follow(self, name: str, tell: Tell, lost: Lost) -> Following:
        """As `Log.follow`. A room that is not there, or about to be forgotten, begins with its first message."""
        room = self.rooms.get(name)
        if room is None:
            room = self.rooms[name] = Room(self.base + self.place)
            room.at = room.kept_at = self.at
        return room.follow(tell, lost)

    def due(self, at: float) -> Iterator[tuple[str, Kept]]:
        """The snapshots that are to be written, of rooms that somebody here follows."""
        for name, room in self.rooms.items():
            grown = room.fresh >= log.WINDOW // 2 or room.fresh_bytes >= log.WINDOW_BYTES // 2
            if room.followers and room.place and (grown or at - room.kept_at > SNAPSHOT):
                yield name, Kept(self.base, room.place, room.now())

    def sweep(self, at: float) -> None:
        """Lets go of rooms that would start anew anyway."""
        for name in [name for name, room in self.rooms.items() if not room.followers and at - room.at > FORGET]:
            del self.rooms[name]

    def clear(self) -> None:
        """The stream is lost, and every room with it."""
        rooms, self.rooms = self.rooms, {}
        self.base = 0
        for room in rooms.values():
            room.lose()
