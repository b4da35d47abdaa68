"""One socket: its reader is the request's handler; what the room says is written as it is said.

Nothing that is sent is waited for. What a page has not taken yet lies in its transport, at most OUTBOX bytes of it: who
reads more slowly is closed and resumes, and nobody else notices.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import structlog
from aiohttp import WSMessage, WSMsgType, web

from telemed.consultation import messages as m
from telemed.consultation import refusals as r
from telemed.consultation import settle, tickets
from telemed.consultation.log import WINDOW_BYTES
from telemed.consultation.room import EMPTY, Entry, Left, Said, Seated, State, check, fold
from telemed.consultation.sdp import vet
from telemed.consultation.turn import ice
from telemed.consultation.types import Claims
from telemed.consultation.views import Me, view
from telemed.errors import Refusal
from telemed.identity.tokens import TokenRefused

if TYPE_CHECKING:
    from telemed.consultation.live import Rooms

HELLO_WITHIN = 3.0  # seconds
GOODBYE_WITHIN = 10.0  # seconds until a line that takes no close frame is cut
OUTBOX = 2 * WINDOW_BYTES  # a page that resumes may get a whole window at once
REMEMBERED = 256  # answered ids per page; as many as the log's window

log = structlog.get_logger()

# Messages and errors after which there is nothing more to say.
_LAST_WORDS = {"replaced": 4409, "kicked": 4403, "denied": 4403, "ended": 4410}


class Connection:
    """A page's socket, from its welcome to its end."""

    def __init__(self, rooms: Rooms, ws: web.WebSocketResponse, locale: str, transport: asyncio.Transport) -> None:
        self._rooms, self._ws, self._locale, self._transport = rooms, ws, locale, transport
        self._bucket = Bucket()
        self._unfollow: Callable[[], None] | None = None
        self._renewal: asyncio.TimerHandle | None = None
        self._answered: dict[str, int] = {}
        self._goodbye: asyncio.Task[None] | None = None
        self.socket = secrets.token_urlsafe(9)
        self.claims: Claims | None = None
        self.attendance = 0
        self.me: Me | None = None
        self.state: State = EMPTY

    async def run(self) -> None:
        """Reads until the socket is closed. What is refused is answered; what is broken is logged; nothing escapes."""
        self._send(m.Welcome(self._rooms.node))
        try:
            while self._goodbye is None:
                try:
                    frame = await self._receive()
                    if frame.type is not WSMsgType.TEXT and frame.type is not WSMsgType.BINARY:
                        break
                    await self._read(frame)
                except Exception as error:
                    self._fail(error)
            if self._goodbye is not None:
                # To its end: a page that finds the line cut may not believe the close code.
                await asyncio.wait({self._goodbye})
        finally:
            if self._unfollow is not None:
                self._unfollow()
            if self._renewal is not None:
                self._renewal.cancel()
            self._rooms.gone(self)

    def drain(self, after_ms: int) -> asyncio.Task[None]:
        """The server stops: the page comes back, spread over `after_ms`; its media runs on."""
        self._send(m.Drain(after_ms))
        return self._finish(1001)

    # Reading.

    async def _receive(self) -> WSMessage:
        if self.me is not None:
            return await self._ws.receive()
        try:
            return await self._ws.receive(HELLO_WITHIN)
        except TimeoutError:
            raise r.HelloLate from None

    async def _read(self, frame: WSMessage) -> None:
        match self._decode(frame):
            case m.Hello() | m.Resume() as entrance:
                if self.me is not None:
                    raise r.AlreadyJoined
                await self._enter(entrance)
            case m.Ping():
                self._send(m.Pong())
            case _ if self.me is None or self.claims is None:
                raise r.HelloExpected
            case m.Bye():
                await self._rooms.log.append(self.claims.room, Left(self.me.seat, self.socket), f"{self.socket}:bye")
                self._finish(1000)
            case command:
                await self._obey(command, self.me, self.claims)

    def _decode(self, frame: WSMessage) -> m.ClientMessage:
        if frame.type is WSMsgType.BINARY:
            raise r.BinaryRefused
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
        past, unfollow = await self._rooms.log.follow(claims.room, self._told)
        (base, snapshot), *missed = past
        after = message.seq if isinstance(message, m.Resume) else seq - 1
        if not base <= after < seq:  # the window is past it, or it is a number of another room
            unfollow()
            raise r.GoneBy
        self._unfollow, self.me, self.state = unfollow, me, fold(EMPTY, base, snapshot)
        for number, entry in missed:
            self._hear(number, entry, me, aloud=number > after)

    async def _obey(self, command: m.Command, me: Me, claims: Claims) -> None:
        if command.id in self._answered:
            self._send(m.Ok(command.id, self._answered[command.id]))
            return
        said = Said(me.seat, me.instance, command)
        try:
            refusal = check(self.state, said) or (vet(command.sdp) if isinstance(command, m.Desc) else None)
            if refusal is not None:
                raise refusal
            await settle.settle(self._rooms.db, claims, command)
        except Refusal as error:
            self._refuse(error, command.id)
            return
        await self._rooms.log.append(claims.room, said, f"{me.instance}:{command.id}")

    # Writing.

    def _told(self, seq: int, entry: Entry) -> None:
        try:
            if self.me is not None:
                self._hear(seq, entry, self.me, aloud=True)
        except Exception as error:
            self._fail(error)

    def _hear(self, seq: int, entry: Entry, me: Me, *, aloud: bool) -> None:
        """Goes on in the log; `aloud`: the page has not been told of this entry yet."""
        before, self.state = self.state, fold(self.state, seq, entry)
        if isinstance(entry, Said) and (entry.seat, entry.instance) == (me.seat, me.instance):
            self._remember(before, seq, entry)
        if aloud:
            for message in view(before, self.state, seq, entry, me):
                self._tell(message, me)

    def _remember(self, before: State, seq: int, said: Said) -> None:
        if check(before, said) is None:
            self._answered[said.command.id] = seq
            if len(self._answered) > REMEMBERED:
                del self._answered[next(iter(self._answered))]

    def _tell(self, message: m.Logged, me: Me) -> None:
        if isinstance(message, m.Joined) and message.admitted:
            message = msgspec.structs.replace(message, ice=self._ice(me))
        elif isinstance(message, m.Admitted):
            self._send_ice(me)
        self._send(message)
        if isinstance(message, m.Resumed) and self.state.members[me.seat].admitted:
            self._send_ice(me)
        code = message.code if isinstance(message, m.Err) else str(type(message).__struct_config__.tag)
        if code in _LAST_WORDS and not (isinstance(message, m.Err) and not message.fatal):
            self._finish(_LAST_WORDS[code])

    def _send_ice(self, me: Me) -> None:
        config = self._ice(me)
        self._send(m.Ice(config.servers, config.policy))

    def _ice(self, me: Me) -> m.IceConfig:
        settings = self._rooms.settings
        if settings.turn_urls:
            if self._renewal is not None:
                self._renewal.cancel()
            self._renewal = asyncio.get_running_loop().call_later(
                settings.turn_ttl.total_seconds() * 0.75, self._renew, me
            )
        return ice(settings, f"{self.claims.appointment}-{me.seat}" if self.claims else me.seat)

    def _renew(self, me: Me) -> None:
        member = self.state.members.get(me.seat)
        if member is not None and member.admitted:
            self._send_ice(me)

    def _send(self, message: m.ServerMessage) -> None:
        if self._goodbye is not None or self._ws.closed or self._transport.is_closing():
            return
        # Past aiohttp's own writer, whose every frame has to be awaited in case the page reads slowly.
        self._transport.write(text_frame(m.encode(message)))
        if self._transport.get_write_buffer_size() > OUTBOX:
            self._finish(r.TooSlow.close_code)

    # Ending.

    def _fail(self, error: Exception) -> None:
        """The one place where what went wrong becomes an answer and a close code."""
        if isinstance(error, Refusal):
            self._refuse(error)
            return
        log.error("socket_broken", socket=self.socket, exc_info=error)
        self._send(m.Err("internal", r.Internal.sentence.render(self._locale), fatal=True))
        self._finish(r.Internal.close_code)

    def _refuse(self, refusal: Refusal, id: str = "") -> None:
        # A refusal that the socket's own classes do not know ends an entrance, but not a call.
        fatal = refusal.fatal if isinstance(refusal, r.SocketRefusal) else self.me is None
        self._send(m.Err(refusal.code, refusal.text.render(self._locale), fatal, id))
        if fatal:
            self._finish(refusal.close_code)

    def _finish(self, code: int) -> asyncio.Task[None]:
        """Says nothing more and closes; the reader notices."""
        if self._goodbye is None:
            self._goodbye = self._rooms.spawn(self._close(code))
        return self._goodbye

    async def _close(self, code: int) -> None:
        try:
            async with asyncio.timeout(GOODBYE_WITHIN):
                await self._ws.close(code=code)
        except TimeoutError:
            self._transport.abort()


def text_frame(text: bytes) -> bytes:
    """A message in one frame, as servers send it: neither masked nor compressed (RFC 6455 section 5.2)."""
    size = len(text)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + text
    if size < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, size) + text
    return struct.pack("!BBQ", 0x81, 127, size) + text


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
