"""Writes `sql/schema.sql`, the golden dump that the migrations must produce (tests/sql/test_schema.py)."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from telemed import cluster, pg
from telemed.statements import SQL_DIR
from tests.dump import dump


def main() -> None:
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory,
        cluster.running(Path(directory), cluster.programs(), cluster.FAST) as sockets,
    ):
        urls = pg.embedded_urls(sockets, "golden")
        asyncio.run(pg.migrate(urls))
        (SQL_DIR / "schema.sql").write_text(dump(urls.owner), encoding="utf-8")


if __name__ == "__main__":
    main()
