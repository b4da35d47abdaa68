"""One process that serves: the aiohttp runner, signals, and stopping without losing anything."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from aiohttp import web

from telemed import app
from telemed.settings import Settings

GRACE = 5.0  # seconds that requests under way are given


class PortTaken(Exception):
    """Something else listens there already."""


def configure_logs(level: str) -> None:
    """One event a line, ids only; aiohttp's access log stays off, since addresses are personal data (G-32)."""
    number = logging.getLevelName(level.upper())
    logging.captureWarnings(capture=True)
    handler = logging.StreamHandler()
    handler.setFormatter(_WithoutValues())
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler])
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(lambda exc_info: trail(exc_info[1])),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
    )


class _WithoutValues(logging.Formatter):
    """What libraries log, as they wrote it down and not filled in: with whose address, or what was sent."""

    def format(self, record: logging.LogRecord) -> str:
        said = f"{record.name}: {str(record.msg).partition(chr(10))[0]}"
        return f"{said} {trail(record.exc_info[1])}" if record.exc_info else said


def trail(error: BaseException | None) -> str:
    """What kind of error was raised and where, the first cause last; never its message, which may quote a name."""
    said = list[str]()
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        lines = (f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno}" for frame in frames)
        said.append(f"{type(error).__name__} at {' > '.join(lines)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " from ".join(said)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[str]:
    """Serves while the context lasts; yields the address. Raises PortTaken."""
    async with listening(app.build(settings), settings.host, settings.port) as address:
        yield address


@asynccontextmanager
async def listening(application: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Any of our applications on a port of its own; yields the address. Raises PortTaken."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=GRACE, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, reuse_address=True)
        try:
            await site.start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken from error
            raise
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def until_told() -> None:
    """Waits for SIGINT or SIGTERM. A second Ctrl-C changes nothing: stopping takes seconds and must come to its end."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not the loop's handlers: to take one away brings the default back for a moment, and a second Ctrl-C aborts.
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(told.set))
    await told.wait()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
