"""The application: every domain, every route, in one place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from aiohttp import web

from telemed import health, http, openapi
from telemed.assets import Assets
from telemed.consultation import api as consultation_api
from telemed.consultation import live
from telemed.counter import care, screen, setup
from telemed.counter import rides as counter_rides
from telemed.counter import today as counter_today
from telemed.db import Database
from telemed.desk import (
    appointment,
    assessments,
    calendar,
    closing,
    events,
    follow_up,
    hours,
    late,
    login,
    moving,
    notices,
    oncall,
    outcome,
    outside,
    phone,
    practice,
    services,
    station,
    station_hours,
    walkin,
)
from telemed.desk import feeds as desk_feeds
from telemed.desk import settings as desk_settings
from telemed.desk import waitlist as desk_waitlist
from telemed.directory import api as directory_api
from telemed.errors import BadRequest, NotFound, Refusal, TooLarge
from telemed.html import ASSETS, refusal_page, security_headers
from telemed.identity import api as identity_api
from telemed.identity.tokens import Keys
from telemed.keys import DATABASE, KEYS, SETTINGS
from telemed.precheck import api as precheck_api
from telemed.routes import Route
from telemed.scheduling import api as scheduling_api
from telemed.scheduling import guests
from telemed.scheduling.codes import Codes
from telemed.scheduling.feeds import feeds
from telemed.scheduling.hours import api as hours_api
from telemed.scheduling.services import api as services_api
from telemed.scheduling.waitlist import api as waitlist_api
from telemed.settings import Settings
from telemed.stations import api as stations_api
from telemed.stations.types import CODES
from telemed.visit import assessment, changing, check, choice, details, legal, mine, room, times
from telemed.visit import rides as visit_rides
from telemed.visit import search as visit_search
from telemed.visit import waitlist as visit_waitlist

log = structlog.get_logger()

ROUTES: list[Route] = [
    *identity_api.ROUTES,
    *directory_api.ROUTES,
    *scheduling_api.ROUTES,
    *hours_api.ROUTES,
    *services_api.ROUTES,
    *feeds.ROUTES,
    *guests.ROUTES,
    *waitlist_api.ROUTES,
    *consultation_api.ROUTES,
    *precheck_api.ROUTES,
    *stations_api.ROUTES,
    *live.ROUTES,
    *visit_search.ROUTES,
    *times.ROUTES,
    *choice.ROUTES,
    *details.ROUTES,
    *assessment.ROUTES,
    *mine.ROUTES,
    *visit_rides.ROUTES,
    *changing.ROUTES,
    *room.ROUTES,
    *check.ROUTES,
    *visit_waitlist.ROUTES,
    *legal.ROUTES,
    *login.ROUTES,
    *late.ROUTES,
    *oncall.ROUTES,
    *practice.ROUTES,
    *calendar.ROUTES,
    *phone.ROUTES,
    *moving.ROUTES,
    *outcome.ROUTES,
    *follow_up.ROUTES,
    *appointment.ROUTES,
    *hours.ROUTES,
    *closing.ROUTES,
    *outside.ROUTES,
    *services.ROUTES,
    *assessments.ROUTES,
    *desk_settings.ROUTES,
    *desk_feeds.ROUTES,
    *events.ROUTES,
    *counter_today.ROUTES,
    *station.ROUTES,
    *station_hours.ROUTES,
    *walkin.ROUTES,
    *setup.ROUTES,
    *counter_rides.ROUTES,
    *care.ROUTES,
    *screen.ROUTES,
    *notices.ROUTES,
    *desk_waitlist.ROUTES,
    *health.ROUTES,
]


def build(settings: Settings) -> web.Application:
    """The application for settings that have a database_url and a secret."""
    app = web.Application(middlewares=[_refusals], client_max_size=http.BODY_LIMIT)
    app[SETTINGS] = settings
    app[CODES] = Codes(settings.secret)
    app[ASSETS] = Assets()
    app.cleanup_ctx.extend([_database, live.rooms, events.watching])
    app.on_shutdown.extend([events.stop, live.drain])
    app.router.add_get("/static/{build}/{name:.+}", app[ASSETS].serve)
    app.router.add_get("/openapi.json", _openapi)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handle)
        if route.method == "GET" and route.kind != "socket":
            app.router.add_route("HEAD", route.path, route.handle)
    headers = security_headers(settings)

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
    yield
    await db.close()


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
