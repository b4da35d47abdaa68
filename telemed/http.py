"""JSON operations: a msgspec struct in, a struct out, every refusal declared.

The handler's signature is the contract: `request`, `caller`, `body` (a struct), `query` (a struct), anything else is
a path parameter. `openapi.py` reads the same signature.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, Final, get_type_hints
from uuid import UUID

import msgspec
import structlog
from aiohttp import web

from telemed.errors import BadRequest, Invalid, NotFound, Refusal, TooLarge, TooMany
from telemed.identity.access import may
from telemed.identity.callers import Caller
from telemed.identity.sessions import api_caller
from telemed.keys import SETTINGS
from telemed.limits import Limit
from telemed.routes import Handler, Route, client_of
from telemed.text import _, choose

log = structlog.get_logger()
BODY_LIMIT: Final = 64 * 1024  # bytes


class WrongType(Refusal):
    """A body that is not declared as JSON."""

    status, code = 415, "wrong_type"
    sentence = _("The request must be JSON (Content-Type: application/json).")


def operation(
    method: str, path: str, *, verb: str, status: int = 200, errors: tuple[type[Refusal], ...] = (),
    limit: Limit | None = None, headers: dict[str, dict[str, object]] | None = None,
) -> Callable[[Handler], Route]:  # fmt: skip
    """Makes a handler an operation of the API. `verb` names its row in the permission table.

    `headers` are those it reads itself, name -> JSON schema, for the OpenAPI document.
    """

    def make(function: Handler) -> Route:
        async def handle(request: web.Request) -> web.StreamResponse:
            if limit is not None:
                limit.spend(client_of(request, request.app[SETTINGS].behind_proxy))
            caller = api_caller(request)
            may(caller, verb)
            result = await function(**await arguments(function, request, caller))
            if isinstance(result, web.StreamResponse):
                return result
            return answer(result, status)

        return Route("api", method, path, verb, function, handle, status, errors, limit, headers or {})

    return make


async def arguments(function: Handler, request: web.Request, caller: Caller) -> dict[str, Any]:
    """The handler's arguments from the request. Raises BadRequest, Invalid, NotFound, TooLarge, WrongType."""
    found: dict[str, Any] = {}
    for name, kind in parameters(function).items():
        if name == "request":
            found[name] = request
        elif name == "caller":
            found[name] = caller
        elif name == "body":
            found[name] = await _body(request, kind)
        elif name == "query":
            found[name] = _query(request, kind)
        else:
            found[name] = _path(request.match_info[name], kind)
    return found


@cache
def parameters(function: Handler) -> dict[str, Any]:
    """Name -> annotation of every parameter."""
    hints = get_type_hints(function, include_extras=True)
    return {name: hints[name] for name in inspect.signature(function).parameters}


async def _body(request: web.Request, kind: Any) -> Any:
    if request.content_type != "application/json":
        raise WrongType
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge from error
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(_("The request is not valid JSON.")) from error


def _query(request: web.Request, kind: Any) -> Any:
    if len(request.query) != len(set(request.query)):
        raise BadRequest(_("A query parameter was given twice."))
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error) from error


def _path(raw: str, kind: Any) -> Any:
    try:
        return UUID(raw) if kind is UUID else msgspec.convert(raw, kind, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise NotFound from error


def invalid(error: msgspec.ValidationError) -> Invalid:
    """msgspec's message, `Expected … - at `$.patient.name``, as a field and its sentence."""
    what, _at, where = str(error).partition(" - at `$")
    return Invalid(fields={where.rstrip("`").lstrip(".") or "body": _("%(what)s", what=what)})


def answer(result: object, status: int = 200) -> web.Response:
    """A struct as JSON; None as an empty answer."""
    if result is None:
        return web.Response(status=204)
    return web.Response(body=msgspec.json.encode(result), status=status, content_type="application/json")


def problem(request: web.Request, refusal: Refusal) -> web.Response:
    """A refusal as problem+json (RFC 9457), its sentence in the caller's language."""
    locale = choose(None, request.headers.get("Accept-Language", ""))
    body: dict[str, object] = {
        **refusal.data,
        "type": f"urn:telemed:problem:{refusal.code}",
        "title": str(refusal.sentence),
        "status": refusal.status,
        "detail": refusal.text.render(locale),
        "code": refusal.code,
    }
    if isinstance(refusal, Invalid):
        body["fields"] = {name: text.render(locale) for name, text in refusal.fields.items()}
    response = web.Response(
        body=msgspec.json.encode(body), status=refusal.status, content_type="application/problem+json"
    )
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.retry_after)
    elif refusal.status == 503:
        response.headers["Retry-After"] = "5"
    elif refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


class WrongMethod(Refusal):
    """The address exists, but not for this method."""

    status, code = 405, "wrong_method"
    sentence = _("This address cannot be used in this way.")


class Broken(Refusal):
    """Our fault; the log has the rest."""

    status, code = 500, "broken"
    sentence = _("Something went wrong on our side. Nothing you entered was lost; please try again.")
