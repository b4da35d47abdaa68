"""For the proxy and the person on call: is the process alive, can it serve."""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web

from telemed.errors import Unavailable
from telemed.http import operation
from telemed.identity.callers import SYSTEM
from telemed.keys import DATABASE


class Health(msgspec.Struct, frozen=True):
    """`ok`, or a 503."""

    status: Literal["ok"] = "ok"


class Ready(Health, frozen=True):
    """`worker` is `missing` when none has been seen for two minutes: it serves, but nothing is sent or kept up."""

    worker: Literal["ok", "missing"] = "ok"


@operation("GET", "/health/live", verb="page.read")
async def live(request: web.Request) -> Health:
    """The process answers."""
    return Health()


@operation("GET", "/health/ready", verb="page.read", errors=(Unavailable,))
async def ready(request: web.Request) -> Ready:
    """The database answers too; and whether `telemed work` runs somewhere."""
    db = request.app[DATABASE]
    if not await db.ready():
        raise Unavailable
    async with db.transaction(SYSTEM) as tx:
        return Ready(worker="ok" if await tx.value("jobs.worked") else "missing")


ROUTES = [live, ready]
