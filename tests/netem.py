"""A bad line on loopback: a proxy with rate, delay, loss, outages and changes of address.

One proxy is one subscriber's line: everything through it shares its rate, whatever the number of flows. Browsers reach
it most easily as their relay: `iceTransportPolicy` relay and `turn:127.0.0.1:<line.port>`, with a coturn behind it
(tests/turn.py); relayed TCP and TLS go through `tcp` in the same way. Figures may be changed while it runs.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Address = tuple[str, int]
HEADERS = 28  # bytes of IPv4 and UDP around each packet: at 60 kbit/s they are much of what fills the line
CHUNK = 1400  # bytes of a TCP stream that travel together
REPAIR = 0.25  # seconds until TCP has sent a lost packet again


@dataclass
class Way:
    """One direction. `delay`, `jitter` and `queue` in seconds; a packet that would wait longer than `queue` is lost."""

    kbit: float = math.inf
    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    queue: float = 0.3
    cut: bool = False
    passed: int = 0
    dropped: int = 0
    octets: int = 0
    _free: float = field(default=0.0, repr=False)  # when the line has sent all it was given
    _last: float = field(default=0.0, repr=False)

    def admit(self, size: int, now: float, chance: random.Random, *, stream: bool = False) -> float | None:
        """When a packet of `size` bytes comes out at the other end, never before an earlier one; None: it is lost."""
        starts = max(self._free, now)
        lost = chance.random() < self.loss
        if not stream and (self.cut or lost or starts - now > self.queue):
            self.dropped += 1
            return None
        self._free = starts + (size + HEADERS) * 8 / 1000 / self.kbit
        late = self.delay + self.jitter * chance.random() + (REPAIR if lost else 0.0)
        self._last = max(self._free + late, self._last)
        self.passed += 1
        self.octets += size + HEADERS
        return self._last

    def waiting(self, now: float) -> float:
        """Seconds until the line has sent what it was given."""
        return max(0.0, self._free - now)

    @property
    def last(self) -> float:
        """When the last of it comes out."""
        return self._last


class Line:
    """A line with an address to send to, its two ways, and what can happen to it."""

    def __init__(self, target: Address, seed: int = 0) -> None:
        self.target = target
        self.up, self.down = Way(), Way()
        self.host, self.port = "127.0.0.1", 0
        self.source = "127.0.0.1"  # the address that the other end sees
        self.chance = random.Random(seed)
        self.on_move: Callable[[], None] = lambda: None

    def shape(self, **figures: float) -> None:
        """The same for both ways, e.g. `shape(kbit=300, delay=0.03, loss=0.05)`; what is not named stays."""
        for way in (self.up, self.down):
            for name, value in figures.items():
                if name not in ("kbit", "delay", "jitter", "loss", "queue"):
                    raise TypeError(name)
                setattr(way, name, value)

    def cut(self) -> None:
        """Nothing passes any more, until `mend`."""
        self.up.cut = self.down.cut = True

    def mend(self) -> None:
        self.up.cut = self.down.cut = False

    async def outage(self, seconds: float) -> None:
        self.cut()
        await asyncio.sleep(seconds)
        self.mend()

    def move(self, source: str = "127.0.0.2") -> None:
        """Another network: from now on the other end sees another address and other ports; streams break off."""
        self.source = source
        self.on_move()


@asynccontextmanager
async def udp(target: Address, seed: int = 0) -> AsyncIterator[Line]:
    """A line for datagrams to `target`."""
    line = Line(target, seed)
    loop = asyncio.get_running_loop()
    transport, near = await loop.create_datagram_endpoint(lambda: _Near(line), local_addr=(line.host, 0))
    line.port = transport.get_extra_info("sockname")[1]
    line.on_move = near.forget
    try:
        yield line
    finally:
        transport.close()
        near.forget()


class _Near(asyncio.DatagramProtocol):
    """The subscriber's end: one socket to the target for each of their own."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._far: dict[Address, asyncio.Task[asyncio.DatagramTransport]] = {}

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        at = self._line.up.admit(len(data), self._loop.time(), self._line.chance)
        if at is not None:
            self._loop.call_at(at, self._send, data, addr)

    def _send(self, data: bytes, addr: Address) -> None:
        if self._transport.is_closing():
            return
        opened = self._far.get(addr)
        if opened is None:
            opened = self._far[addr] = self._loop.create_task(self._open(addr))
        if opened.done():
            _write(opened, data)
        else:
            opened.add_done_callback(lambda task: _write(task, data))

    async def _open(self, addr: Address) -> asyncio.DatagramTransport:
        transport, _ = await self._loop.create_datagram_endpoint(
            lambda: _Far(self, addr), local_addr=(self._line.source, 0), remote_addr=self._line.target
        )
        return transport

    def back(self, data: bytes, addr: Address) -> None:
        """From the target to the subscriber."""
        at = self._line.down.admit(len(data), self._loop.time(), self._line.chance)
        if at is not None and not self._transport.is_closing():
            self._loop.call_at(at, self._deliver, data, addr)

    def _deliver(self, data: bytes, addr: Address) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, addr)

    def forget(self) -> None:
        """Closes the sockets to the target; the next packets open new ones."""
        for opened in self._far.values():
            opened.add_done_callback(lambda task: task.cancelled() or task.result().close())
        self._far.clear()


def _write(opened: asyncio.Task[asyncio.DatagramTransport], data: bytes) -> None:
    if not opened.cancelled() and not opened.result().is_closing():
        opened.result().sendto(data)


class _Far(asyncio.DatagramProtocol):
    def __init__(self, near: _Near, addr: Address) -> None:
        self._near, self._addr = near, addr

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._near.back(data, self._addr)


@asynccontextmanager
async def tcp(target: Address, seed: int = 0) -> AsyncIterator[Line]:
    """A line for streams to `target`. A lost packet comes later; a cut keeps everything back until it is mended."""
    line = Line(target, seed)
    open_ones: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection(*line.target, local_addr=(line.source, 0))
        except OSError:
            writer.transport.abort()
            return
        open_ones.add(far_writer)
        await asyncio.gather(_pump(line, line.up, reader, far_writer), _pump(line, line.down, far_reader, writer))

    def drop() -> None:
        for writer in open_ones:
            writer.transport.abort()
        open_ones.clear()

    server = await asyncio.start_server(serve, line.host, 0)
    line.port = server.sockets[0].getsockname()[1]
    line.on_move = drop
    try:
        yield line
    finally:
        server.close()
        drop()


async def _pump(line: Line, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes no more from a stream than the line can carry, as a full window does."""
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            while way.cut:
                await asyncio.sleep(0.05)
            at = way.admit(len(data), loop.time(), line.chance, stream=True)
            assert at is not None
            loop.call_at(at, _pass_on, writer, data)
            await asyncio.sleep(max(0.0, way.waiting(loop.time()) - way.queue))
    loop.call_at(max(way.last, loop.time()), writer.close)


def _pass_on(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)
