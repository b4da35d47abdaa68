"""Two nodes of telemed and three of NATS, as processes behind one address, to be killed one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import msgspec

from telemed.consultation import log_jetstream
from telemed.settings import Settings
from tests.brokers import Broker, brokers, url
from tests.front import front
from tests.processes import Server, serving


@dataclass
class Cluster:
    """What there is to be killed, and the address of all nodes."""

    nodes: list[Server]
    servers: list[Broker]
    address: str

    async def leader(self) -> Broker:
        """The NATS server that orders the stream."""
        async with log_jetstream.opened(url(self.servers), "test") as log:
            cluster = (await log._js.stream_info(log_jetstream.STREAM)).cluster
            assert cluster is not None
            return self.servers[int(str(cluster.leader).removeprefix("n"))]


@asynccontextmanager
async def clustered(settings: Settings) -> AsyncIterator[Cluster]:
    """All of them, ready."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(brokers(3))
        chosen = msgspec.structs.replace(settings, nats_url=url(servers), port=0)
        nodes = [
            await stack.enter_async_context(serving(chosen, TELEMED_NATS_URL=url(servers))) for _ in range(2)
        ]  # fmt: skip
        address = await stack.enter_async_context(front(nodes))
        async with asyncio.timeout(30), aiohttp.ClientSession() as session:
            for node in nodes:
                while (await (await session.get(f"{node.url}/health/ready")).json())["log"] != "ok":
                    await asyncio.sleep(0.2)
        yield Cluster(nodes, servers, address)
