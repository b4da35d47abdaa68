"""The queue and the worker: a job belongs to the transaction that wanted it, and nothing that is queued gets lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from telemed import clock, working
from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.settings import Settings
from telemed.working import Work

PGQUEUER = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The payloads that the job `probe` was run with, in order; there is no other job."""
    payloads: list[str] = []

    async def probe(_work: Work, payload: str) -> None:
        payloads.append(payload)

    monkeypatch.setattr(working, "JOBS", {"probe": probe})
    monkeypatch.setattr(working, "SCHEDULES", {})
    return payloads


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, job_timeout=timedelta(seconds=1))


async def put(db: Database, payload: str, dedupe: str | None = None, **more: object) -> None:
    async with db.transaction(ANONYMOUS) as tx:
        await tx.value(
            "jobs.enqueue", **{"entrypoint": "probe", "payload": payload, "due": None, "dedupe": dedupe} | more
        )


async def until(what: Callable[[], Awaitable[bool] | bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = what()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.02)


async def waiting(owner: asyncpg.Connection) -> list[str]:
    return [row[0] for row in await owner.fetch("SELECT convert_from(payload, 'UTF8') FROM pgqueuer ORDER BY id")]


async def test_the_migration_is_what_the_package_would_make(owner: asyncpg.Connection) -> None:
    """An update of PgQueuer that wants another schema fails here, not in the night after."""
    from pgqueuer.adapters.persistence.schema_ddl import render_install
    from pgqueuer.domain.settings import DBSettings

    await owner.execute("CREATE SCHEMA theirs")
    try:
        await owner.execute(render_install(DBSettings(db_schema="theirs"), create_schema=False))
        for table in PGQUEUER:
            ours, wanted = [
                await owner.fetch(
                    "SELECT column_name, udt_name, is_nullable,"
                    " replace(column_default, 'theirs.', '') FROM information_schema.columns"
                    " WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position",
                    schema, table,
                )
                for schema in ("public", "theirs")
            ]  # fmt: skip
            assert ours == wanted, table
            indexes = [
                {
                    row[0].replace("theirs.", "").replace("public.", "")
                    for row in await owner.fetch(
                        "SELECT indexdef FROM pg_indexes WHERE schemaname = $1 AND tablename = $2", schema, table
                    )
                }
                for schema in ("public", "theirs")
            ]
            assert indexes[1] <= indexes[0], table
    finally:
        await owner.execute("DROP SCHEMA theirs CASCADE")


async def test_a_job_comes_with_its_transaction_or_not_at_all(db: Database, settings: Settings, ran: list[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction(ANONYMOUS) as tx:
            await tx.value("jobs.enqueue", entrypoint="probe", payload="rolled back", due=None, dedupe=None)
            _ = 1 / 0
    async with working.beside(settings):
        await put(db, "meant")
        await until(lambda: ran == ["meant"])


async def test_a_job_waits_until_it_is_due(db: Database, settings: Settings, ran: list[str]) -> None:
    async with working.beside(settings):
        await put(db, "later", due=clock.now() + timedelta(seconds=1))
        await put(db, "now")
        await until(lambda: ran == ["now"])
        await until(lambda: ran == ["now", "later"], 4)


async def test_the_same_wish_waits_once(db: Database, owner: asyncpg.Connection) -> None:
    await put(db, "tomorrow", "key", due=clock.now() + timedelta(days=1))
    await put(db, "now", "key")  # the one that waits is due too late to stand in for it
    await put(db, "now again", "key")
    await put(db, "tomorrow again", "key", due=clock.now() + timedelta(days=1))
    await put(db, "another", "other key")
    await put(db, "without")
    await put(db, "without")
    assert await waiting(owner) == ["tomorrow", "now", "another", "without", "without"]


async def test_a_wish_is_not_swallowed_by_the_job_that_runs(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has read the world before it changed does not count; nor does one that begins before the change is seen."""
    began, go_on, ran = asyncio.Event(), asyncio.Event(), list[str]()

    async def probe(_work: Work, payload: str) -> None:
        ran.append(payload)
        began.set()
        await go_on.wait()

    monkeypatch.setattr(working, "JOBS", {"probe": probe})
    monkeypatch.setattr(working, "SCHEDULES", {})
    await put(db, "first", "key")
    async with db.transaction(ANONYMOUS) as tx:
        await tx.value("jobs.enqueue", entrypoint="probe", payload="relies on it", due=None, dedupe="key")
        async with working.beside(settings):
            await asyncio.sleep(0.4)
            assert ran == []  # it waits for the transaction that relies on it
            await tx.connection.execute("COMMIT; BEGIN")
            await asyncio.wait_for(began.wait(), 5)
            await put(db, "second", "key")
            go_on.set()
            await until(lambda: ran == ["first", "second"])


async def test_two_workers_share_the_jobs(db: Database, settings: Settings, ran: list[str]) -> None:
    payloads = [str(n) for n in range(40)]
    async with working.beside(settings), working.beside(settings):
        for payload in payloads:
            await put(db, payload)
        await until(lambda: len(ran) >= 40)
        await asyncio.sleep(0.2)
    assert sorted(ran) == sorted(payloads)


async def test_a_broken_job_comes_again_and_says_nothing_of_what_was_in_it(
    db: Database, owner: asyncpg.Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = list[str]()

    async def probe(_work: Work, payload: str) -> None:
        tries.append(payload)
        if len(tries) == 1:
            raise ValueError("Alice Ährenfeld")

    monkeypatch.setattr(working, "JOBS", {"probe": probe})
    monkeypatch.setattr(working, "SCHEDULES", {})
    monkeypatch.setattr(working, "_AGAIN", [timedelta(0)])
    async with working.beside(settings):
        await put(db, "x")
        await until(lambda: tries == ["x", "x"])
    assert await waiting(owner) == []
    assert "Alice" not in str(await owner.fetch("SELECT * FROM pgqueuer_log"))


async def test_stopping_lets_the_job_under_way_finish_or_come_again(
    db: Database, owner: asyncpg.Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = asyncio.Event()
    done = list[str]()

    async def probe(_work: Work, payload: str) -> None:
        began.set()
        await asyncio.sleep(0.3 if payload == "short" else 60)
        done.append(payload)

    monkeypatch.setattr(working, "JOBS", {"probe": probe})
    monkeypatch.setattr(working, "SCHEDULES", {})
    monkeypatch.setattr(working, "GRACE", 1.0)
    for payload in ("short", "long"):
        began.clear()
        await put(db, payload)
        async with working.beside(settings):
            await began.wait()
    assert done == ["short"]
    assert await waiting(owner) == ["long"]
    assert await owner.fetchval("SELECT status FROM pgqueuer") == "queued"


async def test_upkeep_runs_when_a_worker_starts_and_a_worker_is_seen(
    cast: Database, settings: Settings, owner: asyncpg.Connection
) -> None:
    async def worked() -> bool:
        async with cast.transaction(SYSTEM) as tx:
            return bool(await tx.value("jobs.worked"))

    assert not await worked()
    await owner.execute("INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, created)"
                        " VALUES (1, 'successful', 0, 'old', now() - interval '8 days')")  # fmt: skip
    async with working.beside(settings):
        await until(worked)
        await until(lambda: _none(owner, "SELECT EXISTS (SELECT FROM pgqueuer_log WHERE entrypoint = 'old')"))
        scheduled = {row[0] for row in await owner.fetch("SELECT entrypoint FROM pgqueuer_schedules")}
        assert scheduled == set(working.SCHEDULES)
    assert not await worked()


async def _none(owner: asyncpg.Connection, question: str) -> bool:
    return not await owner.fetchval(question)


async def test_a_worker_waits_for_a_database_that_went_away(
    db: Database, settings: Settings, owner: asyncpg.Connection, ran: list[str]
) -> None:
    async with working.beside(settings):
        await put(db, "before")
        await until(lambda: ran == ["before"])
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE 'telemed%' AND datname = current_database()"
        )
        await asyncio.sleep(0.5)
        await put(db, "after")
        # Longer than `job_timeout`: the queue that is just dying may still have picked it up.
        await until(lambda: "after" in ran, 60)
    # The first may have been done and not yet been said to be: at least once, never not at all.
    assert set(ran) == {"before", "after"} and ran.count("after") == 1


async def test_a_worker_that_could_not_say_it_is_there_says_so_later(
    cast: Database, settings: Settings, owner: asyncpg.Connection, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the database answers meanwhile: else it would work on and be missed for good."""
    monkeypatch.setattr(working, "SEEN_EVERY", 0.05)
    await owner.execute("ALTER TABLE worker RENAME TO locked")
    async with working.beside(settings):
        await put(cast, "x")
        await until(lambda: ran == ["x"])
        await asyncio.sleep(0.2)
        await owner.execute("ALTER TABLE locked RENAME TO worker")
        await until(lambda: _none(owner, "SELECT NOT EXISTS (SELECT FROM worker)"))
