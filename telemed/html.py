"""Pages: jinja2 with gettext, forms that say which field is wrong, and the headers that keep a page to itself."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import jinja2
import structlog
from aiohttp import web

from telemed import clock, wording
from telemed.assets import Assets
from telemed.errors import Forbidden, NotLoggedIn, Refusal, TooMany
from telemed.http import arguments
from telemed.identity import sessions
from telemed.identity.access import may
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.keys import SETTINGS
from telemed.limits import Limit
from telemed.routes import Handler, Route, client_of
from telemed.settings import Settings
from telemed.text import LOCALES, Text, catalogue, choose

log = structlog.get_logger()
ASSETS = web.AppKey("assets", Assets)
CALLER = web.RequestKey("caller", Caller)
TEMPLATES: Final = Path(__file__).parent / "templates"
_LANGUAGE_COOKIE = "language"

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
    trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"],
)  # fmt: skip


def page(
    method: str, path: str, *, verb: str, session: Literal["guest", "staff", "station"] = "guest",
    limit: Limit | None = None,
) -> Callable[[Handler], Route]:  # fmt: skip
    """Makes a handler a page. `session` says whose cookie it reads; without it, it leads to where one is got."""

    def make(function: Handler) -> Route:
        async def handle(request: web.Request) -> web.StreamResponse:
            if limit is not None:
                limit.spend(client_of(request, request.app[SETTINGS].behind_proxy))
            if method != "GET" and not sessions.same_origin(request):
                raise Forbidden
            caller, renewed = await _SESSIONS[session](request)
            request[CALLER] = caller
            try:
                may(caller, verb)
                response: web.StreamResponse = await function(**await arguments(function, request, caller))
            except NotLoggedIn:
                response = _to_login(request, session)
            if renewed is not None and not response.prepared:
                sessions.remember(response, renewed)
            return response

        return Route("page", method, path, verb, function, handle, limit=limit, session=session)

    return make


def _to_login(request: web.Request, session: str) -> web.Response:
    if session != "staff":
        return see_other("/appointment/code" if session == "guest" else "/screen")
    after = request.path_qs if request.method == "GET" else "/practice"
    return see_other(f"/login?next={quote(after, safe='')}")


_SESSIONS: Final = {"guest": sessions.guest, "staff": sessions.staff, "station": sessions.station}


def render(request: web.Request, template: str, status: int = 200, **values: object) -> web.Response:
    """A page in the reader's language. Everything in `values` is escaped; `Text` is translated."""
    locale = locale_of(request)
    text = _environment.get_template(template).render(_context(request, locale) | values)
    response = web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
    response.headers["Vary"] = "Accept-Language, Cookie, Accept-Encoding"
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.body = gzip.compress(text.encode(), 6, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    if request.query.get("lang") in LOCALES:
        response.set_cookie(
            _LANGUAGE_COOKIE,
            locale,
            max_age=int(timedelta(days=365).total_seconds()),
            samesite="Lax",
            httponly=True,
        )
    return response


def locale_of(request: web.Request) -> str:
    """The reader's language: asked for in the address, remembered, or the browser's; German if none fits."""
    wanted = request.query.get("lang") or request.cookies.get(_LANGUAGE_COOKIE)
    return choose(wanted, request.headers.get("Accept-Language", ""))


def _context(request: web.Request, locale: str) -> dict[str, Any]:
    translations = catalogue(locale)

    def gettext(message: str | Text, **values: object) -> str:
        if isinstance(message, Text):
            return message.render(locale)
        found = translations.gettext(message)
        return found % values if values else found

    def ngettext(one: str, many: str, n: int, **values: object) -> str:
        return translations.ngettext(one, many, n) % {"n": n, **values}

    return {
        "_": gettext, "gettext": gettext, "ngettext": ngettext, "locale": locale,
        "asset": request.app[ASSETS].url, "settings": request.app[SETTINGS], "caller": request.get(CALLER, ANONYMOUS),
        "path": request.path, "query": dict(request.query), "now": clock.now(), "say": wording.Wording(locale),
        "language_url": lambda other: str(request.rel_url.update_query(lang=other)),
    }  # fmt: skip


def see_other(address: str) -> web.Response:
    """After a POST: go and GET that, so that neither reload nor the back button repeats the POST (RFC 9110 15.4.4)."""
    return web.Response(status=303, headers={"Location": address})


def refusal_page(request: web.Request, refusal: Refusal) -> web.Response:
    """A refusal as a page with its sentence and a way on."""
    response = render(request, "error.html", status=refusal.status, refusal=refusal)
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.retry_after)
    elif refusal.status == 503:
        response.headers["Retry-After"] = "5"
    return response


def security_headers(settings: Settings) -> dict[str, str]:
    """For every answer: own origins only, no framing, camera and microphone for us alone (ASVS 5.0 V3.4)."""
    origins = [settings.origin.replace("http", "ws", 1)]
    if settings.probe_url:
        origins.append("/".join(settings.probe_url.split("/")[:3]))
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        f"media-src 'self' blob: mediastream:; connect-src 'self' {' '.join(origins)}; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=(self), "
        "browsing-topics=(), interest-cohort=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if settings.origin.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers
