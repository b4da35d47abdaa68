"""The OpenAPI 3.1 document, made from the handlers' own signatures."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints
from uuid import UUID

import msgspec

from telemed import __version__
from telemed.errors import (
    BadRequest,
    Forbidden,
    Invalid,
    NotFound,
    NotLoggedIn,
    Refusal,
    TooLarge,
    TooMany,
    Unavailable,
)
from telemed.http import WrongType, parameters
from telemed.identity.tokens import TokenRefused
from telemed.routes import Route

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable, `detail` is a sentence in the caller's language.",
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"}, "code": {"type": "string"},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["type", "title", "status", "detail", "code"],
}  # fmt: skip


def document(routes: list[Route], server: str) -> dict[str, Any]:
    """The document for all API routes; pages and the socket are not part of it."""
    operations = [route for route in routes if route.kind == "api"]
    kinds = [kind for route in operations for kind in _kinds(route)]
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    by_kind = dict(zip(map(repr, kinds), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in operations:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "telemed", "version": __version__, "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }  # fmt: skip


def _kinds(route: Route) -> list[Any]:
    hints = get_type_hints(route.function, include_extras=True)
    return [hints[name] for name in ("body", "return") if hints.get(name) not in (None, type(None), Any)]


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(route.function, include_extras=True)
    taken = parameters(route.function)
    entry: dict[str, Any] = {
        "operationId": route.function.__name__,
        "summary": (inspect.getdoc(route.function) or "").split("\n")[0],
        "tags": [route.verb.split(".")[0]],
        "security": [{}, {"bearer": []}],
        "parameters": [*_path_parameters(taken), *_query_parameters(taken.get("query")), *_headers(route)],
        "responses": _responses(route, schemas.get(repr(hints.get("return")))),
    }
    if "body" in taken:
        entry["requestBody"] = {
            "required": True, "content": {"application/json": {"schema": schemas[repr(taken["body"])]}},
        }  # fmt: skip
    return entry


def _path_parameters(taken: dict[str, Any]) -> list[dict[str, Any]]:
    names = [name for name in taken if name not in ("request", "caller", "body", "query")]
    return [
        {
            "name": name, "in": "path", "required": True,
            "schema": {"type": "string", "format": "uuid"} if taken[name] is UUID else {"type": "string"},
        }
        for name in names
    ]  # fmt: skip


def _query_parameters(kind: Any) -> list[dict[str, Any]]:
    if kind is None:
        return []
    schema = msgspec.json.schema(kind)
    properties = next(iter(schema["$defs"].values()))
    return [
        {"name": name, "in": "query", "required": name in properties.get("required", ()), "schema": shape}
        for name, shape in properties["properties"].items()
    ]


def _headers(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": False, "schema": schema} for name, schema in route.headers.items()
    ]


def _responses(route: Route, schema: Any) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    status = route.status
    if schema is None:
        status = 204 if status == 200 else status
    else:
        good["content"] = {"application/json": {"schema": schema}}
    responses = {str(status): good}
    by_status: dict[int, list[str]] = {}
    for refusal in _refusals(route):
        by_status.setdefault(refusal.status, []).append(refusal.code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = {
            "description": ", ".join(sorted(set(codes))),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return responses


def _refusals(route: Route) -> list[type[Refusal]]:
    """The declared ones, and those that every operation of its shape can give."""
    taken = parameters(route.function)
    found = [*route.errors, BadRequest, TokenRefused, NotLoggedIn, Forbidden, Unavailable]
    if "body" in taken:
        found += [Invalid, TooLarge, WrongType]
    if "query" in taken or route.headers:
        found.append(Invalid)
    if set(taken) - {"request", "caller", "body", "query"}:
        found.append(NotFound)
    if route.limit is not None:
        found.append(TooMany)
    return found
