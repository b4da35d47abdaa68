"""Postgres: a pool, a transaction that carries its caller through the walls, and rows as typed structs.

Statements are called by name, `"scheduling.hold"` (`statements.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

import asyncpg
import msgspec
import structlog

from telemed import clock
from telemed.errors import CONSTRAINTS, BadRequest, NotFound, Unavailable
from telemed.identity.callers import Caller
from telemed.statements import statements

T = TypeVar("T")
log = structlog.get_logger()
PATIENCE = 10.0  # seconds to wait for a connection

_BUILTIN = (datetime, date, time, timedelta, UUID, bytes)


class Tx:
    """One transaction. Constraint violations come out as the refusals they mean."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def one(self, kind: type[T], name: str, /, **params: object) -> T:
        """The one row; NotFound if there is none."""
        row = await self.maybe(kind, name, **params)
        if row is None:
            raise NotFound
        return row

    async def maybe(self, kind: type[T], name: str, /, **params: object) -> T | None:
        rows = await self.many(kind, name, **params)
        return rows[0] if rows else None

    async def many(self, kind: type[T], name: str, /, **params: object) -> list[T]:
        return [to(kind, row) for row in await self._fetch(name, params)]

    async def value(self, name: str, /, **params: object) -> Any:
        """The first column of the first row, or None."""
        rows = await self._fetch(name, params)
        return rows[0][0] if rows else None

    async def run(self, name: str, /, **params: object) -> int:
        """The number of rows affected."""
        sql, arguments = _bound(name, params)
        with _meant():
            status = await self.connection.execute(sql, *arguments)
        return int(status.rsplit(" ", 1)[-1])

    async def run_many(self, name: str, /, rows: list[dict[str, object]]) -> None:
        """The same statement for every row, in one round trip."""
        if rows:
            sql = statements()[name].sql
            with _meant():
                await self.connection.executemany(sql, [_bound(name, row)[1] for row in rows])

    async def _fetch(self, name: str, params: dict[str, object]) -> list[asyncpg.Record]:
        sql, arguments = _bound(name, params)
        with _meant():
            return await self.connection.fetch(sql, *arguments)


def to(kind: type[T], row: asyncpg.Record) -> T:
    """A row as the struct whose fields are its columns."""
    return msgspec.convert(dict(row), kind, builtin_types=_BUILTIN)


def _bound(name: str, params: dict[str, object]) -> tuple[str, list[object]]:
    statement = statements()[name]
    if params.keys() != set(statement.parameters):
        raise TypeError(f"{name} takes {statement.parameters}, was given {tuple(params)}")
    return statement.sql, [params[parameter] for parameter in statement.parameters]


class _meant:
    """Turns a violated constraint into the refusal registered under its name, and what cannot be text into a 400."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, asyncpg.IntegrityConstraintViolationError):
            refusal = CONSTRAINTS.get(error.constraint_name or "")
            if refusal is not None:
                raise refusal from error
        elif isinstance(error, asyncpg.CharacterNotInRepertoireError):  # a null character
            raise BadRequest from error
        elif isinstance(error, asyncpg.AdminShutdownError | asyncpg.CannotConnectNowError):
            raise Unavailable from error


async def _clean(connection: object) -> None:
    """Nothing to reset between two transactions: the caller is set for one alone, and nothing else is ever set.

    asyncpg's own reset is one more round trip for each of them (a fifth of a booking's).
    """


def _begin(caller: Caller, replan: bool) -> str:
    """BEGIN and the caller in one round trip, which only the simple protocol can do, and that takes no parameters.

    A role is one of a few words, `now` an instant and the rest are UUIDs; nothing else can get in here.
    """
    values = {
        "role": caller.role, "person": caller.person, "site": caller.site, "appointment": caller.appointment,
        "entry": caller.entry, "station": caller.station, "pairing": caller.pairing, "now": clock.now().isoformat(),
    }  # fmt: skip
    settings = ", ".join(f"set_config('telemed.{name}', '{value or ''}', true)" for name, value in values.items())
    return f"BEGIN; SELECT {settings}{'' if replan else _PLANNED_ONCE}"


# One plan for good must not depend on how much there is in the tables when it is made: joins stand in the order in
# which they are written, and what has an index is read by it.
_PLANNED_ONCE = (
    ", set_config('plan_cache_mode', 'force_generic_plan', true), set_config('join_collapse_limit', '1', true)"
    ", set_config('enable_seqscan', 'off', true)"
)


class Database:
    """The pool of the app's role, and one more connection that listens."""

    def __init__(self, url: str, pool: asyncpg.Pool, size: int) -> None:
        self._url, self._pool = url, pool
        # The pool gives a connection to whoever asks in the moment it comes back, and sends those who have waited for
        # it to the end of its queue (asyncio.Queue); this one is fair.
        self._turns = asyncio.Semaphore(size)
        self._callbacks: dict[str, list[Callable[[str], None]]] = {}
        self._missed: list[Callable[[], None]] = []
        self._listener: asyncpg.Connection | None = None
        self._closing = False
        self._renewing: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, url: str, size: int = 10) -> Database:
        """Connects. Raises OSError or asyncpg.PostgresError when the server cannot be reached."""
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            command_timeout=30,
            reset=_clean,
            server_settings={"application_name": "telemed", "timezone": "UTC"},
        )
        return cls(url, pool, size)

    async def close(self) -> None:
        self._closing = True
        if self._renewing is not None:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewing
        if self._listener is not None and not self._listener.is_closed():
            await self._listener.close()
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def transaction(self, caller: Caller, *, replan: bool = True) -> AsyncIterator[Tx]:
        """A transaction in which row-level security sees `caller` (sql/migrations/0001_house.sql).

        Without `replan`, a statement has one plan, whatever is asked: for those that find a few rows by their keys. To
        plan `free_starts` anew takes ten times as long as to run it.
        """
        async with self._connection() as connection:
            try:
                await connection.execute(_begin(caller, replan))
                try:
                    yield Tx(connection)
                except BaseException:
                    if not connection.is_closed():
                        await connection.execute("ROLLBACK")
                    raise
                await connection.execute("COMMIT")
            except (asyncpg.ConnectionDoesNotExistError, asyncpg.InterfaceError) as error:
                if not connection.is_closed():
                    raise
                raise Unavailable from error

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """One of the pool's, after all who asked before. Raises Unavailable."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._turns.acquire()
        except TimeoutError as error:
            raise Unavailable from error
        try:
            try:
                connection = await self._pool.acquire(timeout=PATIENCE)
            except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
                raise Unavailable from error
            try:
                yield cast("asyncpg.Connection", connection)
            finally:
                await self._pool.release(connection)
        finally:
            self._turns.release()

    async def ready(self) -> bool:
        """Whether a statement comes back."""
        try:
            return bool(await self._pool.fetchval("SELECT true", timeout=2))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    async def listen(
        self, channel: str, callback: Callable[[str], None], missed: Callable[[], None] | None = None
    ) -> None:
        """Calls `callback(payload)` for every NOTIFY on `channel`, over one connection that renews itself.

        `missed` is called when it has: there may have been some that nobody heard.
        """
        if missed is not None:
            self._missed.append(missed)
        self._callbacks.setdefault(channel, []).append(callback)
        if self._listener is None:
            await self._connect_listener()
        elif len(self._callbacks[channel]) == 1:
            await self._listener.add_listener(channel, self._notified)

    async def _connect_listener(self) -> None:
        self._listener = connection = await asyncpg.connect(
            self._url, server_settings={"application_name": "telemed listener"}
        )
        connection.add_termination_listener(self._lost)
        for channel in self._callbacks:
            await connection.add_listener(channel, self._notified)

    def _notified(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        for callback in self._callbacks.get(channel, ()):
            callback(str(payload))

    def _lost(self, _connection: object) -> None:
        if not self._closing:
            self._renewing = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        while not self._closing:
            await asyncio.sleep(1)
            with suppress(OSError, asyncpg.PostgresError):
                await self._connect_listener()
                log.info("listener_back")
                for missed in self._missed:
                    missed()
                return
