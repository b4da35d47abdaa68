"""Real Postgres for every test: one server a run, one database cloned from a migrated template, emptied between tests.

TELEMED_TEST_POSTGRES=debian runs the same tests on Debian's PostgreSQL 15.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from telemed import app, pg
from telemed.db import Database
from telemed.identity.tokens import Keys
from telemed.settings import Settings
from tests import people, servers

SECRET = "test secret, long enough to be taken"


@pytest.fixture
def early() -> Iterator[None]:
    """Six in the morning, whatever the hour: `@pytest.mark.usefixtures("early")`."""
    with people.early():
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[pg.Urls]:
    """The urls of a migrated, empty template database."""
    with ExitStack() as stack:
        directory = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="telemed-", ignore_cleanup_errors=True))
        )
        socket = stack.enter_context(servers.postgres(directory, os.environ.get("TELEMED_TEST_POSTGRES", "embedded")))
        urls = pg.embedded_urls(socket, "template_telemed")
        asyncio.run(pg.migrate(urls))
        yield urls


@pytest.fixture(scope="session")
async def urls(postgres: pg.Urls) -> pg.Urls:
    """The urls of this run's database, a clone of the template."""
    cloned = pg.Urls(*(url.replace("template_telemed", "telemed") for url in postgres))
    await clone(postgres.owner, "telemed")
    return cloned


async def clone(template_owner_url: str, name: str) -> None:
    """A database of that name, copied from the template."""
    connection = await asyncpg.connect(template_owner_url.replace("template_telemed", "postgres"))
    await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template_telemed')
    await connection.close()


@pytest.fixture(scope="session")
async def owner(urls: pg.Urls) -> AsyncIterator[asyncpg.Connection]:
    """A connection that passes every wall, for arranging and looking."""
    connection = await asyncpg.connect(urls.owner)
    yield connection
    await connection.close()


@pytest.fixture
async def empty(owner: asyncpg.Connection) -> None:
    """No rows in any table but the migrations. `delete` is a hundred times faster than `truncate` on few rows."""
    tables = await owner.fetch(
        "SELECT format('%I', relname) AS name FROM pg_class WHERE relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace AND relname <> 'schema_migrations'"
    )
    await owner.execute(
        "SET session_replication_role = replica;"
        + "".join(f"DELETE FROM {t['name']};" for t in tables)
        + "SET session_replication_role = origin"
    )


@pytest.fixture
async def db(urls: pg.Urls, empty: None) -> AsyncIterator[Database]:
    """An empty database, as the app's role."""
    database = await Database.open(urls.app)
    yield database
    await database.close()


@pytest.fixture
async def cast(db: Database) -> Database:
    """The database with the cast of `people.py` in it."""
    await people.arrive(db)
    return db


@pytest.fixture
def settings(urls: pg.Urls) -> Settings:
    return Settings(database_url=urls.app, owner_database_url=urls.owner, secret=SECRET, port=0)


@pytest.fixture
async def client(cast: Database, settings: Settings) -> AsyncIterator[TestClient]:
    """A client of the whole application, with the cast in its database."""
    async with TestClient(TestServer(app.build(settings))) as running:
        yield running


@pytest.fixture
async def keys(cast: Database) -> Keys:
    """The keys that the application of `client` verifies with."""
    return await Keys.load(cast, SECRET)
