"""The log of many nodes: one JetStream stream in the memory of a NATS cluster, and on each node a replica of its rooms.

What is appended is published under its de-duplication id, repeated until the stream has it, and heard back before
`append` returns; so whoever appends and then follows finds it. While NATS is away nothing can be appended: after
OUTAGE the sockets are told, and their pages come back when it does.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, Header, StorageType, StreamConfig, StreamInfo, StreamState

from telemed import clock
from telemed.consultation.log import WINDOW, Following, Lost, Tell
from telemed.consultation.reader import TROUBLE, Reader
from telemed.consultation.refusals import LogDown
from telemed.consultation.replica import KEEP, Birth, Carried, Message, Replica
from telemed.consultation.room import Entry

STREAM, ROOMS, BIRTH, NODES = "telemed_rooms", "telemed.room.", "telemed.birth", "telemed.node."
MSG_ID, LAST = Header.MSG_ID.value, Header.EXPECTED_LAST_SEQUENCE.value
MEMORY = 256 * 1024 * 1024  # bytes of the whole stream; more is refused, not forgotten
OUTAGE = 12.0  # seconds: a cluster needs 4 to 9 to replace a leader that died, and a page gives up after 15
BEAT = 2.0  # seconds between the signs of life of a node
DEAD = 4 * BEAT

log = structlog.get_logger()
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


class JetStreamLog:
    """Use `opened`."""

    def __init__(self, url: str, node: str) -> None:
        self._urls, self._node = re.split(r"[\s,]+", url.strip()), node
        self._client = Client()
        self._js: JetStreamContext = self._client.jetstream(timeout=1.0)
        self._replica = Replica()
        self._last = b""  # what stood at the replica's place
        self._reader: Reader | None = None
        self._awaited: dict[int, list[asyncio.Future[None]]] = {}
        self._nodes: dict[str, float] = {}
        self._began = self._well = time.monotonic()
        self._up = asyncio.Event()

    @property
    def up(self) -> bool:
        return self._up.is_set()

    def lives(self, node: str) -> bool:
        # Who has just come has heard of nobody yet.
        now = time.monotonic()
        return node == self._node or now - max(self._nodes.get(node, 0.0), self._began) < DEAD

    async def append(self, room: str, entry: Entry, dedupe_id: str) -> int:
        headers = {MSG_ID: f"{room}/{dedupe_id}"}
        until = time.monotonic() + OUTAGE
        while self.up:
            base, place = self._replica.base, self._replica.place
            data = msgspec.json.encode(Carried(base, entry))
            try:
                ack = await self._js.publish(ROOMS + room, data, headers=headers)
                if ack.seq <= place and not ack.duplicate:
                    self._begin_anew()  # it is another stream than the one that was read
                    break
                await self._reached(ack.seq)
            except TROUBLE as error:
                log.debug("log_append_again", cause=type(error).__name__)
                if time.monotonic() > until:
                    break
                await asyncio.sleep(0.2)
                continue
            if base != self._replica.base:
                break  # written into a stream that had just begun anew: void, and so is the room
            return base + ack.seq
        raise LogDown

    async def follow(self, room: str, tell: Tell, lost: Lost) -> Following:
        if not self.up:
            raise LogDown
        return self._replica.follow(room, tell, lost)

    async def servers(self) -> int:
        """How many servers keep the stream. Raises nats.errors.Error."""
        return (await self._js.stream_info(STREAM)).config.num_replicas or 1

    async def _reached(self, place: int) -> None:
        """Until this node has read as far. Raises TimeoutError."""
        if self._replica.place < place:
            reached = asyncio.get_running_loop().create_future()
            self._awaited.setdefault(place, []).append(reached)
            async with asyncio.timeout(OUTAGE):
                await reached

    def _take(self, place: int, at: float, subject: str, data: bytes) -> None:
        self._replica.take(place, at, subject.removeprefix(ROOMS), _decoder.decode(data), len(data))
        self._last = data
        for awaited in [awaited for awaited in self._awaited if awaited <= place]:
            for reached in self._awaited.pop(awaited):
                if not reached.done():
                    reached.set_result(None)

    # Staying connected.

    async def _run(self) -> None:
        await self._client.connect(
            self._urls, max_reconnect_attempts=-1, reconnect_time_wait=1, connect_timeout=2, ping_interval=2,
            max_outstanding_pings=2, name=f"telemed {self._node}", error_cb=_trouble, disconnected_cb=self._renew,
            reconnected_cb=self._renew,
        )  # fmt: skip
        await self._client.subscribe(f"{NODES}*", cb=self._greeted)
        while True:
            try:
                await self._stay()
            except TROUBLE as error:
                log.warning("log_reader_again", cause=type(error).__name__)
            except Exception:
                log.exception("log_reader_broken")  # ours; reading on is still better than not
            await asyncio.sleep(0.2)

    async def _stay(self) -> None:
        """Reads on from where it was, until that is not possible any more."""
        await self._ensure()
        self._reader = reader = Reader(self._client, self._replica.place, self._take)
        async with reader.attached(STREAM):
            await asyncio.wait_for(reader.caught_up.wait(), 30)
            if self._replica.base:
                self._up.set()
                await reader.read()

    async def _renew(self) -> None:
        if self._reader is not None:
            self._reader.stop()

    async def _ensure(self) -> None:
        """The stream as it should be, with a birth; and a replica that belongs to it."""
        try:
            state = (await self._js.stream_info(STREAM)).state
        except nats.js.errors.NotFoundError:
            state = (await self._make()).state
        if self._replica.place and not await self._is_same(state):
            self._begin_anew()
        if state.messages == 0 and not self._replica.base:
            base = int(clock.now().timestamp() * 1_000_000) - state.last_seq
            born = msgspec.json.encode(Birth(base, state.last_seq))
            with suppress(nats.js.errors.APIError):  # another node was first
                await self._js.publish(BIRTH, born, headers={LAST: str(state.last_seq)})

    async def _is_same(self, state: StreamState) -> bool:
        """Whether it is the stream that was read: what was read last stands where it stood.

        Numbers alone do not tell: another one may have been made meanwhile, and have grown as far.
        """
        place = self._replica.place
        if not state.first_seq <= place <= state.last_seq:
            return False
        try:
            return (await self._js.get_msg(STREAM, place)).data == self._last
        except nats.js.errors.NotFoundError:
            return False

    async def _make(self) -> StreamInfo:
        for replicas in (3, 1):
            config = StreamConfig(
                STREAM, subjects=[f"{ROOMS}>", BIRTH], storage=StorageType.MEMORY, num_replicas=replicas, max_age=KEEP,
                duplicate_window=KEEP, max_bytes=MEMORY, max_msgs_per_subject=4 * WINDOW, discard=DiscardPolicy.NEW,
            )  # fmt: skip
            try:
                return await self._client.jetstream(timeout=5.0).add_stream(config)
            except nats.js.errors.APIError as error:
                if replicas == 1:
                    raise
                log.warning("log_on_one_server", cause=error.description)
        raise AssertionError("unreachable")

    def _begin_anew(self) -> None:
        """Whoever follows is told, and everything there is will be read once more."""
        self._up.clear()
        self._replica.clear()
        self._replica.place = 0
        if self._reader is not None:
            self._reader.stop()

    # Once a second.

    async def _tend(self) -> None:
        """Signs of life, snapshots, forgetting; and noticing that NATS is away."""
        while True:
            await asyncio.sleep(BEAT / 2)
            now = time.monotonic()
            heard = self._reader.heard if self._reader else self._began
            if now - heard > OUTAGE and self.up:
                log.error("log_away")
                self._begin_anew()
            if not self.up:
                continue
            with suppress(*TROUBLE):
                await self._client.publish(NODES + self._node)
                at = clock.now().timestamp()
                self._replica.sweep(at)
                for room, kept in list(self._replica.due(at)):
                    headers = {MSG_ID: f"{room}/kept/{kept.after}"}
                    await self._js.publish(ROOMS + room, msgspec.json.encode(kept), headers=headers)

    async def _greeted(self, message: Msg) -> None:
        self._nodes[message.subject.removeprefix(NODES)] = time.monotonic()


async def _trouble(error: Exception) -> None:
    log.info("log_trouble", cause=type(error).__name__)


@asynccontextmanager
async def opened(url: str, node: str) -> AsyncIterator[JetStreamLog]:
    """The log; up when it is, which is waited for a little, but serving does not depend on it."""
    kept = JetStreamLog(url, node)
    tasks = [asyncio.create_task(kept._run()), asyncio.create_task(kept._tend())]
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(kept._up.wait(), 5)
        yield kept
    finally:
        kept._up.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(*TROUBLE):
            await kept._client.close()
