"""A second, tiny client of the signalling protocol, written from telemed/consultation/PROTOCOL.md alone.

It imports nothing of telemed. No media: a description stands for a connection that is up.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

import aiohttp

SDP = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    "a=fingerprint:sha-256 " + ":".join(["00"] * 32) + "\r\n"
)


class Client:
    """One page: joins, follows the roster, offers when impolite, answers otherwise, comes back after a loss."""

    def __init__(self, http: aiohttp.ClientSession, base: str, appointment: str, token: str) -> None:
        self.http, self.base, self.appointment, self.token = http, base, appointment, token
        self.instance = secrets.token_urlsafe(12)
        self.seq = 0
        self.pass_: dict[str, str] = {}  # the token for the next resume
        self.counter = 0
        self.roster: dict[str, dict[str, Any]] = {}
        self.links: dict[str, dict[str, Any]] = {}  # seat -> {instance, up}
        self.awaited: set[str] = set()  # seats that may not be back yet
        self.unanswered: dict[str, dict[str, Any]] = {}
        self.seen: list[dict[str, Any]] = []
        self.changed = asyncio.Event()
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self.closed: int | None = None

    async def ticket(self) -> str:
        url = f"{self.base}/api/v1/appointments/{self.appointment}/tickets"
        async with self.http.post(url, json={}, headers={"Authorization": f"Bearer {self.token}"}) as answer:
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["ticket"])

    async def run(self) -> None:
        """Until a close code that forbids coming back."""
        while self.closed not in (1000, 4403, 4406, 4409, 4410):
            entry = self.pass_ or {"ticket": await self.ticket()}
            async with self.http.ws_connect(f"{self.base}/api/v1/socket") as self.socket:
                if self.seq:
                    await self.send(type="resume", seq=self.seq, instance=self.instance, **entry)
                else:
                    await self.send(type="hello", versions=[1], instance=self.instance, **entry)
                async for frame in self.socket:
                    await self.take(json.loads(frame.data))
                self.closed = self.socket.close_code
                self.socket = None
                self.wake()

    async def take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        self.seq = max(0 if kind == "joined" else self.seq, message.get("seq", 0))
        if kind == "joined":
            self.unanswered.clear()
            self.awaited = {name for name, link in self.links.items() if link["up"]}
            await self.follow(message["roster"])
        elif kind == "roster":
            await self.follow(message["seats"])
        elif kind in ("waiting", "held"):
            self.awaited.clear()
            await self.follow([])
        elif kind == "resumed":
            for command in list(self.unanswered.values()):
                await self.send(**command)
        elif kind == "desc":
            await self.described(message)
        elif kind == "token":
            self.pass_ = {"token": message["token"]}
        elif kind == "err" and message["code"] in ("token_refused", "token_spent"):
            self.pass_ = {}
        elif kind == "err" and message["code"] in ("gone", "locked"):
            if not all(link["up"] for link in self.links.values()):
                self.links.clear()
                self.instance = secrets.token_urlsafe(12)
            await asyncio.sleep(5 if message["code"] == "locked" else 0)
            self.pass_ = {}
            await self.send(type="hello", ticket=await self.ticket(), instance=self.instance, versions=[1])
        if kind in ("ok", "err"):
            self.unanswered.pop(message.get("id", ""), None)
        self.seen.append(message)
        self.wake()

    async def follow(self, seats: list[dict[str, Any]]) -> None:
        self.roster = {seat["seat"]: seat for seat in seats}
        self.awaited -= set(self.roster)
        for name, link in list(self.links.items()):
            seat = self.roster.get(name)
            if name in self.awaited:
                continue
            if seat is None or not seat["admitted"] or seat["instance"] != link["instance"]:
                del self.links[name]
        for name, seat in self.roster.items():
            if seat["admitted"] and name not in self.links:
                self.links[name] = {"instance": seat["instance"], "up": False}
                if not seat["polite"]:
                    await self.ask(type="desc", to=name, epoch=seat["epoch"], kind="offer", sdp=SDP)

    async def described(self, message: dict[str, Any]) -> None:
        seat = self.roster.get(message["from"])
        if seat is None or seat["epoch"] != message["epoch"]:
            return
        self.links[message["from"]]["up"] = True
        if message["kind"] == "offer":
            await self.ask(type="desc", to=message["from"], epoch=seat["epoch"], kind="answer", sdp=SDP)

    async def ask(self, **command: Any) -> str:
        """Sends a command with a new id, now or after the next `resumed`."""
        self.counter += 1
        command["id"] = str(self.counter)
        self.unanswered[command["id"]] = command
        await self.send(**command)
        return str(command["id"])

    async def send(self, **message: Any) -> None:
        if self.socket is not None and not self.socket.closed:
            await self.socket.send_str(json.dumps(message))

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, true: Any, within: float = 5) -> None:
        async with asyncio.timeout(within):
            while not true():
                await self.changed.wait()

    def types(self) -> list[str]:
        return [message["type"] for message in self.seen]
