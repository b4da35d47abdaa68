"""Somebody who runs the server and sits between two pages: own fingerprints to either side, everything passed on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiortc import MediaStreamTrack, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
from aiortc.sdp import candidate_from_sdp
from playwright.async_api import BrowserContext, WebSocketRoute

from tests.browser.consulting import Visitor
from tests.three_words import Exchange, fingerprints

OTHER = {"patient": "practitioner", "practitioner": "patient"}
CHANNELS = {"text": 1, "stills": 2, "files": 3}
# Whoever really sat there would pass sound and picture on. Without them a page would soon build the connection anew.
ALIVE = """
const stats = RTCPeerConnection.prototype.getStats;
RTCPeerConnection.prototype.getStats = async function (...of) {
  const media = { type: "candidate-pair", bytesReceived: performance.now() };
  return new Map([...(await stats.apply(this, of)), ["media", media]]);
};
"""


class Mallory:
    """`clever`: plays the exchange of words with each page instead of passing it on, as well as it can be played."""

    def __init__(self, appointment: str, *, clever: bool) -> None:
        self._appointment, self._clever = appointment, clever
        self._sockets: dict[str, WebSocketRoute] = {}
        self._epochs: dict[str, int] = {}
        self._ends: dict[str, RTCPeerConnection] = {}
        self._channels: dict[tuple[str, str], RTCDataChannel] = {}
        self._exchanges: dict[str, Exchange] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.read: list[str] = []

    def between(self, visitor: Visitor, seat: str) -> Visitor:
        """A visitor whose browser talks to the server through Mallory."""

        async def make(**how: Any) -> BrowserContext:
            context = await visitor(**how)
            await context.add_init_script(ALIVE)
            await context.route_web_socket("**/api/v1/socket", lambda socket: self._sit(seat, socket))
            return context

        return make

    async def close(self) -> None:
        for pc in self._ends.values():
            await pc.close()

    def _sit(self, seat: str, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self._sockets[seat] = socket

        def out(frame: str | bytes) -> None:
            message = json.loads(frame)
            if message["type"] not in ("desc", "cand"):
                return server.send(frame)
            self._do(self._take(seat, message))
            return socket.send(json.dumps({"type": "ok", "id": message["id"]}))

        def back(frame: str | bytes) -> None:
            for other in json.loads(frame).get("seats", []):
                self._epochs[seat] = other["epoch"]
            socket.send(frame)

        socket.on_message(out)
        server.on_message(back)

    def _do(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, seat: str, message: dict[str, Any]) -> None:
        if message["type"] == "cand":
            for one in message["candidates"]:
                candidate = candidate_from_sdp(one["candidate"].removeprefix("candidate:"))
                candidate.sdpMid, candidate.sdpMLineIndex = one["sdpMid"], one["sdpMLineIndex"]
                with suppress(ValueError):
                    await self._ends[seat].addIceCandidate(candidate)
        elif message["kind"] == "answer":
            await self._ends[seat].setRemoteDescription(RTCSessionDescription(message["sdp"], "answer"))
        else:
            await self._answer(seat, message["sdp"])
            await self._offer(OTHER[seat])

    async def _answer(self, seat: str, sdp: str) -> None:
        pc = self._end(seat)
        await pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await pc.setLocalDescription(await pc.createAnswer())
        self._say(seat, pc)

    async def _offer(self, seat: str) -> None:
        pc = self._end(seat)
        for kind in ("audio", "video"):
            pc.addTransceiver(kind, direction="recvonly")
        await pc.setLocalDescription(await pc.createOffer())
        self._say(seat, pc)

    def _say(self, seat: str, pc: RTCPeerConnection) -> None:
        description = {"kind": pc.localDescription.type, "sdp": pc.localDescription.sdp}
        told = {"type": "desc", "from": OTHER[seat], "epoch": self._epochs[seat], **description}
        self._sockets[seat].send(json.dumps(told))

    def _end(self, seat: str) -> RTCPeerConnection:
        """The connection to the page in that seat, in which Mallory plays the other one."""
        pc = self._ends[seat] = RTCPeerConnection()
        for name, number in CHANNELS.items():
            channel = self._channels[seat, name] = pc.createDataChannel(name, negotiated=True, id=number)
            channel.on("message", self._listener(seat, name))
        sink = MediaBlackhole()

        def on_track(track: MediaStreamTrack) -> None:
            sink.addTrack(track)
            self._do(sink.start())

        pc.on("track", on_track)
        return pc

    def _listener(self, seat: str, name: str) -> Callable[[str | bytes], None]:
        def heard(frame: str | bytes) -> None:
            if isinstance(frame, str):
                message = json.loads(frame)
                self.read.append(frame)
                if self._clever and message.get("type") in ("commit", "reveal"):
                    return self._play(seat, message)
            return self._channels[OTHER[seat], name].send(frame)

        return heard

    def _play(self, seat: str, message: dict[str, Any]) -> None:
        exchange, channel = self._exchanges.get(seat), self._channels[seat, "text"]
        if exchange is None:
            pc = self._ends[seat]
            local, remote = (fingerprints(one.sdp) for one in (pc.localDescription, pc.remoteDescription))
            exchange = self._exchanges[seat] = Exchange(OTHER[seat], seat, self._appointment, local, remote)
            channel.send(json.dumps(exchange.begin()))
        if reply := exchange.hear(message):
            channel.send(json.dumps(reply))
