"""Something that must be found nowhere: the guises it could take, and the places to look for it."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import asyncpg

from telemed import cluster, pg
from telemed.settings import Settings
from tests.conftest import SECRET, clone
from tests.processes import Server


def canary(label: str) -> str:
    """A text that occurs nowhere else."""
    return f"canary-{label}-{secrets.token_hex(12)}"


def guises(secret: str | bytes) -> set[bytes]:
    """The secret as it could stand in a frame, a log, a dump or a packet: plain, escaped, in hex, in base64."""
    plain = secret.encode() if isinstance(secret, str) else secret
    found = {plain, plain.hex().encode(), plain.hex().upper().encode()}
    for shift in range(3):  # where in base64's groups of three it begins cannot be known
        packed = b64encode(b"\0" * shift + plain)
        inner = packed[4 if shift else 0 : -4]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    if isinstance(secret, str):
        escaped = json.dumps(secret).strip('"')
        found |= {
            escaped.encode(), escaped.replace("\\", "\\\\").encode(), repr(secret).strip("'").encode(),
            quote(secret, safe="").encode(), quote_plus(secret).encode(), secret.encode("utf-16-le"),
            secret.encode("latin-1", "replace"), secret.casefold().encode(),
        }  # fmt: skip
    return {guise for guise in found if len(guise) >= min(6, len(plain))}


def traces(secrets_: Iterable[str | bytes], place: bytes) -> list[str | bytes]:
    """Those of the secrets that can be found there, in whatever guise."""
    return [secret for secret in secrets_ if any(guise in place for guise in guises(secret))]


def everything(owner_url: str) -> bytes:
    """The whole contents of a database, past every wall."""
    command = [str(cluster.programs() / "pg_dump"), "--data-only", "--inserts", "--large-objects", owner_url]
    return subprocess.run(command, check=True, capture_output=True).stdout


def files(*directories: Path) -> dict[Path, bytes]:
    """Every file and what is in it."""
    return {file: file.read_bytes() for place in directories for file in sorted(place.rglob("*")) if file.is_file()}


async def tables(connection: asyncpg.Connection) -> dict[str, list[dict[str, Any]]]:
    """Every table and its rows."""
    names = await connection.fetch(
        "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {
        row["name"]: [
            json.loads(found["row"])
            for found in await connection.fetch(f'SELECT to_jsonb(t)::text AS row FROM "{row["name"]}" t ORDER BY 1')
        ]
        for row in names
    }


class WatchedServer(Server):
    """A server in an empty directory of its own that writes everything it says, and whatever else, in there."""

    def __init__(self, settings: Settings, home: Path, **environment: str) -> None:
        self.home, self.log = home, home / "log"
        home.mkdir()
        places = {"HOME": str(home), "TMPDIR": str(home), "TELEMED_DATA_DIR": str(home / "var")}
        super().__init__(settings, TELEMED_LOG_LEVEL="debug", PYTHONDONTWRITEBYTECODE="1", **places, **environment)

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "telemed", "serve", env=self._environment, cwd=self.home, stdout=log, stderr=log
            )
        async with asyncio.timeout(20):
            while b"Serving on" not in self.log.read_bytes():
                assert self._process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)


@asynccontextmanager
async def watched(
    template: pg.Urls, home: Path, name: str, **environment: str
) -> AsyncIterator[tuple[WatchedServer, pg.Urls]]:
    """A watched server with a database of its own, gone afterwards."""
    urls = pg.Urls(*(url.replace("template_telemed", name) for url in template))
    await clone(template.owner, name)
    settings = Settings(database_url=urls.app, secret=SECRET, port=0)
    server = WatchedServer(settings, home, **environment)
    await server.start()
    try:
        yield server, urls
    finally:
        await server.stop()
        connection = await asyncpg.connect(template.owner.replace("template_telemed", "postgres"))
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await connection.close()
