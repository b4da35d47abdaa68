"""One side of a call set-up and what passes between two of them, whatever server is in between."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass

import aiohttp

from tests.bench.floors import cpu_seconds

CALLS, AT_ONCE, BATCHES = 200, 8, 4
SDP = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=fingerprint:sha-256 "
    + ":".join(["00"] * 32) + "\r\n" + "a=rtpmap:111 opus/48000/2\r\n" * 180
)  # fmt: skip
CANDIDATE = "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0"
CANDIDATES = [{"candidate": CANDIDATE, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "abcd"}] * 2  # of a batch


@dataclass
class Side:
    """One socket of a call."""

    socket: aiohttp.ClientWebSocketResponse
    other: str
    epoch: int = 0
    got_cands: int = 0
    counter: int = 0

    async def send(self, **message: object) -> None:
        self.counter += 1
        await self.socket.send_str(json.dumps({**message, "id": str(self.counter)}))

    async def until(self, *kinds: str) -> dict[str, object]:
        while True:
            message: dict[str, object] = json.loads((await self.socket.receive(timeout=20)).data)
            assert message["type"] != "err", message
            if message["type"] == "roster":
                for seat in message["seats"]:  # type: ignore[attr-defined]
                    self.epoch = seat["epoch"]
            if message["type"] in kinds:
                return message

    async def desc(self, kind: str) -> None:
        await self.send(type="desc", to=self.other, epoch=self.epoch, kind=kind, sdp=SDP)

    async def cands(self) -> None:
        for _ in range(BATCHES):
            await self.send(type="cand", to=self.other, epoch=self.epoch, candidates=CANDIDATES)
        for _ in range(BATCHES):
            await self.until("cand")


Call = tuple[Side, Side]


async def exchange(patient: Side, doctor: Side) -> None:
    await doctor.desc("offer")
    await patient.until("desc")
    await patient.desc("answer")
    await doctor.until("desc")
    await asyncio.gather(patient.cands(), doctor.cands())


async def spent(pid: int, calls: list[AbstractAsyncContextManager[Call]]) -> tuple[float, float]:
    """CPU seconds per call of a server: for opening and closing it, and for what is relayed in between."""
    async with AsyncExitStack() as stack:
        started = cpu_seconds(pid)
        opened = [await stack.enter_async_context(call) for call in calls]
        ready = cpu_seconds(pid)
        todo = iter(opened)

        async def one_after_another() -> None:
            for patient, doctor in todo:
                await exchange(patient, doctor)

        await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
        done = cpu_seconds(pid)
    await asyncio.sleep(0.5)  # attendance is written after a socket closes
    return (ready - started + cpu_seconds(pid) - done) / CALLS, (done - ready) / CALLS
