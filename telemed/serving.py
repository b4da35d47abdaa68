"""One process that serves: the aiohttp runner, signals, and stopping without losing anything."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
    logging.basicConfig(level=max(number, logging.WARNING), format="%(name)s: %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
    )


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[str]:
    """Serves while the context lasts; yields the address. Raises PortTaken."""
    runner = web.AppRunner(app.build(settings), access_log=None, shutdown_timeout=GRACE, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port, reuse_address=True)
        try:
            await site.start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken from error
            raise
        port = runner.addresses[0][1]
        yield f"http://{settings.host}:{port}"
    finally:
        await runner.cleanup()


async def until_told() -> None:
    """Waits for SIGINT or SIGTERM."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)
