"""`make bench`, or `python -m tests.bench bookings` for one of them."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from telemed import cluster, pg
from telemed.settings import Settings
from tests.bench import bookings, first_frame, relay, search
from tests.bench.report import Figure, show

BENCHMARKS = {"bookings": bookings.run, "search": search.run, "relay": relay.run, "first_frame": first_frame.run}


async def main(names: list[str]) -> None:
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory(prefix="telemed-bench-", ignore_cleanup_errors=True) as directory,
        cluster.running(Path(directory), cluster.programs()) as sockets,
    ):
        urls = pg.embedded_urls(sockets, "bench")
        await pg.migrate(urls)
        settings = Settings(database_url=urls.app, secret="bench secret, long enough to be taken", port=0)
        for name in names:
            print(f"{name} …", flush=True)
            figures += await BENCHMARKS[name](urls, settings)
    show(figures)


asyncio.run(main(sys.argv[1:] or list(BENCHMARKS)))
