"""The socket, and this node's share of the rooms."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from telemed import clock
from telemed.consultation import relays
from telemed.consultation.connection import Connection
from telemed.consultation.lobby import Lobby
from telemed.consultation.log import Log, MemoryLog
from telemed.consultation.messages import EndReason
from telemed.consultation.refusals import OriginRefused, RoomFull
from telemed.consultation.room import Away, Ended, Left
from telemed.consultation.succession import Succession
from telemed.consultation.tickets import SOCKET, find, within
from telemed.consultation.types import Claims, Room
from telemed.db import Database
from telemed.errors import Refusal
from telemed.identity.callers import SYSTEM
from telemed.identity.tokens import Keys
from telemed.keys import DATABASE, KEYS, SETTINGS
from telemed.routes import Route
from telemed.settings import Settings
from telemed.text import choose

SOCKETS_PER_ROOM = 8
FRAME_BYTES = 64 * 1024  # beyond this aiohttp closes by itself (1009); the protocol's limits are lower
HEARTBEAT = 20.0  # seconds between pings
LOST_AFTER = 20.0  # seconds after which one who waits and is away is given up
DRAIN_MS = 2000  # over which the pages of a stopping node come back

log = structlog.get_logger()


class Rooms:
    """The sockets of this node by appointment, and the log of their rooms."""

    def __init__(self, db: Database, keys: Keys, settings: Settings, log: Log) -> None:
        self.db, self.keys, self.settings, self.log = db, keys, settings, log
        self.succession = Succession(settings.secret)
        self.lobby = Lobby(db, self.spawn)
        self.node = secrets.token_hex(4)
        self._here: defaultdict[str, set[Connection]] = defaultdict(set)
        self._open: set[Connection] = set()
        self._work: set[asyncio.Task[None]] = set()
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
        await self.log.append(claims.room, Away(claims.seat, connection.socket), f"{connection.socket}:away")
        async with self.db.transaction(within(claims)) as tx:
            await tx.run("consultation.leave", attendance=connection.attendance, now=clock.now())
        if not self._stopping:
            later = asyncio.get_running_loop().call_later
            later(LOST_AFTER, lambda: self.spawn(self._give_up(connection.socket, claims)))

    async def _give_up(self, socket: str, claims: Claims) -> None:
        await self.log.append(claims.room, Left(claims.seat, socket, lost=True), f"{socket}:lost")

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
            if reason is not None:
                await self.log.append(claims.room, Ended(reason), "ended")

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Work that outlives the request that caused it, and not the node."""
        task = asyncio.create_task(_logged(work))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One socket, from its upgrade to its end."""
        if not _own_origin(request):
            raise OriginRefused
        ws = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=FRAME_BYTES, compress=False, timeout=2.0)
        await ws.prepare(request)
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
            connection.drain(DRAIN_MS)

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
    app[ROOMS] = rooms = Rooms(app[DATABASE], app[KEYS], app[SETTINGS], MemoryLog())
    await app[DATABASE].listen("appointment_changed", rooms.changed)
    for channel in ("appointment", "appointment_changed", "lobby"):
        await app[DATABASE].listen(channel, rooms.lobby.changed)
    yield
    await rooms.stop()


async def drain(app: web.Application) -> None:
    """For `on_shutdown`: aiohttp waits for handlers, and these end only when told."""
    app[ROOMS].drain()


async def open_socket(request: web.Request) -> web.StreamResponse:
    """The signalling socket (PROTOCOL.md)."""
    return await request.app[ROOMS].serve(request)


ROUTES = [Route("socket", "GET", SOCKET, "page.read", open_socket, open_socket)]
