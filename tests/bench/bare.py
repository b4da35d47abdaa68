"""The bare call page of tests/browser/bare.html, and what passes its frames from one side to the other."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import WSMsgType, web

from telemed.consultation.turn import credentials
from tests.processes import free_port
from tests.turn import Relay

PAGE = Path(__file__).parents[1] / "browser" / "bare.html"


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """The port of a server for one call."""
    sockets: list[web.WebSocketResponse] = []

    async def page(request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE)

    async def relay(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sockets.append(socket)
        if len(sockets) == 2:
            for each in sockets:
                await each.send_str(json.dumps({"ready": True}))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                for other in sockets:
                    if other is not socket and not other.closed:
                        await other.send_str(message.data)
        sockets.remove(socket)
        return socket

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/relay", relay)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield port
    finally:
        await runner.cleanup()


def address(relay: Relay, urls: tuple[str, ...], *, polite: bool) -> str:
    """The page of one side, with `urls` for its relay."""
    username, credential = credentials(relay.secret, "bare", timedelta(hours=1))
    servers = [{"urls": urls, "username": username, "credential": credential}]
    return "/?" + urlencode({"polite": int(polite), "servers": json.dumps(servers)})
