"""One socket: its reader is the request's handler; what the room says is written as it is said."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec.structs
import structlog
from aiohttp import WSMessage, WSMsgType, web

from telemed.consultation import messages as m
from telemed.consultation import refusals as r
from telemed.consultation import relays, settle, tickets
from telemed.consultation.log import WINDOW
from telemed.consultation.outbox import Outbox
from telemed.consultation.room import EMPTY, Entry, Left, Said, Seated, State, check_command, fold, refused
from telemed.consultation.sdp import vetted
from telemed.consultation.supplies import Supplies
from telemed.consultation.types import Claims
from telemed.consultation.views import Me, view
from telemed.consultation.wire import Bucket, decoded
from telemed.errors import Refusal
from telemed.identity.tokens import TokenRefused

if TYPE_CHECKING:
    from telemed.consultation.live import Rooms

HELLO_WITHIN = 3.0  # seconds
AGAIN_WITHIN = 30.0  # seconds for the next hello of a page that was told `gone` or `locked`
STAT_EVERY = 4.0  # seconds; pages are asked for 5, lines are not as regular as clocks
REMEMBERED = WINDOW  # answered ids per page

log = structlog.get_logger()

# Messages and errors after which there is nothing more to say.
_LAST_WORDS: dict[object, int] = {
    m.Replaced: 4409, m.Kicked: 4403, m.Denied: 4403, m.Ended: 4410, "replaced": 4409, "kicked": 4403, "ended": 4410,
}  # fmt: skip


def node_of(socket: str) -> str:
    """The node that serves a socket of this name."""
    return socket.partition("-")[0]


class Connection:
    """A page's socket, from its welcome to its end."""

    def __init__(self, rooms: Rooms, ws: web.WebSocketResponse, locale: str, transport: asyncio.Transport) -> None:
        self._rooms, self._ws, self._locale, self._transport = rooms, ws, locale, transport
        self._bucket = Bucket()
        self._outbox = Outbox(ws, transport, lambda: self.refuse(r.TooSlow()))
        self._unfollow: Callable[[], None] | None = None
        self._supplies: Supplies | None = None
        self._answered: dict[str, int] = {}
        self._room = ""
        self._stat_at = 0.0
        self._entrances = 0
        self._waiting: asyncio.Task[None] | None = None
        self._last_word: int | None = None
        self.socket = f"{rooms.node}-{secrets.token_urlsafe(9)}"
        self.claims: Claims | None = None
        self.attendance = 0
        self.me: Me | None = None
        self.state: State = EMPTY

    async def run(self) -> None:
        """Reads until the socket is closed. What is refused is answered; what is broken is logged; nothing escapes."""
        self.send(m.Welcome(self._rooms.node))
        try:
            await self._listen()
            if self._last_word is not None:
                await self._outbox.close(self._last_word)
        finally:
            if self._unfollow is not None:
                self._unfollow()
            if self._supplies is not None:
                self._supplies.stop()
            self._rooms.gone(self)

    def drain(self, after_ms: int) -> None:
        """The server stops: the page comes back, spread over `after_ms`; its media runs on."""
        self.send(m.Drain(after_ms))
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
            patience = None if self.me else AGAIN_WITHIN if self.claims else HELLO_WITHIN
            frame = await self._ws.receive(patience)
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
        self._bucket.spend()
        match decoded(frame):
            case m.Hello() | m.Resume() as entrance:
                if self.me is not None:
                    raise r.AlreadyJoined
                await self._enter(entrance)
            case m.Ping():
                self.send(m.Pong())
            case _ if self.me is None or self.claims is None:
                raise r.HelloExpected
            case m.Bye():
                await self._rooms.log.append(self._room, Left(self.me.seat, self.socket), f"{self.socket}:bye")
                self._finish(1000)
            case command:
                await self._obey(command, self.me, self.claims)

    async def _enter(self, message: m.Entrance) -> None:
        if isinstance(message, m.Hello) and not set(message.versions) & set(m.VERSIONS):
            raise r.UnsupportedVersion
        claims, succeeds = self._presented(message)
        if self.claims is not None and (claims.room, claims.seat) != (self.claims.room, self.claims.seat):
            raise TokenRefused
        self._rooms.take(self, claims)
        self.claims, self._room = claims, claims.room
        entered = await self._rooms.doors.enter(claims, self.attendance)
        self.attendance = entered.attendance
        resume = isinstance(message, m.Resume)
        me = Me(claims.seat, message.instance, self.socket, self._locale)
        seated = Seated(
            claims.seat, message.instance, self.socket, claims.name, claims.about, entered.admitted, resume, succeeds,
            claims.beside,
        )  # fmt: skip
        self._entrances += 1
        seq = await self._rooms.log.append(self._room, seated, f"{self.socket}:{self._entrances}")
        past, unfollow = await self._rooms.log.follow(self._room, self._told, self._lost)
        (base, snapshot), *missed = past
        after = message.seq if isinstance(message, m.Resume) else seq - 1
        # Gone: the window is past it, or it is a number of another room.
        refusal = refused(past, seq) if base <= after < seq else r.GoneBy
        if refusal is not None:
            unfollow()
            raise refusal
        self._unfollow, self.me, self.state = unfollow, me, fold(EMPTY, base, snapshot)
        self._supplies = Supplies(
            self._rooms.settings, self._rooms.succession, claims, me.instance, self.socket, self.send, self._admitted
        )  # fmt: skip
        for number, entry in missed:
            self._hear(number, entry, me, aloud=number > after)

    def _presented(self, message: m.Entrance) -> tuple[Claims, str]:
        """Who comes in, and the socket that is succeeded when it is by a resume token. Raises TokenRefused."""
        if isinstance(message, m.Resume) and message.token is not None:
            successor = self._rooms.succession.read(message.token)
            if successor.instance != message.instance:
                raise TokenRefused
            return successor.claims, successor.socket
        return tickets.read(self._rooms.keys, message.ticket or ""), ""

    async def _obey(self, command: m.Command, me: Me, claims: Claims) -> None:
        if command.id in self._answered:
            self.send(m.Ok(command.id, self._answered[command.id]))
            return
        try:
            refusal = check_command(self.state, me.seat, me.instance, command) or self._too_soon(command)
            if refusal is not None:
                raise refusal
            passed_on = vetted(command, me.seat, self._rooms.candidates)
            await settle.settle(self._rooms.db, claims, command)
        except Refusal as error:
            self.refuse(error, command.id)
            return
        if not isinstance(passed_on, m.Private | None):
            said = Said(me.seat, me.instance, passed_on), f"{me.instance}:{command.id}"
            self._rooms.cut(relays.cut_off(claims.appointment, command))
            try:
                await self._rooms.log.append(self._room, *said)
            except r.LogDown:
                if isinstance(command, settle.Settled):  # it is so already: whoever is in the room has to hear of it
                    self._rooms.spawn(self._rooms.insist(self._room, *said))
                raise
            return
        if isinstance(command, m.AskIce) and self._supplies is not None:
            self._supplies.send_ice()
        self.send(m.Ok(command.id))

    def _too_soon(self, command: m.Command) -> type[r.SocketRefusal] | None:
        if isinstance(command, m.Stat):
            now = time.monotonic()
            if now - self._stat_at < STAT_EVERY:
                return r.TooSoon
            self._stat_at = now
        return None

    # Writing.

    def _told(self, seq: int, entry: Entry) -> None:
        try:
            if self.me is not None:
                self._hear(seq, entry, self.me, aloud=True)
        except Exception as error:
            self._fail(error)

    def _lost(self) -> None:
        self.refuse(r.LogDown())

    def _hear(self, seq: int, entry: Entry, me: Me, *, aloud: bool) -> None:
        """Goes on in the log; `aloud`: the page has not been told of this entry yet."""
        before, self.state = self.state, fold(self.state, seq, entry)
        for message in view(before, self.state, seq, entry, me):
            if isinstance(message, m.Ok):
                self._remember(message)
            if aloud and self._supplies is not None:
                self._tell(message, self._supplies)

    def _remember(self, done: m.Ok) -> None:
        self._answered[done.id] = done.seq
        if len(self._answered) > REMEMBERED:
            del self._answered[next(iter(self._answered))]

    def _tell(self, message: m.Logged, give: Supplies) -> None:
        if isinstance(message, m.Waiting):
            self._rooms.lobby.enter(self)
        if isinstance(message, m.Joined) and message.admitted:
            message = msgspec.structs.replace(message, ice=give.ice())
        elif isinstance(message, m.Admitted):
            give.send_ice()
        self.send(message)
        if isinstance(message, m.Resumed) and self._admitted():
            give.send_ice()
        if isinstance(message, m.Joined | m.Resumed):
            give.send_token()
        last = _LAST_WORDS.get(message.code if isinstance(message, m.Err) else type(message))
        if last:
            self._finish(last)

    def _admitted(self) -> bool:
        member = self.state.members.get(self.me.seat) if self.me else None
        return member is not None and member.admitted

    def send(self, message: m.ServerMessage) -> None:
        if self._last_word is None:
            self._outbox.put(message)

    # Ending.

    def _fail(self, error: Exception) -> None:
        """The one place where what went wrong becomes an answer and a close code."""
        if isinstance(error, Refusal):
            self.refuse(error)
            return
        log.error("socket_broken", socket=self.socket, exc_info=error)
        self.send(m.Err("internal", r.Internal.sentence.render(self._locale), fatal=True))
        self._finish(r.Internal.close_code)

    def refuse(self, refusal: Refusal, id: str = "") -> None:
        # A refusal that the socket's own classes do not know ends an entrance, but not a call.
        fatal = refusal.fatal if isinstance(refusal, r.SocketRefusal) else self.me is None
        self.send(m.Err(refusal.code, refusal.text.render(self._locale), fatal, id))
        if fatal:
            self._finish(refusal.close_code)

    def _finish(self, code: int) -> None:
        """Nothing more is said; the reader stops waiting for the page and closes."""
        if self._last_word is None:
            self._last_word = code
            if self._waiting is not None:
                self._waiting.cancel()
