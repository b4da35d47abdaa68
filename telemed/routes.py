"""A route is data: method, path, the verb of the permission table, and what it takes and gives.

`http.operation` makes JSON routes, `html.page` makes pages; `app.py` lists them all, and tests walk the list.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Network, ip_address
from typing import Any, Literal

from aiohttp import web

from telemed.errors import Refusal
from telemed.limits import Limit

Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, eq=False)
class Route:
    """One address. `handle` is what aiohttp calls; `function` is the handler as written, for its signature.

    `session` is whose cookie a page reads; an API route reads its bearer token.
    """

    kind: Literal["api", "page", "socket"]
    method: str
    path: str
    verb: str
    function: Handler
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]]
    status: int = 200
    errors: tuple[type[Refusal], ...] = ()
    limit: Limit | None = None
    headers: dict[str, dict[str, object]] = field(default_factory=dict)
    session: Literal["guest", "staff", "station"] | None = None


def client_of(request: web.Request, behind_proxy: bool) -> str:
    """The client's address: the socket's, or behind our one proxy what that proxy appended.

    Of IPv6 the first 64 bits, since whoever has one such address has 2^64 of them (RFC 4291 section 2.5.4).
    """
    address = request.remote or ""
    if behind_proxy:
        address = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip() or address
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Network((parsed, 64), strict=False)) if parsed.version == 6 and not parsed.ipv4_mapped else address
