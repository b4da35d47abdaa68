"""One socket: its reader is the request's handler; what the room says is written as it is said.

Nothing that is sent is waited for. What a page has not taken yet lies in its transport, at most OUTBOX bytes of it: who
reads more slowly is closed and resumes, and nobody else notices.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import structlog
from aiohttp import WSMessage, WSMsgType, web

from telemed.consultation import messages as m
from telemed.consultation import refusals as r
from telemed.consultation import settle, tickets
from telemed.consultation.log import WINDOW, WINDOW_BYTES
from telemed.consultation.room import EMPTY, Entry, Left, Said, Seated, State, check, fold
from telemed.consultation.sdp import vet
from telemed.consultation.turn import ice
from telemed.consultation.types import Claims
from telemed.consultation.views import Me, view
from telemed.consultation.wire import Bucket, text_frame
from telemed.errors import Refusal
from telemed.identity.tokens import TokenRefused

if TYPE_CHECKING:
    from telemed.consultation.live import Rooms

HELLO_WITHIN = 3.0  # seconds
GOODBYE_WITHIN = 10.0  # seconds until a line that takes no close frame is cut
OUTBOX = 2 * WINDOW_BYTES  # a page that resumes may get a whole window at once
REMEMBERED = WINDOW  # answered ids per page

log = structlog.get_logger()

# Messages and errors after which there is nothing more to say.
_LAST_WORDS: dict[object, int] = {
    m.Replaced: 4409, m.Kicked: 4403, m.Denied: 4403, m.Ended: 4410, "replaced": 4409, "kicked": 4403, "ended": 4410,
}  # fmt: skip


class Connection:
    """A page's socket, from its welcome to its end."""

    def __init__(self, rooms: Rooms, ws: web.WebSocketResponse, locale: str, transport: asyncio.Transport) -> None:
        self._rooms, self._ws, self._locale, self._transport = rooms, ws, locale, transport
        self._bucket = Bucket()
        self._unfollow: Callable[[], None] | None = None
        self._renewal: asyncio.TimerHandle | None = None
        self._answered: dict[str, int] = {}
        self._outbox: list[bytes] = []
        self._room = ""
        self._waiting: asyncio.Task[None] | None = None
        self._last_word: int | None = None
        self.socket = secrets.token_urlsafe(9)
        self.claims: Claims | None = None
        self.attendance = 0
        self.me: Me | None = None
        self.state: State = EMPTY

    async def run(self) -> None:
        """Reads until the socket is closed. What is refused is answered; what is broken is logged; nothing escapes."""
        self._send(m.Welcome(self._rooms.node))
        try:
            await self._listen()
            if self._last_word is not None:
                await self._close(self._last_word)
        finally:
            if self._unfollow is not None:
                self._unfollow()
            if self._renewal is not None:
                self._renewal.cancel()
            self._rooms.gone(self)

    def drain(self, after_ms: int) -> None:
        """The server stops: the page comes back, spread over `after_ms`; its media runs on."""
        self._send(m.Drain(after_ms))
        self._finish(1001)

    # Reading.

    async def _listen(self) -> None:
        while self._last_word is None:
            try:
                frame = await self._receive()
                if frame is None:
                    return
                await self._read(frame)
            except Exception as error:
                self._fail(error)

    async def _receive(self) -> WSMessage | None:
        """A frame; None at the end."""
        self._waiting = task = asyncio.current_task()
        try:
            frame = await self._ws.receive(HELLO_WITHIN if self.me is None else None)
        except TimeoutError:
            raise r.HelloLate from None
        except asyncio.CancelledError:
            if self._last_word is None or task is None:
                raise
            task.uncancel()
            return None
        finally:
            self._waiting = None
        return frame if frame.type in (WSMsgType.TEXT, WSMsgType.BINARY) else None

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
                await self._rooms.log.append(self._room, Left(self.me.seat, self.socket), f"{self.socket}:bye")
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
        self.claims, self._room = claims, claims.room
        entered = await tickets.enter(self._rooms.db, claims)
        self.attendance = entered.attendance
        resume = isinstance(message, m.Resume)
        me = Me(claims.seat, message.instance, self.socket, self._locale)
        seated = Seated(
            claims.seat, message.instance, self.socket, claims.name, claims.about, entered.admitted, resume
        )  # fmt: skip
        seq = await self._rooms.log.append(self._room, seated, f"{self.socket}:{message.instance}:{resume}")
        past, unfollow = await self._rooms.log.follow(self._room, self._told)
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
        await self._rooms.log.append(self._room, said, f"{me.instance}:{command.id}")

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
        for message in view(before, self.state, seq, entry, me):
            if isinstance(message, m.Ok):
                self._remember(message)
            if aloud:
                self._tell(message, me)

    def _remember(self, done: m.Ok) -> None:
        self._answered[done.id] = done.seq
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
        last = _LAST_WORDS.get(message.code if isinstance(message, m.Err) else type(message))
        if last:
            self._finish(last)

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
        if self._last_word is not None:
            return
        if not self._outbox:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outbox.append(text_frame(m.encode(message)))

    def _flush(self) -> None:
        """Writes what was said in this turn of the loop at once: what goes out costs most by the piece.

        Past aiohttp's own writer, whose every frame has to be awaited in case the page reads slowly.
        """
        if not self._outbox or self._ws.closed or self._transport.is_closing():
            return
        self._transport.write(b"".join(self._outbox))
        self._outbox.clear()
        if self._transport.get_write_buffer_size() > OUTBOX:
            self._refuse(r.TooSlow())

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

    def _finish(self, code: int) -> None:
        """Nothing more is said; the reader stops waiting for the page and closes."""
        if self._last_word is None:
            self._last_word = code
            if self._waiting is not None:
                self._waiting.cancel()

    async def _close(self, code: int) -> None:
        # By the reader, and to the end: a page that finds the line cut may not believe the close code.
        self._flush()
        try:
            async with asyncio.timeout(GOODBYE_WITHIN):
                await self._ws.close(code=code)
        except TimeoutError:
            self._transport.abort()
