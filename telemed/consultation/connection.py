"""One socket: one reader (its handler), one writer (a follower of the room's log).

The outbox is the log itself: a page that reads too slowly falls out of the log's window and is closed, and nobody
waits for it. A page's own answers are sent by its reader, so who does not read them is not read either.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

import msgspec
import structlog
from aiohttp import WSMsgType, web

from telemed.consultation import messages as m
from telemed.consultation import refusals as r
from telemed.consultation import settle, tickets
from telemed.consultation.room import EMPTY, Entry, Left, Said, Seated, Snapshot, State, check, fold
from telemed.consultation.sdp import vet
from telemed.consultation.turn import ice
from telemed.consultation.types import Claims
from telemed.consultation.views import Me, view
from telemed.errors import Refusal
from telemed.identity.tokens import TokenRefused

if TYPE_CHECKING:
    from telemed.consultation.live import Rooms

HELLO_WITHIN = 3.0  # seconds
SEND_WITHIN = 10.0  # seconds a page may leave its receive buffer full
REMEMBERED = 256  # answered ids per page; as many as the log's window

log = structlog.get_logger()

# Messages and errors after which there is nothing more to say.
_LAST_WORDS = {"replaced": 4409, "kicked": 4403, "denied": 4403, "ended": 4410}


class Closed(Exception):
    """The socket is closed, by either side."""


class Connection:
    """A page's socket, from its welcome to its end."""

    def __init__(
        self, rooms: Rooms, ws: web.WebSocketResponse, locale: str, transport: asyncio.Transport | None
    ) -> None:
        self._rooms, self._ws, self._locale, self._transport = rooms, ws, locale, transport
        self._bucket = Bucket()
        self._writer: asyncio.Task[None] | None = None
        self._renewal: asyncio.TimerHandle | None = None
        self._answered: dict[str, int] = {}
        self._said_goodbye = asyncio.Event()
        self._said_goodbye.set()
        self.socket = secrets.token_urlsafe(9)
        self.claims: Claims | None = None
        self.attendance = 0
        self.me: Me | None = None
        self.state: State = EMPTY

    async def run(self) -> None:
        """Reads until the socket is closed. What is refused is answered; what is broken is logged; nothing escapes."""
        try:
            await self._send(m.Welcome(self._rooms.node))
            while True:
                await self._guarded(self._read())
        except Closed:
            # Whoever is closing gets to the end of it: a page that finds the line cut may not believe the close code.
            await self._said_goodbye.wait()
        finally:
            if self._writer is not None:
                self._writer.cancel()
            if self._renewal is not None:
                self._renewal.cancel()
            self._rooms.gone(self)

    async def close(self, code: int) -> None:
        """Closes the socket; the reader notices."""
        self._said_goodbye.clear()
        try:
            await self._ws.close(code=code)
        finally:
            self._said_goodbye.set()

    async def drain(self, after_ms: int) -> None:
        """The server stops: the page comes back, spread over `after_ms`; its media runs on."""
        with suppress(Closed):
            await self._send(m.Drain(after_ms))
        await self.close(1001)

    # Reading.

    async def _read(self) -> None:
        message = await self._receive()
        match message:
            case m.Hello() | m.Resume():
                if self.me is not None:
                    raise r.AlreadyJoined
                await self._enter(message)
            case m.Ping():
                await self._send(m.Pong())
            case _ if self.me is None or self.claims is None:
                raise r.HelloExpected
            case m.Bye():
                await self._rooms.log.append(self.claims.room, Left(self.me.seat, self.socket), f"{self.socket}:bye")
                await self._finish(1000)
            case _:
                await self._obey(message, self.me, self.claims)

    async def _receive(self) -> m.ClientMessage:
        try:
            frame = await self._ws.receive(timeout=HELLO_WITHIN if self.me is None else None)
        except TimeoutError:
            raise r.HelloLate from None
        if frame.type is WSMsgType.BINARY:
            raise r.BinaryRefused
        if frame.type is not WSMsgType.TEXT:
            raise Closed
        self._bucket.spend()
        size = len(frame.data) if frame.data.isascii() else len(frame.data.encode())
        if size > m.SDP_LIMIT:
            raise r.FrameTooLarge
        try:
            message = m.decode(frame.data)
        except msgspec.DecodeError:
            raise r.Malformed from None
        if size > m.FRAME_LIMIT and not isinstance(message, m.Desc):
            raise r.FrameTooLarge
        return message

    async def _enter(self, message: m.Entrance) -> None:
        if isinstance(message, m.Hello) and not set(message.versions) & set(m.VERSIONS):
            raise r.UnsupportedVersion
        claims = tickets.read(self._rooms.keys, message.ticket)
        if self.claims is not None and (claims.room, claims.seat) != (self.claims.room, self.claims.seat):
            raise TokenRefused
        self._rooms.take(self, claims)
        self.claims = claims
        entered = await tickets.enter(self._rooms.db, claims)
        self.attendance = entered.attendance
        resume = isinstance(message, m.Resume)
        me = Me(claims.seat, message.instance, self.socket, self._locale)
        seated = Seated(
            claims.seat, message.instance, self.socket, claims.name, claims.about, entered.admitted, resume
        )  # fmt: skip
        seq = await self._rooms.log.append(claims.room, seated, f"{self.socket}:{message.instance}:{resume}")
        entries = self._rooms.log.follow(claims.room, 0)
        base, snapshot = await anext(entries)
        after = message.seq if isinstance(message, m.Resume) else seq - 1
        if not base <= after < seq:  # the window is past it, or it is a number of another room
            await entries.aclose()
            raise r.GoneBy
        self.me, self.state = me, fold(EMPTY, base, snapshot)
        await self._follow(entries, me, after, until=seq)
        self._writer = asyncio.create_task(self._write(entries, me))

    async def _obey(self, command: m.Command, me: Me, claims: Claims) -> None:
        if command.id in self._answered:
            await self._send(m.Ok(command.id, self._answered[command.id]))
            return
        said = Said(me.seat, me.instance, command)
        try:
            refusal = check(self.state, said) or (vet(command.sdp) if isinstance(command, m.Desc) else None)
            if refusal is not None:
                raise refusal
            await settle.settle(self._rooms.db, claims, command)
        except Refusal as error:
            await self._refuse(error, command.id)
            return
        await self._rooms.log.append(claims.room, said, f"{me.instance}:{command.id}")

    # Writing.

    async def _write(self, entries: AsyncGenerator[tuple[int, Entry]], me: Me) -> None:
        async with aclosing(entries):
            with suppress(Closed):
                await self._guarded(self._follow(entries, me, 0))

    async def _follow(
        self, entries: AsyncGenerator[tuple[int, Entry]], me: Me, after: int, until: int | None = None
    ) -> None:
        """Tells what comes after `after`; returns when `until` is told."""
        async for seq, entry in entries:
            if isinstance(entry, Snapshot):
                raise r.TooSlow
            before, self.state = self.state, fold(self.state, seq, entry)
            if isinstance(entry, Said) and (entry.seat, entry.instance) == (me.seat, me.instance):
                self._remember(before, seq, entry)
            if seq > after:
                for message in view(before, self.state, seq, entry, me):
                    await self._tell(message, me)
            if seq == until:
                return

    def _remember(self, before: State, seq: int, said: Said) -> None:
        if check(before, said) is None:
            self._answered[said.command.id] = seq
            if len(self._answered) > REMEMBERED:
                del self._answered[next(iter(self._answered))]

    async def _tell(self, message: m.Logged, me: Me) -> None:
        if isinstance(message, m.Joined) and message.admitted:
            message = msgspec.structs.replace(message, ice=self._ice(me))
        elif isinstance(message, m.Admitted):
            await self._send_ice(me)
        await self._send(message)
        if isinstance(message, m.Resumed) and self.state.members[me.seat].admitted:
            await self._send_ice(me)
        code = message.code if isinstance(message, m.Err) else str(type(message).__struct_config__.tag)
        if code in _LAST_WORDS and not (isinstance(message, m.Err) and not message.fatal):
            await self._finish(_LAST_WORDS[code])

    async def _send_ice(self, me: Me) -> None:
        config = self._ice(me)
        await self._send(m.Ice(config.servers, config.policy))

    def _ice(self, me: Me) -> m.IceConfig:
        settings = self._rooms.settings
        if settings.turn_urls:
            if self._renewal is not None:
                self._renewal.cancel()
            self._renewal = asyncio.get_running_loop().call_later(
                settings.turn_ttl.total_seconds() * 0.75, lambda: self._rooms.spawn(self._renew(me))
            )
        return ice(settings, f"{self.claims.appointment}-{me.seat}" if self.claims else me.seat)

    async def _renew(self, me: Me) -> None:
        member = self.state.members.get(me.seat)
        if member is not None and member.admitted:
            with suppress(Closed):
                await self._send_ice(me)

    async def _send(self, message: m.ServerMessage) -> None:
        try:
            async with asyncio.timeout(SEND_WITHIN):
                await self._ws.send_str(m.encode(message))
        except (ConnectionError, RuntimeError):
            raise Closed from None
        except TimeoutError:
            # Nothing gets through any more, not even a close frame.
            if self._transport is not None:
                self._transport.abort()
            raise Closed from None

    # Ending.

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Awaits; the one place where what went wrong becomes an answer and a close code. Raises Closed."""
        try:
            await work
        except Refusal as refusal:
            await self._refuse(refusal)
        except (Closed, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("socket_broken", socket=self.socket)
            await self._send(m.Err("internal", r.Internal.sentence.render(self._locale), fatal=True))
            await self._finish(r.Internal.close_code)

    async def _refuse(self, refusal: Refusal, id: str = "") -> None:
        # A refusal that the socket's own classes do not know ends an entrance, but not a call.
        fatal = refusal.fatal if isinstance(refusal, r.SocketRefusal) else self.me is None
        await self._send(m.Err(refusal.code, refusal.text.render(self._locale), fatal, id))
        if fatal:
            await self._finish(refusal.close_code)

    async def _finish(self, code: int) -> None:
        await self.close(code)
        raise Closed


class Bucket:
    """A token bucket: RATE messages a second on average, BURST at once."""

    def __init__(self) -> None:
        self._tokens, self._then = float(m.BURST), asyncio.get_running_loop().time()

    def spend(self) -> None:
        """Takes one. Raises TooManyMessages."""
        now = asyncio.get_running_loop().time()
        self._tokens = min(float(m.BURST), self._tokens + (now - self._then) * m.RATE) - 1
        self._then = now
        if self._tokens < 0:
            raise r.TooManyMessages
