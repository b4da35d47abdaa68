"""A second, tiny client of the probe, to show that precheck/wire.py says all that a page must do."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)

HEADERS = 93
NOTHING = 0xFFFFFFFF


class Refused(Exception):
    """`status` and the problem's `code`."""

    def __init__(self, status: int, code: str, headers: Any) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.headers = status, code, headers


async def offer(session: aiohttp.ClientSession, url: str, **body: Any) -> str:
    """The probe's answer. Raises Refused."""
    async with session.post(f"{url}/offers", json=body) as answer:
        told = await answer.json()
        if answer.status != 201:
            raise Refused(answer.status, told["code"], answer.headers)
        return str(told["sdp"])


class Page:
    """An open connection to the probe."""

    def __init__(self, pc: RTCPeerConnection, control: RTCDataChannel, measure: RTCDataChannel) -> None:
        self.pc, self._control, self._measure = pc, control, measure
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._control.on("message", lambda text: self._messages.put_nowait(json.loads(text)))

    def say(self, **message: Any) -> None:
        self._control.send(json.dumps(message))

    async def hear(self, kind: str, within: float = 8) -> dict[str, Any]:
        while True:
            message = await asyncio.wait_for(self._messages.get(), within)
            if message["type"] == kind:
                return message

    async def measure(self) -> dict[str, Any]:
        """The figures of this path."""
        got: list[tuple[int, float]] = []
        heard, heard_at, octets, rate, size = NOTHING, 0.0, 0, 1.0, 60
        over = asyncio.Event()

        def take(data: bytes) -> None:
            nonlocal heard, heard_at, octets, rate, size
            number, asked, bytes_ = struct.unpack_from("!IfI", data)
            if asked == 0:
                over.set()
                return
            heard, heard_at, rate, size = number, time.monotonic() * 1000, asked, bytes_
            octets += len(data) + HEADERS
            got.append((number, heard_at))

        self._measure.on("message", take)
        number, credit, last = 0, 0.0, time.monotonic() * 1000
        while not over.is_set():
            now = time.monotonic() * 1000
            credit, last = min(credit + rate * (now - last) / 8, 2 * (size + HEADERS)), now
            while credit >= size + HEADERS and self._measure.bufferedAmount < 2_200:
                credit -= size + HEADERS
                head = struct.pack("!IdIdI", number, now, heard, heard_at, octets)
                self._measure.send(head.ljust(size, b"\0"))
                number += 1
            await asyncio.sleep(0.004)
        await asyncio.sleep(0.12)
        self.say(type="heard", got=got)
        return await self.hear("figures")


@asynccontextmanager
async def connected(
    url: str, ticket: str, *tracks: MediaStreamTrack, servers: list[RTCIceServer] | None = None, relayed: bool = False,
    voice: bool = False,
) -> AsyncIterator[Page]:  # fmt: skip
    """Raises Refused."""
    policy = RTCIceTransportPolicy.RELAY if relayed else RTCIceTransportPolicy.ALL
    pc = RTCPeerConnection(RTCConfiguration(iceServers=servers or [], iceTransportPolicy=policy))
    try:
        control = pc.createDataChannel("control")
        measure = pc.createDataChannel("measure", ordered=False, maxRetransmits=0)
        for track in tracks:
            pc.addTransceiver(track, "sendrecv" if voice else "sendonly")
        await pc.setLocalDescription(await pc.createOffer())
        async with aiohttp.ClientSession() as session:
            answer = await offer(session, url, ticket=ticket, sdp=pc.localDescription.sdp, voice=voice)
        page = Page(pc, control, measure)
        await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(10):
            while control.readyState != "open" or measure.readyState != "open":
                await asyncio.sleep(0.01)
        yield page
    finally:
        await pc.close()
