"""For the proxy and the person on call: is the process alive, can it serve."""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web

from telemed.errors import Unavailable
from telemed.http import operation
from telemed.identity.callers import SYSTEM
from telemed.keys import DATABASE, LOG_UP


class Health(msgspec.Struct, frozen=True):
    """`ok`, or a 503."""

    status: Literal["ok"] = "ok"


class Ready(Health, frozen=True):
    """`worker` is `missing` when none has been seen for two minutes: it serves, but nothing is sent or kept up.

    `log` is `down` while the rooms' log (NATS) is away: everything but joining a consultation goes on, as do those that
    run, and every other node has the same trouble. So both are for the person on call, not for the proxy.
    """

    worker: Literal["ok", "missing"] = "ok"
    log: Literal["ok", "down"] = "ok"


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
        worked = await tx.value("jobs.worked")
    return Ready(worker="ok" if worked else "missing", log="ok" if request.app[LOG_UP]() else "down")


ROUTES = [live, ready]
