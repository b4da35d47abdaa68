"""`make bench`, or `python -m tests.bench bookings` for one of them."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from telemed import cluster, pg
from telemed.settings import Settings
from tests.bench import bookings, first_frame, lines, monday, outages, prechecks, relay, search, sockets, storm
from tests.bench.report import Figure, show

BENCHMARKS: dict[str, Callable[[pg.Urls, Settings], Awaitable[list[Figure]]]] = {
    "bookings": bookings.run,
    "storm": storm.run,
    "monday": monday.run,
    "search": search.run,
    "search-100000": partial(search.run, size=100_000),
    "relay": relay.run,
    "sockets": sockets.run,
    "first_frame": first_frame.run,
    "prechecks": prechecks.run,
    "lines": lines.run,
    "lines-loss": partial(lines.run, loss_alone=True),
    "outages": outages.run,
}
ASKED = {"search-100000", "lines-loss"}  # only when asked for: minutes to build, and a part of another


async def main(names: list[str]) -> None:
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory(prefix="telemed-bench-", ignore_cleanup_errors=True) as directory,
        cluster.running(Path(directory), cluster.programs()) as sockets,
    ):
        urls = pg.embedded_urls(sockets, "bench")
        await pg.migrate(urls)
        settings = Settings(database_url=urls.app, secret="test secret, long enough to be taken", port=0)
        for name in names:
            print(f"{name} …", flush=True)
            figures += await BENCHMARKS[name](urls, settings)
    show(figures)


asyncio.run(main(sys.argv[1:] or [name for name in BENCHMARKS if name not in ASKED]))
