"""The application: every domain, every route, in one place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import structlog
from aiohttp import web

from telemed import health, http, openapi
from telemed.assets import Assets
from telemed.consultation import api as consultation_api
from telemed.consultation import live
from telemed.db import Database
from telemed.desk import appointment, events, login, practice, station, walkin
from telemed.directory import api as directory_api
from telemed.errors import BadRequest, NotFound, Refusal, TooLarge
from telemed.html import ASSETS, refusal_page, security_headers
from telemed.identity import api as identity_api
from telemed.identity.tokens import Keys
from telemed.keys import DATABASE, KEYS, SETTINGS
from telemed.routes import Route
from telemed.scheduling import api as scheduling_api
from telemed.scheduling import guests, openings
from telemed.settings import Settings
from telemed.visit import changing, choice, details, legal, mine, room
from telemed.visit import search as visit_search

log = structlog.get_logger()

ROUTES: list[Route] = [
    *identity_api.ROUTES,
    *directory_api.ROUTES,
    *scheduling_api.ROUTES,
    *guests.ROUTES,
    *consultation_api.ROUTES,
    *live.ROUTES,
    *visit_search.ROUTES,
    *choice.ROUTES,
    *details.ROUTES,
    *mine.ROUTES,
    *changing.ROUTES,
    *room.ROUTES,
    *legal.ROUTES,
    *login.ROUTES,
    *practice.ROUTES,
    *appointment.ROUTES,
    *events.ROUTES,
    *station.ROUTES,
    *walkin.ROUTES,
    *health.ROUTES,
]


def build(settings: Settings) -> web.Application:
    """The application for settings that have a database_url and a secret."""
    app = web.Application(middlewares=[_refusals], client_max_size=http.BODY_LIMIT)
    app[SETTINGS] = settings
    app[ASSETS] = Assets()
    app.cleanup_ctx.extend([_database, live.rooms, events.watching])
    app.on_shutdown.extend([events.stop, live.drain])
    app.router.add_get("/static/{build}/{name:.+}", app[ASSETS].serve)
    app.router.add_get("/openapi.json", _openapi)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handle)
    headers = security_headers(settings.origin)

    async def protect(request: web.Request, response: web.StreamResponse) -> None:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        # Whatever names a person must leave no copy behind, neither on success nor on error (G-32).
        response.headers.setdefault("Cache-Control", "no-store")

    app.on_response_prepare.append(protect)
    return app


async def _database(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    app[DATABASE] = db = await Database.open(settings.database_url)
    app[KEYS] = await Keys.load(db, settings.secret)
    upkeep = asyncio.create_task(_keep_up(app[KEYS], db))
    yield
    upkeep.cancel()
    with suppress(asyncio.CancelledError):
        await upkeep
    await db.close()


async def _keep_up(keys: Keys, db: Database) -> None:
    """What time itself makes necessary: a younger signing key, and openings for the day that has come into reach."""
    while True:
        try:
            await keys.rotate(db)
            await openings.rebuild_all(db)
        except Refusal as refusal:
            log.warning("upkeep_later", code=refusal.code)
        except Exception:
            log.exception("upkeep_broken")
        await asyncio.sleep(timedelta(hours=1).total_seconds())


@web.middleware
async def _refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        return _refused(request, refusal)
    except web.HTTPRequestEntityTooLarge:
        return _refused(request, TooLarge())
    except web.RequestPayloadError:  # a body cut off, or not packed as its Content-Encoding says
        return _refused(request, BadRequest())
    except web.HTTPNotFound:
        return _refused(request, NotFound())
    except web.HTTPMethodNotAllowed as error:
        response = _refused(request, http.WrongMethod())
        response.headers["Allow"] = error.headers["Allow"]
        return response
    except (web.HTTPException, asyncio.CancelledError, ConnectionResetError):
        raise
    except Exception:
        # The event says where, never what: a traceback's values may name a person.
        log.exception("broken", route=_template(request), method=request.method)
        return _refused(request, http.Broken())


def _refused(request: web.Request, refusal: Refusal) -> web.Response:
    if request.path.startswith(("/api/", "/.well-known/", "/openapi.json", "/health")):
        return http.problem(request, refusal)
    return refusal_page(request, refusal)


def _template(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "?"


async def _openapi(request: web.Request) -> web.Response:
    return http.answer(openapi.document(ROUTES, request.app[SETTINGS].origin))
