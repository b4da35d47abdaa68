"""Offers by real workers: two at once, and one that dies in the middle."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from telemed import working
from telemed.db import Database
from telemed.errors import Unavailable
from telemed.pg import Urls
from telemed.scheduling import changes
from telemed.scheduling.waitlist import offers
from telemed.settings import Settings
from tests import people
from tests.booking import book, guest
from tests.people import DR_BOB
from tests.sql.test_jobs import until
from tests.waiting import WAYS, decline, fill, join, let_run_out, look

NINE = people.tomorrow(9)


@pytest.fixture
async def full(cast: Database) -> Database:
    await people.open_hours(cast, DR_BOB, NINE, 0.25)
    return cast


async def test_two_workers_hand_a_time_on_until_somebody_takes_it(
    full: Database, settings: Settings, owner: asyncpg.Connection
) -> None:
    settings = msgspec.structs.replace(settings, smtp_url="smtp://localhost:9", mail_from="termine@example.org",
                                       job_timeout=timedelta(seconds=2))  # fmt: skip
    alices = await book(full, NINE)
    first, second, third = [await join(full, name) for name in ("Berta", "Cora", "Dora")]
    async with working.beside(settings), working.beside(settings):
        await changes.cancel(full, guest(alices.id), alices.id)

        async def offered(entry: object, status: str = "open") -> bool:
            return (await look(full, entry)).offer_status == status  # type: ignore[arg-type]

        await until(lambda: offered(first))
        await decline(full, first)
        await until(lambda: offered(second))
        await let_run_out(owner, second)
        await owner.execute("SELECT enqueue('offer', $1, now())", str(DR_BOB))  # as the job does that is due by then
        await until(lambda: offered(third))
        await until(lambda: offered(second, "expired"))
    assert await owner.fetchval("SELECT count(*) FROM offer") == 3
    assert await owner.fetchval("SELECT count(*) FROM appointment WHERE status = 'held'") == 1


async def test_a_job_is_due_when_an_offer_is_over(full: Database, owner: asyncpg.Connection) -> None:
    entry = await join(full, "Berta")
    await fill(full)
    due = await owner.fetchval(
        "SELECT max(execute_after) FROM pgqueuer WHERE entrypoint = 'offer' AND payload = $1", str(DR_BOB).encode()
    )
    assert due == (await look(full, entry)).offer_expires + timedelta(seconds=1)  # type: ignore[operator]


async def test_a_worker_that_dies_between_hold_and_notice_leaves_nothing_half(
    full: Database, urls: Urls, owner: asyncpg.Connection
) -> None:
    entry = await join(full, "Berta")
    dying = await Database.open(urls.app, size=1)
    pid = await dying._pool.fetchval("SELECT pg_backend_pid()")
    async with owner.transaction():
        await owner.execute("LOCK TABLE notice IN SHARE MODE")  # it gets as far as writing the notice, no farther
        stuck = asyncio.create_task(offers.fill(dying, DR_BOB, WAYS))
        await until(lambda: _waits(owner, pid))
        await owner.execute("SELECT pg_terminate_backend($1)", pid)
        with pytest.raises((Unavailable, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await stuck
    await dying.close()
    for table in ("offer", "notice", "appointment"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert await fill(full) == 1
    assert (await look(full, entry)).offer_status == "open"
    assert await owner.fetchval("SELECT count(*) FROM notice WHERE kind = 'offer'") == 1


async def _waits(owner: asyncpg.Connection, pid: int) -> bool:
    return bool(await owner.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", pid))
