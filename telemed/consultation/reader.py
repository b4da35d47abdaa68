"""Reads a JetStream from a place on, in order and without a gap, whatever the line and the servers do.

An ephemeral consumer counts what it delivers. A number out of turn, a missing heartbeat or a new connection means: make
another one, from the first place not seen yet. (nats-py has an ordered consumer too; its watch over the heartbeats ends
with the first server that does not answer.)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

HEARTBEAT = 1.0  # seconds
SILENCE = 3 * HEARTBEAT  # without a message or a heartbeat, the consumer is gone

TROUBLE = (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError)
Take = Callable[[int, float, str, bytes], None]
"""Takes a message: its place in the stream, its time in seconds, its subject, its bytes."""


class Counter:
    """Whether what a consumer delivers is the next thing: pure, so that a test can shuffle it."""

    def __init__(self, place: int) -> None:
        self.place = place  # the last one taken
        self.number = 0  # of the consumer's messages
        self.broken = False

    def fits(self, number: int, place: int) -> bool:
        """Whether the consumer's `number`-th message, at `place`, is the next one. A gap breaks it for good."""
        if self.broken or number <= self.number or place <= self.place:
            return False
        if number != self.number + 1:
            self.broken = True
            return False
        self.number, self.place = number, place
        return True


class Reader:
    """One consumer, as long as it lasts."""

    def __init__(self, client: Client, place: int, take: Take) -> None:
        self._client, self._take = client, take
        self._counter = Counter(place)
        self._stirred = asyncio.Event()
        self._over = False
        self.heard = time.monotonic()
        self.caught_up = asyncio.Event()

    def stop(self) -> None:
        """The connection is another one: so will be the consumer."""
        self._over = True
        self._stirred.set()

    async def read(self) -> None:
        """Takes what comes until there is a gap or a silence. Raises one of TROUBLE."""
        while not (self._over or self._counter.broken):
            self._stirred.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), HEARTBEAT)
            if time.monotonic() - self.heard > SILENCE:
                return

    async def _heard(self, message: Msg) -> None:
        self.heard = time.monotonic()
        if message.headers and message.headers.get("Status") == "100":
            if message.reply:  # flow control: go on
                await self._client.publish(message.reply)
            last = message.headers.get("Nats-Last-Consumer")
            if last is not None and int(last) > self._counter.number:
                self._counter.broken = True
        else:
            told = message.metadata
            if self._counter.fits(told.sequence.consumer, told.sequence.stream):
                self._take(told.sequence.stream, told.timestamp.timestamp(), message.subject, message.data)
            if told.num_pending == 0:
                self.caught_up.set()
        if self._counter.broken:
            self._stirred.set()

    @asynccontextmanager
    async def attached(self, stream: str) -> AsyncIterator[None]:
        """With a consumer from the first place not taken yet. Raises one of TROUBLE."""
        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(inbox, cb=self._heard)
        place = self._counter.place
        config = ConsumerConfig(
            deliver_subject=inbox, ack_policy=AckPolicy.NONE, max_deliver=1, mem_storage=True, num_replicas=1,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE if place else DeliverPolicy.ALL,
            opt_start_seq=place + 1 if place else None, idle_heartbeat=HEARTBEAT, flow_control=True,
            inactive_threshold=10.0,
        )  # fmt: skip
        try:
            made = await self._client.jetstream(timeout=2.0).add_consumer(stream, config)
            if not made.num_pending and not (made.delivered and made.delivered.consumer_seq):
                self.caught_up.set()
            yield
        finally:
            with suppress(*TROUBLE):
                await subscription.unsubscribe()
