"""For the proxy and the person on call: is the process alive, can it serve."""

from __future__ import annotations

import msgspec
from aiohttp import web

from telemed.errors import Unavailable
from telemed.http import operation
from telemed.keys import DATABASE


class Health(msgspec.Struct, frozen=True):
    """`ok`, or a 503."""

    status: str = "ok"


@operation("GET", "/health/live", verb="page.read")
async def live(request: web.Request) -> Health:
    """The process answers."""
    return Health()


@operation("GET", "/health/ready", verb="page.read", errors=(Unavailable,))
async def ready(request: web.Request) -> Health:
    """The database answers too."""
    if not await request.app[DATABASE].ready():
        raise Unavailable
    return Health()


ROUTES = [live, ready]
