"""A broker as bad as can be, for the room's property test: it loses, repeats and reorders what it delivers, forgets
what is old, dies with everything it had; and nodes that read from it as `reader.py` and `log_jetstream.py` do.

Time is the stream's: half a second for each message.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random

import msgspec

from telemed.consultation import replica as replicas
from telemed.consultation.log import Following, Lost, Tell
from telemed.consultation.reader import Counter
from telemed.consultation.replica import Birth, Carried, Kept, Message, Replica
from telemed.consultation.room import Entry

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


class Broker:
    """One stream."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.kept: deque[tuple[int, float, str, bytes]] = deque()
        self.last = 0
        self.at = 1_000.0
        self.births = 0
        self.known: dict[str, int] = {}
        self.nodes: list[Node] = []

    def publish(self, name: str, message: Message, dedupe_id: str) -> int:
        if dedupe_id in self.known:
            return self.known[dedupe_id]
        self.last += 1
        self.at += 0.5
        self.known[dedupe_id] = self.last
        self.kept.append((self.last, self.at, name, msgspec.json.encode(message)))
        while self.at - self.kept[0][1] > replicas.KEEP:
            self.kept.popleft()
        for node in self.nodes:
            node.deliver(self.last)
        return self.last

    def die(self) -> None:
        """And come back with nothing."""
        self.kept.clear()
        self.known.clear()
        self.last = 0


class Node:
    """Reads the stream, at its own pace."""

    def __init__(self, broker: Broker) -> None:
        self.broker, self.replica = broker, Replica()
        self.queue: list[tuple[int, int]] = []  # the consumer's number, the place
        self.last = b""
        broker.nodes.append(self)
        self.attach()
        self.keep_up()

    def attach(self) -> None:
        """Another consumer, from the first place not seen."""
        broker, replica = self.broker, self.replica
        if replica.place and not any((place, data) == (replica.place, self.last) for place, _, _, data in broker.kept):
            replica.clear()
            replica.place = 0
        self.counter = Counter(replica.place)
        self.sent = 0
        self.queue.clear()
        for place, *_ in broker.kept:
            self.deliver(place)
        if not broker.kept and not replica.base:
            broker.births += 1
            base = broker.births * 1_000_000 - broker.last
            broker.publish("", Birth(base, broker.last), f"birth {broker.births}")

    def deliver(self, place: int) -> None:
        if place > self.replica.place:
            self.sent += 1
            self.queue.append((self.sent, place))

    def step(self) -> None:
        """One delivery, as it happens to go."""
        chance = self.broker.chance.random()
        if self.counter.broken or (not self.queue and self.replica.place != self.broker.last):
            self.attach()
        elif self.queue and chance < 0.05:
            self.queue.pop(0)  # lost
        elif len(self.queue) > 1 and chance < 0.1:
            self.queue[0], self.queue[1] = self.queue[1], self.queue[0]
        elif self.queue:
            number, place = self.queue[0] if chance < 0.15 else self.queue.pop(0)  # or twice
            message = next((m for m in self.broker.kept if m[0] == place), None)
            if message is not None and self.counter.fits(number, place):
                place, at, name, data = message
                self.replica.take(place, at, name, _decoder.decode(data), len(data))
                self.last = data

    def keep_up(self, place: int | None = None) -> None:
        while self.replica.place < (self.broker.last if place is None else place) or not self.replica.base:
            self.step()

    def tend(self) -> None:
        for name, kept in list(self.replica.due(self.broker.at)):
            self.broker.publish(name, kept, f"{name}/kept/{kept.after}")


class TwoNodes:
    """The log as the pages of two nodes see it. `told` hears of every entry the stream takes, with its number."""

    def __init__(self, chance: Random, told: Callable[[int, Entry], None]) -> None:
        self.broker = Broker(chance)
        self.nodes = [Node(self.broker), Node(self.broker)]
        self._told = told
        self._stay()

    def _stay(self) -> None:
        for node in self.nodes:  # somebody is there all the time
            node.replica.follow("room", lambda _seq, _entry: None, lambda: None)

    async def append(self, node: int, entry: Entry, dedupe_id: str) -> int:
        while True:
            at = self.nodes[node]
            at.keep_up()  # what it knows of births is true
            base, before = at.replica.base, self.broker.last
            place = self.broker.publish("room", Carried(base, entry), dedupe_id)
            if place > before:
                self._told(base + place, entry)
            for other in self.nodes:
                for _ in range(self.broker.chance.randrange(3)):
                    other.step()
                other.tend()
            at.keep_up(place)
            if base == at.replica.base:
                return base + place

    async def follow(self, node: int, tell: Tell, lost: Lost) -> Following:
        return self.nodes[node].replica.follow("room", tell, lost)

    def restart(self, node: int) -> None:
        """A node dies, and a new one takes its place that has to read everything."""
        self.broker.nodes.remove(self.nodes[node])
        self.nodes[node].replica.clear()
        self.nodes[node] = Node(self.broker)
        self._stay()

    def die(self) -> None:
        """The broker loses everything; the nodes notice when they come back to it."""
        self.broker.die()
        for node in self.nodes:
            node.attach()
            node.keep_up()
        self._stay()


__all__ = ["Broker", "Kept", "Node", "TwoNodes"]
