"""`telemed serve`, `telemed work` and `telemed probe` as processes of their own, to be killed like ones."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from telemed.settings import Settings

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server that comes back on the same port with the same data."""

    def __init__(self, settings: Settings, **environment: str) -> None:
        self.port = settings.port or free_port()
        self.url = f"http://localhost:{self.port}"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TELEMED_")},
            "DATABASE_URL": settings.database_url,
            "TELEMED_SECRET": settings.secret,
            "TELEMED_PORT": str(self.port),
            "TELEMED_LOG_LEVEL": "warning",
            **environment,
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Returns when it serves."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "telemed", "serve", env=self._environment, cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=None,
        )  # fmt: skip
        assert self._process.stdout is not None
        said = b""
        async with asyncio.timeout(20):
            while b"Serving on" not in said:
                line = await self._process.stdout.readline()
                said += line
                assert line, said

    async def kill(self) -> None:
        """kill -9: no goodbye to anybody."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), 20)


@asynccontextmanager
async def serving(settings: Settings, **environment: str) -> AsyncIterator[Server]:
    """A running server process, stopped at the end."""
    server = Server(settings, **environment)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


class Worker:
    """`telemed work` as a process of its own, stopped at the end of the context; `said` is then what it printed."""

    said = ""

    def __init__(self, settings: Settings, **environment: str) -> None:
        given = {
            "TELEMED_SECRET": settings.secret, "TELEMED_PUBLIC_URL": settings.public_url,
            "TELEMED_SMTP_URL": settings.smtp_url, "TELEMED_MAIL_FROM": settings.mail_from,
            "TELEMED_SMS_URL": settings.sms_url, "TELEMED_SMS_TOKEN": settings.sms_token,
            "TELEMED_LOG_LEVEL": "warning",
        }  # fmt: skip
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TELEMED_")},
            "DATABASE_URL": settings.database_url,
            **{name: value for name, value in given.items() if value},
            **environment,
        }
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Worker:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "telemed", "work", env=self._environment, cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            while "Working" not in self.said:
                line = await self._process.stdout.readline()
                assert line, self.said
                self.said += line.decode()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
        assert self._process.stdout is not None
        self.said += (await asyncio.wait_for(self._process.stdout.read(), 40)).decode()
        await self._process.wait()

    async def kill(self) -> None:
        """kill -9: no goodbye to anybody."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


class Probe:
    """`telemed probe` as a process of its own, in a folder of its own; `pid` while it runs."""

    def __init__(self, origin: str, home: Path, port: int = 0, **environment: str) -> None:
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}/probe"
        self._home = home
        # Neither secret nor database: whatever it did with them, it could not.
        self._environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            "HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1",
            "TELEMED_PUBLIC_URL": origin, "TELEMED_PROBE_URL": self.url, "TELEMED_PROBE_PORT": str(self.port),
            "TELEMED_LOG_LEVEL": "warning", **environment,
        }  # fmt: skip
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Probe:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "telemed", "probe", env=self._environment, cwd=self._home,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 20)
        assert b"Measuring on" in line, line
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), 20)
