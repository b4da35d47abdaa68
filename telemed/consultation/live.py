"""The socket, and this node's share of the rooms."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Coroutine
from contextlib import nullcontext
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from telemed.consultation import log_jetstream, relays
from telemed.consultation.candidates import Candidates
from telemed.consultation.connection import Connection, node_of
from telemed.consultation.lobby import Lobby
from telemed.consultation.log import Log, MemoryLog
from telemed.consultation.messages import EndReason, Seat
from telemed.consultation.refusals import LogDown, OriginRefused, RoomFull, TooManySockets
from telemed.consultation.room import Away, Ended, Entry, Left
from telemed.consultation.succession import Succession
from telemed.consultation.tickets import SOCKET, Doors, find
from telemed.consultation.types import AppointmentOver, Claims, Room, Unpaired
from telemed.db import Database
from telemed.errors import Refusal
from telemed.identity.callers import SYSTEM
from telemed.identity.tokens import Keys
from telemed.keys import DATABASE, KEYS, LOG_UP, SETTINGS
from telemed.routes import Route, client_of
from telemed.settings import Settings
from telemed.text import choose

SOCKETS_PER_ROOM = 8
FRAME_BYTES = 64 * 1024  # beyond this aiohttp closes by itself (1009); the protocol's limits are lower
HEARTBEAT = 20.0  # seconds between pings
LOST_AFTER = 20.0  # seconds after which one who waits and is away is given up
DRAIN_MS = 2000  # over which the pages of a stopping node come back; a millisecond for each, if they are more
WATCH = 2.0  # seconds between two looks for nodes that died
INSIST = 1.0  # seconds before the log is asked again

log = structlog.get_logger()


class Rooms:
    """The sockets of this node by appointment, and the log of their rooms."""

    def __init__(self, db: Database, keys: Keys, settings: Settings, log: Log, node: str) -> None:
        self.db, self.keys, self.settings, self.log, self.node = db, keys, settings, log, node
        self.succession = Succession(settings.secret)
        self.candidates = Candidates(settings)
        self.doors = Doors(db)
        self.lobby = Lobby(db, self.spawn)
        self._here: defaultdict[str, set[Connection]] = defaultdict(set)
        self._open: set[Connection] = set()
        self._work: set[asyncio.Task[None]] = set()
        self._addresses: Counter[str] = Counter()
        self._mourned: set[str] = set()  # sockets of nodes that died
        self._stopping = False

    def take(self, connection: Connection, claims: Claims) -> None:
        """Counts a socket in. Raises RoomFull."""
        here = self._here[str(claims.appointment)]
        if connection not in here and len(here) >= SOCKETS_PER_ROOM:
            raise RoomFull
        here.add(connection)

    def gone(self, connection: Connection) -> None:
        """A socket is closed: the others see its seat as away."""
        self._open.discard(connection)
        self.lobby.leave(connection)
        claims = connection.claims
        if claims is None:
            return
        here = self._here[str(claims.appointment)]
        here.discard(connection)
        if not here:
            del self._here[str(claims.appointment)]
        if connection.attendance:
            self.spawn(self._depart(connection, claims))

    async def _depart(self, connection: Connection, claims: Claims) -> None:
        self.spawn(self._miss(claims.room, claims.seat, connection.socket))
        await self.doors.leave(connection.attendance)

    async def _miss(self, room: str, seat: Seat, socket: str) -> None:
        """A seat's socket is gone; one who waits is given up if no other takes its place."""
        await self.insist(room, Away(seat, socket), f"{socket}:away")
        asyncio.get_running_loop().call_later(LOST_AFTER, self._give_up, room, seat, socket)

    def _give_up(self, room: str, seat: Seat, socket: str) -> None:
        if not self._stopping:
            self.spawn(self.insist(room, Left(seat, socket, lost=True), f"{socket}:lost"))

    async def insist(self, room: str, entry: Entry, dedupe_id: str) -> None:
        """Appends, even if the log comes back only later."""
        while True:
            try:
                await self.log.append(room, entry, dedupe_id)
            except LogDown:
                if self._stopping:
                    raise
                await asyncio.sleep(INSIST)
            else:
                return

    async def watch(self) -> None:
        """Misses the sockets of nodes that died without a word, in the rooms that somebody here is in."""
        while True:
            await asyncio.sleep(WATCH)
            if not self.log.up:
                continue
            for connection in list(self._open):
                room = connection.claims.room if connection.claims else ""
                for seat, member in connection.state.members.items():
                    known = member.here and member.socket not in self._mourned
                    if known and not self.log.lives(node_of(member.socket)):
                        self._mourned.add(member.socket)
                        self.spawn(self._miss(room, seat, member.socket))

    def changed(self, appointment: str) -> None:
        """An appointment was cancelled, moved, or its consent withdrawn, on whichever node."""
        self.cut(appointment)
        if self._here.get(appointment):
            self.spawn(self._recheck(appointment))

    def cut(self, owner: str | None) -> None:
        """Ends what the relays carry for an appointment, or for one seat of it (see `relays.close`)."""
        if owner is not None and self.settings.turn_control:
            self.spawn(relays.close(self.settings, owner))

    async def _recheck(self, appointment: str) -> None:
        async with self.db.transaction(SYSTEM) as tx:
            room = await find(tx, appointment)
        here = self._here.get(appointment, ())
        for claims in {it.claims.room: it.claims for it in here if it.claims}.values():
            reason = _ended(room, claims)
            if reason is None:
                continue
            if not self.log.up:  # then nobody else tells them
                for connection in list(here):
                    connection.refuse(AppointmentOver(reason=reason))
            await self.insist(claims.room, Ended(reason), "ended")

    def recheck(self) -> None:
        """Announcements may have been missed: looks after every appointment that somebody here is in."""
        for appointment in list(self._here):
            self.spawn(self._recheck(appointment))
        self.spawn(self._recheck_pairings())

    def unpaired(self, pairing: str) -> None:
        """A station's screen is one no more, on whichever node somebody said so."""
        for connection in [one for one in self._open if one.claims and str(one.claims.pairing) == pairing]:
            self.spawn(self._unseat(connection))

    async def _unseat(self, connection: Connection) -> None:
        """Ends its page, and frees its seat, so that the others close their connection to that page."""
        connection.refuse(Unpaired())
        if connection.me is not None and connection.claims is not None:
            seat, room = connection.me.seat, connection.claims.room
            self.cut(f"{connection.claims.appointment}-{seat}")
            await self.insist(room, Left(seat, connection.socket), f"{connection.socket}:unpaired")

    async def _recheck_pairings(self) -> None:
        pairings = {one.claims.pairing for one in self._open if one.claims and one.claims.pairing}
        async with self.db.transaction(SYSTEM) as tx:
            over = await tx.value("consultation.unpaired", pairings=list(pairings))
        for pairing in over:
            self.unpaired(str(pairing))

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Work that outlives the request that caused it, and not the node."""
        task = asyncio.create_task(_logged(work))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One socket, from its upgrade to its end."""
        if not _own_origin(request):
            raise OriginRefused
        address = client_of(request, self.settings.behind_proxy)
        if self._addresses[address] >= self.settings.sockets_per_address:
            raise TooManySockets
        self._addresses[address] += 1
        try:
            return await self._serve(request)
        finally:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=FRAME_BYTES, compress=False, timeout=2.0)
        try:
            await ws.prepare(request)
        except ConnectionResetError:
            return web.Response()  # nobody is there to read it: pages give sockets up while their line is down
        locale = choose(None, request.headers.get("Accept-Language", ""))
        if request.transport is None:
            return ws  # gone already
        connection = Connection(self, ws, locale, request.transport)
        self._open.add(connection)
        await connection.run()
        return ws

    def drain(self) -> None:
        """Sends every page away; they come back to another node, or to this one restarted."""
        self._stopping = True
        for connection in self._open:
            connection.drain(max(DRAIN_MS, len(self._open)))

    async def stop(self) -> None:
        """Lets attendance be written."""
        await asyncio.sleep(0)
        if self._work:
            _, late = await asyncio.wait(self._work, timeout=2)
            for task in late:
                task.cancel()


async def _logged(work: Coroutine[object, object, None]) -> None:
    try:
        await work
    except Refusal as refusal:
        log.warning("room_work_refused", code=refusal.code)
    except Exception:
        log.exception("room_work_broken")


def _ended(room: Room | None, claims: Claims) -> EndReason | None:
    if room is None or room.status == "held":
        return "expired"
    if room.status == "booked" or room.status == "arrived":
        if room.epoch == claims.epoch:
            return None
        return "moved" if room.consented else "consent_withdrawn"
    return room.status


def _own_origin(request: web.Request) -> bool:
    """A page of another site may not use this browser's address to try tickets; programs send no Origin."""
    origin = request.headers.get("Origin")
    return origin is None or origin == request.app[SETTINGS].origin or urlsplit(origin).netloc == request.host


ROOMS = web.AppKey("rooms", Rooms)


async def rooms(app: web.Application) -> AsyncIterator[None]:
    """For `cleanup_ctx`, after the database's."""
    node, db, settings = secrets.token_hex(4), app[DATABASE], app[SETTINGS]
    async with log_jetstream.opened(settings.nats_url, node) if settings.nats_url else nullcontext(MemoryLog()) as kept:
        app[LOG_UP] = lambda: kept.up
        app[ROOMS] = rooms = Rooms(db, app[KEYS], settings, kept, node)
        await db.listen("appointment_changed", rooms.changed, rooms.recheck)
        await db.listen("unpaired", rooms.unpaired)
        for channel in ("appointment", "appointment_changed", "lobby"):
            await db.listen(channel, rooms.lobby.changed)
        watching = asyncio.create_task(rooms.watch())
        yield
        watching.cancel()
        await rooms.stop()


async def drain(app: web.Application) -> None:
    """For `on_shutdown`: aiohttp waits for handlers, and these end only when told."""
    app[ROOMS].drain()


async def open_socket(request: web.Request) -> web.StreamResponse:
    """The signalling socket (PROTOCOL.md)."""
    return await request.app[ROOMS].serve(request)


ROUTES = [Route("socket", "GET", SOCKET, "page.read", open_socket, open_socket)]
