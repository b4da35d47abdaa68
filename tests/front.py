"""A proxy before several nodes, as simple as can be: each connection goes to the next node that takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count

from tests.processes import Server

_turn = count()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def front(nodes: list[Server]) -> AsyncIterator[str]:
    """Its address."""
    running = set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(choose(reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)
        await asyncio.wait([task])

    async def choose(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(_turn) // 2  # a page asks for its ticket, then opens its socket
        for node in [*nodes[first % len(nodes) :], *nodes[: first % len(nodes)]]:
            try:
                there = await asyncio.open_connection("localhost", node.port)
            except OSError:
                continue
            await asyncio.gather(_pass(reader, there[1]), _pass(there[0], writer))
            return
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
