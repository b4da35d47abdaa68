"""Tells open pages of a practice or station that something has changed, and nothing more: what, they read again."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec
from aiohttp import web

from telemed.db import Database
from telemed.errors import Forbidden, NotLoggedIn, Unavailable
from telemed.identity import sessions
from telemed.identity.access import may
from telemed.identity.callers import SYSTEM
from telemed.identity.logins import ACCESS, caller_of
from telemed.identity.tokens import TokenRefused
from telemed.keys import DATABASE, KEYS
from telemed.routes import Route

CHANNELS: Final = ("appointment", "appointment_changed")
_QUIET: Final = 20.0  # seconds after which a comment shows proxies that the line lives


class Concerned(msgspec.Struct, frozen=True):
    site: UUID
    station_site: UUID | None


class Watch:
    """The open pages of each site."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._pages: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._work: set[asyncio.Task[None]] = set()
        self.closing = asyncio.Event()

    async def start(self) -> None:
        for channel in CHANNELS:
            await self._db.listen(channel, self._heard)
        await self._db.listen("walk_in", self._heard_site)

    def open(self, site: UUID) -> asyncio.Event:
        """An event that is set whenever something changed there; give it back to `close`."""
        changed = asyncio.Event()
        self._pages[site].add(changed)
        return changed

    def close(self, site: UUID, changed: asyncio.Event) -> None:
        self._pages[site].discard(changed)
        if not self._pages[site]:
            del self._pages[site]

    def stop(self) -> None:
        """Ends every stream: aiohttp waits for its handlers."""
        self.closing.set()
        for changed in [event for pages in self._pages.values() for event in pages]:
            changed.set()

    def _heard(self, appointment: str) -> None:
        if self._pages:
            task = asyncio.get_running_loop().create_task(self._tell(UUID(appointment)))
            self._work.add(task)
            task.add_done_callback(self._work.discard)

    def _heard_site(self, site: str) -> None:
        for changed in self._pages.get(UUID(site), ()):
            changed.set()

    async def _tell(self, appointment: UUID) -> None:
        with suppress(Unavailable):
            async with self._db.transaction(SYSTEM) as tx:
                concerned = await tx.maybe(Concerned, "desk.sites_of", appointment=appointment)
            for site in {concerned.site, concerned.station_site} if concerned else ():
                for changed in self._pages.get(site, ()) if site else ():
                    changed.set()


async def events(request: web.Request) -> web.StreamResponse:
    """Server-sent events: `changed`. Ends with the login at the latest; the page renews that and comes back."""
    try:
        caller = caller_of(request.app[KEYS], request.cookies.get(sessions.STAFF, ""))
    except TokenRefused:
        raise NotLoggedIn from None
    may(caller, "day.watch")
    if caller.site is None:
        raise Forbidden
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    watch = request.app[WATCH]
    changed = watch.open(caller.site)
    try:
        with suppress(TimeoutError, ConnectionError):
            await response.prepare(request)
            await response.write(b"retry: 2000\n\n")
            async with asyncio.timeout(ACCESS.total_seconds()):
                while not watch.closing.is_set():
                    await _pass_on(response, changed)
    finally:
        watch.close(caller.site, changed)
    return response


async def _pass_on(response: web.StreamResponse, changed: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_QUIET):
            await changed.wait()
    except TimeoutError:
        await response.write(b":\n\n")
        return
    changed.clear()
    await response.write(b"event: changed\ndata:\n\n")


WATCH = web.AppKey("watch", Watch)


async def watching(app: web.Application) -> AsyncIterator[None]:
    """For `cleanup_ctx`, after the database's."""
    app[WATCH] = watch = Watch(app[DATABASE])
    await watch.start()
    yield


async def stop(app: web.Application) -> None:
    """For `on_shutdown`."""
    app[WATCH].stop()


# No page of html.page: renewing a login here would spend the refresh token and have no headers left to say so.
ROUTES = [Route("socket", "GET", "/practice/events", "day.watch", events, events)]
