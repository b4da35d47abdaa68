"""Debian's nats-server for the tests: one, or a cluster of three on loopback, each to be killed and started again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.processes import free_port

CONF = """
server_name: {name}
listen: "127.0.0.1:{port}"
jetstream {{ store_dir: "{directory}", max_mem: 1GB, max_file: 64MB }}
{cluster}
"""
CLUSTER = """cluster {{ name: telemed, listen: "127.0.0.1:{listen}", routes: [{routes}] }}"""


class Broker:
    """One nats-server, as a process."""

    def __init__(self, name: str, directory: Path, cluster: str = "") -> None:
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._conf = directory / f"{name}.conf"
        self._conf.write_text(
            CONF.format(name=name, port=self.port, directory=directory / name, cluster=cluster), encoding="utf-8"
        )
        self._log = directory / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when it takes connections; JetStream may need a moment longer."""
        with self._log.open("ab") as file:
            self._process = await asyncio.create_subprocess_exec(
                "nats-server", "-c", str(self._conf), stdout=file, stderr=file
            )
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return

    async def kill(self) -> None:
        """kill -9; what it had in memory is gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    def pause(self) -> None:
        """It stops answering, without a word."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def brokers(count: int = 1) -> AsyncIterator[list[Broker]]:
    """So many servers of one cluster, or one alone."""
    with TemporaryDirectory(prefix="telemed-nats-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        ports = [free_port() for _ in range(count)]
        routes = ", ".join(f'"nats-route://127.0.0.1:{port}"' for port in ports)
        clusters = [CLUSTER.format(listen=port, routes=routes) if count > 1 else "" for port in ports]
        servers = [Broker(f"n{number}", directory, cluster) for number, cluster in enumerate(clusters)]
        await asyncio.gather(*(server.start() for server in servers))
        try:
            yield servers
        finally:
            await asyncio.gather(*(server.kill() for server in servers))


def url(servers: list[Broker]) -> str:
    """As TELEMED_NATS_URL says it."""
    return " ".join(server.url for server in servers)
