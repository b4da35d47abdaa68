"""Participants for tests: the package's aiortc peer, and the sockets of pages that misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import WSMsgType

from telemed.consultation.peer import Peer, PeerError, TicketSource, join, tickets

__all__ = ["Page", "Peer", "PeerError", "TicketSource", "join", "open_page", "tickets"]


class Page:
    """A bare socket: says what it is told to, remembers everything it hears."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.heard: list[dict[str, Any]] = []
        self.token = ""  # the last one given; not among what is heard, since it comes at its own time

    async def say(self, **message: object) -> None:
        await self.ws.send_str(json.dumps(message))

    async def hear(self, *kinds: str, within: float = 5) -> dict[str, Any]:
        """The next message of these types; a close is one of type `closed` with its `code`."""
        async with asyncio.timeout(within):
            while True:
                frame = await self.ws.receive()
                if frame.type is WSMsgType.TEXT:
                    message = json.loads(frame.data)
                else:
                    message = {"type": "closed", "code": self.ws.close_code}
                if message["type"] == "token":
                    self.token = message["token"]
                    continue
                self.heard.append(message)
                if not kinds or message["type"] in kinds:
                    return message
                assert message["type"] != "closed", f"closed with {self.ws.close_code} after {self.heard}"

    async def silence(self, seconds: float = 0.3) -> None:
        """Nothing comes."""
        try:
            message = await self.hear(within=seconds)
        except TimeoutError:
            return
        raise AssertionError(f"unexpected {message}")

    async def refused(self, code: str, close: int | None = None) -> dict[str, Any]:
        """The error of this code, and the close that follows a fatal one."""
        err = await self.hear("err")
        assert (err["code"], err["fatal"]) == (code, close is not None), err
        assert err["sentence"]
        if close is not None:
            assert (await self.hear("closed"))["code"] == close
        return err

    async def hello(self, ticket: str, instance: str = "a-page-of-tests") -> dict[str, Any]:
        await self.say(type="hello", ticket=ticket, instance=instance, versions=[1])
        return await self.hear("joined", "err")

    async def resume(self, ticket: str, seq: int, instance: str = "a-page-of-tests") -> None:
        await self.say(type="resume", ticket=ticket, instance=instance, seq=seq)


@asynccontextmanager
async def open_page(session: aiohttp.ClientSession, url: str, **headers: str) -> AsyncIterator[Page]:
    """A page that has been welcomed."""
    async with session.ws_connect(f"{url}/api/v1/socket", headers=headers) as ws:
        page = Page(ws)
        welcome = await page.hear("welcome")
        assert welcome["versions"] == [1]
        yield page
