"""Taps: a UDP proxy in front of the relay, a websocket that keeps its frames, an ear at a media track."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
from aiohttp import WSMessage, WSMsgType
from aiortc import MediaStreamTrack
from av import AudioFrame
from av.frame import Frame
from av.packet import Packet

Address = tuple[str, int]


class Socket(aiohttp.ClientWebSocketResponse):
    """For `ClientSession(ws_response_class=…)`: keeps every frame of text, both ways."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.sent: list[str] = []
        self.heard: list[str] = []
        opened.append(self)

    async def send_str(self, data: str | bytes, compress: int | None = None) -> None:
        self.sent.append(data if isinstance(data, str) else data.decode())
        await super().send_str(cast("str", data), compress)

    async def receive(self, timeout: float | None = None) -> WSMessage:  # noqa: ASYNC109  aiohttp's own signature
        frame = await super().receive(timeout)
        if frame.type is WSMsgType.TEXT:
            self.heard.append(frame.data)
        return frame


opened: list[Socket] = []
"""Every such socket, in the order of their making."""


@dataclass
class Tap(asyncio.DatagramProtocol):
    """What passes between clients and a server over UDP, as `datagrams`."""

    upstream: Address
    datagrams: list[bytes] = field(default_factory=list)
    address: Address = ("", 0)
    _front: asyncio.DatagramTransport | None = None
    _clients: dict[Address, asyncio.DatagramTransport] = field(default_factory=dict)
    _early: dict[Address, list[bytes]] = field(default_factory=dict)
    _opening: set[asyncio.Task[None]] = field(default_factory=set)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._front = cast("asyncio.DatagramTransport", transport)
        self.address = self._front.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.datagrams.append(data)
        if addr in self._clients:
            self._clients[addr].sendto(data)
        elif addr in self._early:
            self._early[addr].append(data)
        else:
            self._early[addr] = [data]
            task = asyncio.get_running_loop().create_task(self._open(addr))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, client: Address) -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Back(self, client), remote_addr=self.upstream
        )
        self._clients[client] = transport
        for data in self._early.pop(client):
            transport.sendto(data)

    def answer(self, data: bytes, client: Address) -> None:
        self.datagrams.append(data)
        if self._front is not None:
            self._front.sendto(data, client)

    def close(self) -> None:
        for transport in (self._front, *self._clients.values()):
            if transport is not None:
                transport.close()


class _Back(asyncio.DatagramProtocol):
    def __init__(self, tap: Tap, client: Address) -> None:
        self._tap, self._client = tap, client

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._tap.answer(data, self._client)


@asynccontextmanager
async def tapped(upstream: Address) -> AsyncIterator[Tap]:
    """A proxy on loopback in front of `upstream`."""
    tap = Tap(upstream)
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: tap, local_addr=("127.0.0.1", 0))
    try:
        yield tap
    finally:
        tap.close()


class Ear:
    """A track whose sound is kept as well: 16-bit samples of the first channel."""

    def __init__(self, track: MediaStreamTrack, heard: array[int]) -> None:
        self._track, self._heard = track, heard

    async def recv(self) -> Frame | Packet[Any]:
        frame = await self._track.recv()
        if isinstance(frame, AudioFrame):
            channels = len(frame.layout.channels)
            samples = array("h", bytes(frame.planes[0])[: 2 * channels * frame.samples])
            self._heard.extend(samples[::channels])
        return frame


def strength(samples: array[int], hertz: float, rate: int = 48_000) -> float:
    """How much of the sound's energy is in this tone, 0 to 1 (Goertzel, 1958)."""
    turn = 2 * math.cos(2 * math.pi * hertz / rate)
    last = before = 0.0
    for sample in samples:
        last, before = sample + turn * last - before, last
    energy = sum(sample * sample for sample in samples) or 1
    return 2 * (last * last + before * before - turn * last * before) / (energy * len(samples))
