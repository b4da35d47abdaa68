"""A participant without a browser: `telemed gateway`, and the peers of `telemed demo --call` and of tests.

It speaks PROTOCOL.md as a page does, reconnecting included; what goes through aiortc is up to its links.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

import aiohttp
from aiohttp import WSMsgType

from telemed.consultation import messages as m
from telemed.consultation.links import Links, Signalling
from telemed.consultation.testcard import Received

RECONNECT = {1001, 1005, 1006, 1011, 1012, 4408, 4429, 4503}
LOCKED_PAUSE = 5.0  # seconds before the next hello in front of a locked room
TRANSIENT = {
    "token_refused",
    "token_spent",
    "unavailable",
    "hello_late",
    "too_slow",
    "internal",
}  # with a new ticket, try again
PAUSES = (0.3, 1.0, 2.0, 4.0)  # seconds between attempts; the last one repeats

M = TypeVar("M", bound=m.ServerMessage)
TicketSource = Callable[[], Awaitable[str]]


class PeerError(Exception):
    """The room refused this peer, or what was waited for did not come."""


class Peer:
    """One seat. Use `join`."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, ticket: TicketSource, links: Callable[[Signalling], Links]
    ) -> None:
        self._session, self._url, self._ticket = session, url, ticket
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._news = asyncio.Condition()
        self._numbers = 0
        self._unanswered: dict[str, m.Command] = {}
        self.instance = secrets.token_urlsafe(12)
        self.seq = 0
        self.token = ""  # for a resume without a ticket; kept until it is refused or another one comes
        self.messages: list[m.ServerMessage] = []
        self.links = links(self)
        self.connected = 0  # sockets that got as far as joined or resumed
        self.over: str | None = None  # why it will not come back: a message's type or an error's code

    @property
    def roster(self) -> dict[m.Seat, m.RosterSeat]:
        """The other seats, as last told."""
        return self.links.roster

    # What a person would do.

    async def admit(self, seat: m.Seat) -> None:
        """Lets a seat in, once it waits."""
        await self.until(lambda: seat in self.roster, f"{seat} waits")
        await self.command(m.Admit(self.id(), seat))

    async def end(self) -> None:
        await self.command(m.End(self.id()))

    async def command(self, command: m.Command, within: float = 10) -> m.Ok:
        """Sends it and waits for the answer. Raises PeerError with the code of an `err`."""
        await self.send(command)
        answer: m.Ok | m.Err = await self.told(m.Ok, m.Err, about=command.id, within=within)
        if isinstance(answer, m.Err):
            raise PeerError(answer.code)
        return answer

    async def send(self, message: m.ClientMessage) -> None:
        """Sends it now, or once the socket is back."""
        if isinstance(message, m.Command):
            self._unanswered[message.id] = message
        if self._ws is not None:
            with suppress(ConnectionError):
                await self._ws.send_str(m.encode(message).decode())

    def id(self) -> str:
        self._numbers += 1
        return str(self._numbers)

    # Waiting.

    async def told(self, *kinds: type[M], about: str = "", within: float = 10) -> M:
        """The first message of these kinds, also one that has come already. Raises PeerError."""

        def found() -> M | None:
            fitting = (message for message in self.messages if isinstance(message, kinds))
            return next((message for message in fitting if not about or getattr(message, "id", "") == about), None)

        await self.until(lambda: found() is not None, " or ".join(kind.__name__ for kind in kinds), within)
        message = found()
        assert message is not None  # noqa: S101
        return message

    async def until(self, true: Callable[[], bool], what: str, within: float = 10) -> None:
        """Waits for something this peer can see. Raises PeerError."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: true() or self.over is not None)
        except TimeoutError:
            raise PeerError(f"{what}: not within {within:g} s") from None
        if not true():
            raise PeerError(f"{what}: {self.over}")

    async def receives(self, seat: m.Seat, video: int, loud: int, within: float = 30) -> Received:
        """Waits until so many frames and so many audible 20 ms came from that seat. Raises PeerError."""
        received = self.links.received
        try:
            async with asyncio.timeout(within):
                while received[seat].video < video or received[seat].loud < loud:  # noqa: ASYNC110  65 changes a second
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise PeerError(f"only {received[seat]} from the {seat} within {within:g} s") from None
        return received[seat]

    # Signalling.

    async def run(self) -> None:
        """Stays in the room, over lost sockets and restarted servers, until it is over."""
        attempt = 0
        while self.over is None:
            before = self.connected
            try:
                await self._visit()
            except PeerError as refused:
                self.over = None if str(refused) in ("unavailable", "too_many") else str(refused)
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            self._ws = None
            attempt = 0 if self.connected > before else attempt + 1
            if self.over is None:
                await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
        async with self._news:
            self._news.notify_all()

    async def _visit(self) -> None:
        ticket = "" if self.token else await self._ticket()
        async with self._session.ws_connect(self._url, heartbeat=10, max_msg_size=m.SDP_LIMIT * 2) as ws:
            self._ws = ws
            if self.token:
                await self.send(m.Resume(self.instance, self.seq, token=self.token))
            elif self.seq:
                await self.send(m.Resume(self.instance, self.seq, ticket=ticket))
            else:
                await self.send(m.Hello(ticket, self.instance, list(m.VERSIONS)))
            async for frame in ws:
                if frame.type is WSMsgType.TEXT:
                    message = m.decode_server(frame.data)
                    await self._take(message)
                    self.messages.append(message)
                    async with self._news:
                        self._news.notify_all()
        last = self.messages[-1] if self.messages else None
        again = ws.close_code in RECONNECT or (isinstance(last, m.Err) and last.code in TRANSIENT)
        if self.over is None and not again:
            self.over = f"closed {ws.close_code}"

    async def _take(self, message: m.ServerMessage) -> None:
        self.seq = max(0 if isinstance(message, m.Joined) else self.seq, getattr(message, "seq", 0))
        match message:
            case m.Joined(roster=seats, ice=ice):
                self.connected += 1
                self._unanswered.clear()
                self.links.ice = ice or self.links.ice
                await self.links.rejoin(seats)
            case m.Resumed():
                self.connected += 1
                for command in list(self._unanswered.values()):
                    await self.send(command)
            case m.Ok(id=id) | m.Err(id=id) if id:
                self._unanswered.pop(id, None)
            case m.Ice(servers=servers, policy=policy):
                self.links.ice = m.IceConfig(servers, policy)
            case m.Roster(seats=seats):
                await self.links.see(seats)
            case m.Held() | m.Waiting():
                await self.links.drop()
            case m.DescFrom():
                await self.links.describe(message)
            case m.CandFrom():
                await self.links.attempt(message)
            case m.TokenFor(token=token):
                self.token = token
            case m.Err(code="token_refused" | "token_spent"):
                self.token = ""
            case m.Err(code="gone"):
                if not self.links.connected:
                    await self.links.drop()
                    self.instance = secrets.token_urlsafe(12)
                self.token = ""
                await self._hello_again()
            case m.Err(code="locked"):
                await asyncio.sleep(LOCKED_PAUSE)
                await self._hello_again()
            case m.Err(code=code, fatal=True) if code not in TRANSIENT:
                self.over = code
            case m.Ended() | m.Kicked() | m.Denied() | m.Replaced():
                await self.links.drop()
                self.over = type(message).__name__.lower()

    async def _hello_again(self) -> None:
        """On the same socket."""
        await self.send(m.Hello(await self._ticket(), self.instance, list(m.VERSIONS)))

    async def drop(self) -> None:
        """Loses the socket without a word, as a bad line does; `run` comes back."""
        if self._ws is not None:
            transport = self._ws.get_extra_info("socket")
            if transport is not None:
                transport.shutdown(2)

    async def leave(self) -> None:
        """Says bye and closes everything."""
        if self._ws is not None and self.over is None:
            await self.send(m.Bye())
        await self.links.close()


@asynccontextmanager
async def join(
    base_url: str, ticket: TicketSource, *, media: bool = True, links: Callable[[Signalling], Links] | None = None
) -> AsyncIterator[Peer]:
    """A peer in its seat (or in the waiting room); it leaves when the context ends.

    `ticket` fetches a fresh ticket whenever one is needed (see `tickets`). Raises PeerError.
    """
    async with aiohttp.ClientSession() as session:
        peer = Peer(session, f"{base_url}/api/v1/socket", ticket, links or partial(Links, media=media))
        running = asyncio.create_task(peer.run())
        try:
            await peer.told(m.Joined)
            yield peer
        finally:
            await peer.leave()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


def tickets(session: aiohttp.ClientSession, base_url: str, appointment: object, access_token: str) -> TicketSource:
    """Tickets for this login's (or code's) own seat. The source raises PeerError with the code of a refusal."""

    async def fetch() -> str:
        async with session.post(
            f"{base_url}/api/v1/appointments/{appointment}/tickets", json={},
            headers={"Authorization": f"Bearer {access_token}"},
        ) as answer:  # fmt: skip
            told = await answer.json()
            if answer.status != 201:
                raise PeerError(str(told.get("code", answer.status)))
            return str(told["ticket"])

    return fetch
