"""Starts the floor server of `floor.py` as a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
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
    """User and system time a process has used (proc(5), fields 14 and 15)."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123  not a file, a reading
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
