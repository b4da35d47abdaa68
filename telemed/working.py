"""The worker: jobs that a transaction has put in the queue (`enqueue` in SQL), and those that are due by the clock.

A job is run at least once. A worker that dies in the middle loses nothing: after `job_timeout` without a sign of life
another one takes the job up, so a job must bear being run twice. As many workers as wanted may run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
import structlog
from pgqueuer import PgQueuer
from pgqueuer.errors import FailingListenerError, RetryRequested
from pgqueuer.models import Job as Queued
from pgqueuer.models import Schedule

from telemed import clock
from telemed.audit import retention, trail
from telemed.consultation import relays
from telemed.db import Database
from telemed.directory import bounds
from telemed.errors import Unavailable
from telemed.identity.callers import SYSTEM
from telemed.identity.tokens import Keys
from telemed.ids import new_id
from telemed.notices import outbox
from telemed.precheck import tickets
from telemed.scheduling.codes import Codes
from telemed.scheduling.feeds import busy
from telemed.scheduling.hours import openings
from telemed.scheduling.waitlist import offers, waitlist
from telemed.settings import Settings

log = structlog.get_logger()

SEEN_EVERY: Final = 20.0  # seconds; `jobs.worked` asks for two minutes
GRACE: Final = 30.0  # seconds that jobs under way are given at the end; none waits longer for anybody
# After a job broke: soon, then ever later. A day later it is kept as failed, for a person to look at.
_AGAIN: Final = [timedelta(seconds=s) for s in (5, 30, 120, 600)] + [timedelta(hours=1)] * 24
_AWAY: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable)  # a database that may come back


class Work(msgspec.Struct, frozen=True):
    """What a job is given beside its payload."""

    db: Database
    settings: Settings
    codes: Codes


Job = Callable[[Work, str], Awaitable[None]]


class JobFailed(Exception):
    """A job that broke a day long; what broke is in the log."""


async def _upkeep(work: Work, _payload: str) -> None:
    """What time itself makes necessary: a younger key, openings for the day that has come into reach, lost notices."""
    await Keys(work.settings.secret).rotate(work.db)
    await openings.rebuild_all(work.db)
    async with work.db.transaction(SYSTEM) as tx:
        await tx.value("notices.sweep")


async def _purge(work: Work, _payload: str) -> None:
    """What has reached its end goes."""
    await retention.purge(work.db, work.settings)


async def _seal(work: Work, _payload: str) -> None:
    """The trail of who did what, so far."""
    await trail.seal(work.db, work.settings.secret)


async def _openings(work: Work, practitioner: str) -> None:
    """One practitioner's openings, after something beyond their practice has changed them."""
    async with work.db.transaction(SYSTEM) as tx:
        await openings.rebuild(tx, UUID(practitioner), clock.now().date())


async def _offer(work: Work, practitioner: str) -> None:
    """Something of a doctor's time is free, or an offer of it is over."""
    await offers.fill(work.db, UUID(practitioner), waitlist.ways(work.settings))


async def _offers(work: Work, _payload: str) -> None:
    await offers.fill_all(work.db, waitlist.ways(work.settings))


async def _notice(work: Work, payload: str) -> None:
    await outbox.deliver(work.db, work.settings, work.codes, UUID(payload))


async def _busy(work: Work, payload: str) -> None:
    """One practitioner's own calendar."""
    await busy.refresh(work.db, UUID(payload))


async def _calendars(work: Work, _payload: str) -> None:
    await busy.schedule(work.db)


async def _bounds(work: Work, _payload: str) -> None:
    """What the search orders doctors by, brought up to the minute."""
    await bounds.tighten(work.db)


async def _relays(work: Work, _payload: str) -> None:
    """A check needs a relay for two minutes; who keeps one for longer needs it for something else."""
    await relays.close(work.settings, tickets.OWNER, expired=True)


JOBS: dict[str, Job] = {
    "bounds": _bounds,
    "upkeep": _upkeep,
    "notice": _notice,
    "offer": _offer,
    "offers": _offers,
    "openings": _openings,
    "busy": _busy,
    "calendars": _calendars,
    "purge": _purge,
    "relays": _relays,
    "seal": _seal,
}
# What is put in the queue by the clock (cron, UTC), with an empty payload; also whenever a worker starts.
SCHEDULES: dict[str, str] = {
    "bounds": "* * * * *",
    "calendars": "*/15 * * * *",
    "offers": "*/3 * * * *",
    "purge": "23 2,14 * * *",
    "relays": "* * * * *",
    "seal": "*/5 * * * *",
    "upkeep": "7 * * * *",
}


@asynccontextmanager
async def beside(settings: Settings) -> AsyncIterator[None]:
    """A worker in this process for as long as the context lasts."""
    stop = asyncio.Event()
    task = asyncio.create_task(working(settings, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def working(settings: Settings, stop: asyncio.Event) -> None:
    """Works until `stop` is set and the jobs under way are done; waits for a database that is away."""
    while not stop.is_set():
        try:
            await _at_work(settings, stop)
        except (*_AWAY, FailingListenerError) as error:
            log.warning("worker_waits", error=type(error).__name__)
        except Exception:
            log.exception("worker_broken")
        else:
            continue
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 2)


async def seen(url: str) -> bool:
    """Whether any worker has been seen in the last two minutes."""
    db = await Database.open(url, size=1)
    try:
        async with db.transaction(SYSTEM) as tx:
            return bool(await tx.value("jobs.worked"))
    finally:
        await db.close()


async def _at_work(settings: Settings, stop: asyncio.Event) -> None:
    db = await Database.open(settings.database_url, size=8)
    try:
        # PgQueuer keeps one of these connections to listen on, and runs bare statements without a caller on the others.
        async with asyncpg.create_pool(
            settings.database_url, min_size=1, max_size=4, command_timeout=30,
            server_settings={"application_name": "telemed worker", "timezone": "UTC"},
        ) as pool:  # fmt: skip
            await _until(stop, _queue(pool, Work(db, settings, Codes(settings.secret))), db, settings)
    finally:
        await db.close()


def _queue(pool: asyncpg.Pool, work: Work) -> PgQueuer:
    queue = PgQueuer.from_asyncpg_pool(pool)
    for name, job in JOBS.items():
        # `hold`: what failed for good stays in the table, marked, and is not thrown away.
        queue.entrypoint(name, on_failure="hold")(_kept(name, job, work))
    for name, cron in SCHEDULES.items():
        queue.schedule(name, cron, clean_old=True)(_due(name, work.db))
    return queue


def _kept(name: str, job: Job, work: Work) -> Callable[[Queued], Awaitable[None]]:
    """The job as PgQueuer runs it: whatever goes wrong puts it back in the queue, without a word of what was in it."""

    async def run(queued: Queued) -> None:
        try:
            await job(work, (queued.payload or b"").decode())
        except asyncio.CancelledError:
            # PgQueuer throws away a job that is cancelled with its worker.
            raise RetryRequested(timedelta(seconds=1), "cancelled") from None
        except Exception as error:
            if isinstance(error, Unavailable):
                log.warning("job_later", job=name, id=queued.id)
            else:
                log.exception("job_broken", job=name, id=queued.id, attempt=queued.attempts)
            if queued.attempts >= len(_AGAIN):
                raise JobFailed(name) from None
            raise RetryRequested(_AGAIN[queued.attempts], type(error).__name__) from None

    return run


def _due(name: str, db: Database) -> Callable[[Schedule], Awaitable[None]]:
    async def run(_schedule: Schedule) -> None:
        await _put(db, name)

    return run


async def _put(db: Database, name: str) -> None:
    async with db.transaction(SYSTEM) as tx:
        await tx.value("jobs.enqueue", entrypoint=name, payload="", due=None, dedupe=name)


async def _until(stop: asyncio.Event, queue: PgQueuer, db: Database, settings: Settings) -> None:
    for name in SCHEDULES:
        await _put(db, name)
    running = asyncio.create_task(
        queue.run(
            dequeue_timeout=settings.job_timeout / 2,  # also how often a dead worker's jobs are looked for
            heartbeat_timeout=settings.job_timeout,
            shutdown_on_listener_failure=True,
            log_aggregation_interval=timedelta(0),
        )
    )
    stopped = asyncio.create_task(stop.wait())
    me = new_id()
    seen = asyncio.create_task(_be_seen(db, me))
    try:
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        queue.shutdown.set()
        await asyncio.wait({running}, timeout=GRACE)
    finally:
        for task in (running, stopped, seen):
            task.cancel()
        await asyncio.wait({running, stopped, seen})
    async with db.transaction(SYSTEM) as tx:
        await tx.run("jobs.gone", id=me)
    if not running.cancelled() and (error := running.exception()):
        raise error


async def _be_seen(db: Database, me: UUID) -> None:
    while True:
        with suppress(*_AWAY):
            async with db.transaction(SYSTEM) as tx:
                await tx.run("jobs.seen", id=me)
        await asyncio.sleep(SEEN_EVERY)
