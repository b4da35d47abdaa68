"""Two ways to the same bookings for a crowd: straight into the functions, or over HTTP as everybody else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, Self, TypeVar
from uuid import UUID

import msgspec

from telemed.db import Database
from telemed.errors import Refusal
from telemed.identity.callers import Caller
from telemed.scheduling import bookings, changes, holds
from telemed.scheduling.once import once
from telemed.scheduling.types import Appointment, Booking, BookingWish, Hold, Wish
from tests.booking import CODES, guest
from tests.lean import Client

T = TypeVar("T")
Tokens = Callable[[Caller], str]


class Refused(Exception):
    """No, with its code; and what is free instead."""

    def __init__(self, code: str, alternatives: tuple[datetime, ...] = ()) -> None:
        super().__init__(code)
        self.code, self.alternatives = code, alternatives


class Lost(Exception):
    """No answer: it may have happened or not."""


class Way(Protocol):
    """All raise Refused, and Lost where that can be."""

    async def hold(self, caller: Caller, wish: Wish, key: str) -> Hold: ...
    async def book(self, caller: Caller, wish: BookingWish, key: str) -> Booking: ...
    async def release(self, held: Hold) -> None: ...
    async def move(self, it: Appointment, start: datetime) -> Appointment: ...
    async def cancel(self, it: Appointment) -> Appointment: ...


class Inside:
    """In this process."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def hold(self, caller: Caller, wish: Wish, key: str) -> Hold:
        with _told():
            return await holds.hold(self._db, CODES, caller, wish, once(key, caller, "hold.make", wish))

    async def book(self, caller: Caller, wish: BookingWish, key: str) -> Booking:
        with _told():
            return await bookings.book(self._db, CODES, caller, wish, once(key, caller, "appointment.book", wish))

    async def release(self, held: Hold) -> None:
        with _told():
            await holds.release(self._db, CODES, guest(held.id), held.id, held.secret)

    async def move(self, it: Appointment, start: datetime) -> Appointment:
        with _told():
            return await changes.move(self._db, guest(it.id), it.id, start)

    async def cancel(self, it: Appointment) -> Appointment:
        with _told():
            return await changes.cancel(self._db, guest(it.id), it.id)


class OverHttp:
    """To any of the servers at `ports`; staff by the bearer tokens that `tokens` gives, patients by their bookings'."""

    def __init__(self, ports: list[int], tokens: Tokens | None = None) -> None:
        self._ports, self._tokens = ports, tokens
        self._idle: dict[int, list[Client]] = {port: [] for port in ports}
        self._bearers: dict[UUID, str] = {}
        self._asked = 0

    async def hold(self, caller: Caller, wish: Wish, key: str) -> Hold:
        return await self._ask(Hold, "POST", "holds", wish, {"Idempotency-Key": key, **self._bearer(caller)})

    async def book(self, caller: Caller, wish: BookingWish, key: str) -> Booking:
        bearer = self._bearer(caller)
        it = await self._ask(Booking, "POST", "appointments", wish, {"Idempotency-Key": key, **bearer})
        if it.session is not None:
            bearer = {"Authorization": f"Bearer {it.session.access_token}"}
        self._bearers[it.id] = bearer["Authorization"]
        return it

    async def release(self, held: Hold) -> None:
        await self._ask(None, "DELETE", f"holds/{held.id}", None, {"Hold-Secret": held.secret})

    async def move(self, it: Appointment, start: datetime) -> Appointment:
        return await self._ask(Appointment, "PATCH", f"appointments/{it.id}", {"start": start}, self._of(it))

    async def cancel(self, it: Appointment) -> Appointment:
        return await self._ask(Appointment, "DELETE", f"appointments/{it.id}", None, self._of(it))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_raised: object) -> None:
        for clients in self._idle.values():
            for client in clients:
                client.close()
        await asyncio.sleep(0.01)

    def _of(self, it: Appointment) -> dict[str, str]:
        return {"Authorization": self._bearers[it.id]}

    def _bearer(self, caller: Caller) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens(caller)}"} if self._tokens and caller.person else {}

    async def _ask(self, kind: Any, method: str, path: str, body: object, headers: dict[str, str]) -> Any:
        self._asked += 1
        address = f"10.{self._asked >> 16 & 255}.{self._asked >> 8 & 255}.{self._asked & 255}"  # nobody is a flood
        port = random.choice(self._ports)
        client = self._idle[port].pop() if self._idle[port] else Client(port)
        try:
            told = await client.ask(method, f"/api/v1/{path}", body, {"X-Forwarded-For": address, **headers})
        except (OSError, EOFError) as error:
            raise Lost from error
        self._idle[port].append(client)
        if told.status >= 500:
            assert told.status == 503, told
            raise Lost
        if told.status >= 400:
            why = msgspec.json.decode(told.body)
            raise Refused(why["code"], tuple(datetime.fromisoformat(start) for start in why.get("alternatives", ())))
        return msgspec.json.decode(told.body, type=kind) if kind is not None else None


class _told:
    """Turns a refusal of the functions into what a client over HTTP would be told."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refusal):
            offered = error.data.get("alternatives", ())
            assert isinstance(offered, (list, tuple))
            raise Refused(error.code, tuple(offered)) from error
