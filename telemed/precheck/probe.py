"""`telemed probe`: a process of its own, since codec work must never share a loop with signalling.

It knows neither database nor secret, writes nothing, and serves whoever shows a ticket of the pages' server.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Final
from urllib.parse import urlsplit

import aiohttp
import msgspec
import structlog
from aiohttp import web

from telemed import http
from telemed.errors import Forbidden, Invalid, NotFound, Refusal, TooLarge, TooMany, Unavailable
from telemed.precheck.keyset import KeySet
from telemed.precheck.peer import Connection
from telemed.settings import Settings
from telemed.text import _

log = structlog.get_logger()

MEASURED_AT_ONCE: Final = 6  # paths; a loop on one core bears so many without a packet being late
CONNECTIONS: Final = 5  # for one ticket: three paths, sound and picture over the best; or the voice
BODY_LIMIT: Final = 48 * 1024  # bytes


class Busy(Unavailable):
    """As many checks as this probe bears are going on."""

    code = "busy"
    sentence = _("Many people are checking their line at this moment. Please wait a little.")


class Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page's side of a connection; `voice`: to hear oneself instead of measuring."""

    ticket: Annotated[str, msgspec.Meta(max_length=2_000)]
    sdp: Annotated[str, msgspec.Meta(max_length=32 * 1024)]
    voice: bool = False


class Answer(msgspec.Struct, frozen=True):
    sdp: str


class Probe:
    """What this process is doing: the connections of each ticket, and the tickets that are not forgotten yet."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turns = asyncio.Semaphore(MEASURED_AT_ONCE)
        self._open: dict[str, set[Connection]] = {}
        self._used: dict[str, tuple[float, int]] = {}  # ticket's id -> until when it is remembered, connections made

    async def answer(self, ticket: str, until: float, offer: Offer) -> str:
        """Raises Busy, TooMany, BadRequest."""
        now = time.time()
        self._used = {known: used for known, used in self._used.items() if used[0] > now}
        _until, used = self._used.get(ticket, (until, 0))
        if used >= CONNECTIONS:
            raise TooMany
        if ticket not in self._open and len(self._open) >= self._settings.probe_at_once:
            raise Busy
        self._used[ticket] = (until, used + 1)
        connection = Connection(self._turns, lambda: self._ended(ticket, connection), voice=offer.voice)
        self._open.setdefault(ticket, set()).add(connection)
        return await connection.answer(offer.sdp, self._settings.probe_address)

    def _ended(self, ticket: str, connection: Connection) -> None:
        left = self._open.get(ticket, set())
        left.discard(connection)
        if not left:
            self._open.pop(ticket, None)

    async def close(self) -> None:
        await asyncio.gather(*(connection.stop() for many in self._open.values() for connection in many))


_PROBE = web.AppKey("probe", Probe)
_KEYS = web.AppKey("keyset", KeySet)
_SETTINGS = web.AppKey("settings", Settings)


def build(settings: Settings) -> web.Application:
    """The application, below the path of `probe_url`, so that a proxy in front need not rewrite anything."""
    app = web.Application(middlewares=[_refusals], client_max_size=BODY_LIMIT)
    app[_SETTINGS], app[_PROBE] = settings, Probe(settings)
    base = urlsplit(settings.probe_url).path.rstrip("/")
    app.router.add_post(f"{base}/offers", _offer)
    app.router.add_options(f"{base}/offers", _preflight)
    app.router.add_get(f"{base}/health", _health)
    app.cleanup_ctx.append(_keys)
    app.on_response_prepare.append(_headers)
    app.on_shutdown.append(_close)
    return app


async def _keys(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession() as session:
        app[_KEYS] = KeySet(session, f"{app[_SETTINGS].origin}/.well-known/jwks.json")
        yield


async def _close(app: web.Application) -> None:
    await app[_PROBE].close()


async def _offer(request: web.Request) -> web.Response:
    """Pages of our origin alone, with a ticket."""
    if request.headers.get("Origin", request.app[_SETTINGS].origin) != request.app[_SETTINGS].origin:
        raise Forbidden
    try:
        offer = msgspec.json.decode(await request.read(), type=Offer)
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid from error
    claims = await request.app[_KEYS].verify(offer.ticket)
    sdp = await request.app[_PROBE].answer(str(claims["jti"]), float(claims["exp"]), offer)
    return http.answer(Answer(sdp), 201)


async def _preflight(_request: web.Request) -> web.Response:
    return web.Response(status=204)


async def _health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Access-Control-Allow-Origin"] = request.app[_SETTINGS].origin
    response.headers["Access-Control-Allow-Headers"] = "content-type"
    response.headers["Access-Control-Max-Age"] = "600"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Origin"


@web.middleware
async def _refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        return http.problem(request, refusal)
    except web.HTTPNotFound:
        return http.problem(request, NotFound())
    except (web.HTTPException, asyncio.CancelledError, ConnectionResetError):
        raise
    except Exception:
        log.exception("probe_broken")
        return http.problem(request, http.Broken())
