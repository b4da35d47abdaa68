"""Real servers for the tests, each a context manager on loopback or a socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from telemed import cluster

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


@contextmanager
def postgres(directory: Path, kind: str) -> Iterator[str]:
    """A Postgres of `kind` embedded or debian, with a superuser `postgres`; yields its socket's directory."""
    with cluster.running(directory, DEBIAN_15 if kind == "debian" else cluster.programs(), cluster.FAST) as sockets:
        yield sockets
