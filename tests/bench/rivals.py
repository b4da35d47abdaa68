"""The same set-up through the signalling servers that others use: PeerJS (npm `peer`) and a room of socket.io.

Their clients are ours: the frames their own clients send, one candidate each, since neither sends several at once.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiohttp

from tests.bench.calls import BATCHES, CANDIDATES, SDP, Call, Side, spent
from tests.processes import free_port

FOLDER = Path(__file__).parent / "rivals"
SERVERS = ("peer", "socket.io")


@asynccontextmanager
async def rival(which: str) -> AsyncIterator[tuple[int, int]]:
    """Installs what the lock file names, once, and starts it: (port, process id)."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise RuntimeError("the rivals need Node.js and npm: apt-get install nodejs npm")
    if not (FOLDER / "node_modules").exists():
        installing = await asyncio.create_subprocess_exec(npm, "ci", "--ignore-scripts", "--silent", cwd=FOLDER)
        if await installing.wait():
            raise RuntimeError("npm ci failed in tests/bench/rivals")
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        node, "serve.js", which, str(port), cwd=FOLDER, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert b"Serving" in await asyncio.wait_for(process.stdout.readline(), 20)
    try:
        yield port, process.pid
    finally:
        process.terminate()
        await process.wait()


class OfPeerJs(Side):
    """Speaks as PeerJS's client does."""

    async def _say(self, kind: str, payload: object) -> None:
        await self.socket.send_str(json.dumps({"type": kind, "dst": self.other, "payload": payload}))

    async def desc(self, kind: str) -> None:
        await self._say(kind.upper(), {"sdp": {"type": kind, "sdp": SDP}, "type": "media", "connectionId": "mc_1"})

    async def cands(self) -> None:
        for _ in range(BATCHES):
            for candidate in CANDIDATES:
                await self._say("CANDIDATE", {"candidate": candidate, "type": "media", "connectionId": "mc_1"})
        for _ in range(BATCHES * len(CANDIDATES)):
            await self.until("cand")

    async def until(self, *kinds: str) -> dict[str, object]:
        names = {"OPEN": "ready", "OFFER": "desc", "ANSWER": "desc", "CANDIDATE": "cand"}
        while True:
            message: dict[str, object] = json.loads((await self.socket.receive(timeout=20)).data)
            if names.get(str(message["type"])) in kinds:
                return message


class OfSocketIo(Side):
    """Speaks Engine.IO 4 and Socket.IO 5."""

    async def _say(self, *event: object) -> None:
        await self.socket.send_str("42" + json.dumps(event))

    async def join(self, room: str) -> None:
        await self.socket.receive(timeout=20)  # 0: opened
        await self.socket.send_str("40")
        await self.socket.receive(timeout=20)  # 40: connected
        await self._say("join", room)
        await self.until("ready")

    async def desc(self, kind: str) -> None:
        await self._say("signal", {"type": "desc", "kind": kind, "sdp": SDP})

    async def cands(self) -> None:
        for _ in range(BATCHES):
            for candidate in CANDIDATES:
                await self._say("signal", {"type": "cand", "candidate": candidate})
        for _ in range(BATCHES * len(CANDIDATES)):
            await self.until("cand")

    async def until(self, *kinds: str) -> dict[str, object]:
        while True:
            text: str = (await self.socket.receive(timeout=20)).data
            if text == "2":
                await self.socket.send_str("3")
            elif text.startswith("42"):
                name, *rest = json.loads(text[2:])
                message: dict[str, object] = rest[0] if rest else {"type": name}
                if message["type"] in kinds:
                    return message


@asynccontextmanager
async def peer_call(session: aiohttp.ClientSession, port: int) -> AsyncIterator[Call]:
    alice, bob = secrets.token_hex(8), secrets.token_hex(8)
    address = f"ws://127.0.0.1:{port}/peerjs?key=peerjs&version=1.5.5&token={secrets.token_hex(5)}&id="
    async with session.ws_connect(address + alice) as one, session.ws_connect(address + bob) as two:
        patient, doctor = OfPeerJs(one, bob), OfPeerJs(two, alice)
        await asyncio.gather(patient.until("ready"), doctor.until("ready"))
        yield patient, doctor


@asynccontextmanager
async def room_call(session: aiohttp.ClientSession, port: int) -> AsyncIterator[Call]:
    address, room = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket", secrets.token_hex(8)
    async with session.ws_connect(address) as one, session.ws_connect(address) as two:
        patient, doctor = OfSocketIo(one, ""), OfSocketIo(two, "")
        await asyncio.gather(patient.join(room), doctor.join(room))
        yield patient, doctor


CALLS_OF: dict[str, Callable[[aiohttp.ClientSession, int], AbstractAsyncContextManager[Call]]] = {
    "peer": peer_call,
    "socket.io": room_call,
}


async def run(which: str, calls: int) -> tuple[float, float]:
    """CPU seconds per call: for opening and closing it, and for what is relayed. RuntimeError without Node.js."""
    async with (
        rival(which) as (port, pid),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        await spent(pid, [CALLS_OF[which](session, port) for _ in range(calls)])  # a compiler that warms up
        return await spent(pid, [CALLS_OF[which](session, port) for _ in range(calls)])
