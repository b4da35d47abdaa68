"""Starts the floor server of `floor.py` as a process of its own."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.processes import ROOT, free_port


@asynccontextmanager
async def floor(app_url: str) -> AsyncIterator[str]:
    """The address of a running floor; its process id is then in `pids`."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.floor", str(port), app_url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert b"Serving" in await asyncio.wait_for(process.stdout.readline(), 20)
    pids[f"http://127.0.0.1:{port}"] = process.pid
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


pids: dict[str, int] = {}
"""Address -> process id, for measuring its CPU."""


def cpu_seconds(pid: int) -> float:
    """User and system time a process has used, to the nanosecond (clock_getcpuclockid(3), as Linux forms the id)."""
    return time.clock_gettime(~pid << 3 | 2)
