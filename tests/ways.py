"""Two ways to the same bookings for a crowd: straight into the functions, or over HTTP as everybody else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, Protocol, Self, TypeVar
from uuid import UUID

import msgspec

from telemed.db import Database
from telemed.errors import Refusal
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.once import once
from telemed.scheduling import bookings, changes, holds
from telemed.scheduling.types import Appointment, Booking, BookingWish, Hold, Wish
from telemed.scheduling.waitlist import offers, waitlist
from telemed.scheduling.waitlist.types import Answered, Earlier, Entry, Joined, Joining
from tests.booking import CODES, guest
from tests.lean import Client
from tests.waiting import WAYS

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
    async def read(self, appointment: UUID) -> Appointment: ...
    async def join(self, wish: Joining, key: str) -> Joined: ...
    async def join_earlier(self, it: Appointment, wish: Earlier, key: str) -> Joined: ...
    async def look(self, entry: UUID) -> Entry: ...
    async def answer(self, entry: UUID, offer: UUID, status: Literal["accepted", "declined"]) -> Answered: ...
    async def withdraw(self, entry: UUID) -> Entry: ...


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

    async def read(self, appointment: UUID) -> Appointment:
        with _told():
            return await changes.read(self._db, guest(appointment), appointment)

    async def join(self, wish: Joining, key: str) -> Joined:
        asked = once(key, ANONYMOUS, "waitlist.join", wish)
        with _told():
            return await waitlist.join(self._db, CODES, ANONYMOUS, WAYS, wish, asked)

    async def join_earlier(self, it: Appointment, wish: Earlier, key: str) -> Joined:
        caller = guest(it.id)
        asked = once(key, caller, "appointment.move", wish)
        with _told():
            return await waitlist.join_earlier(self._db, CODES, caller, WAYS, it.id, wish, asked)

    async def look(self, entry: UUID) -> Entry:
        with _told():
            return await waitlist.read(self._db, Caller("guest", entry=entry), entry)

    async def answer(self, entry: UUID, offer: UUID, status: Literal["accepted", "declined"]) -> Answered:
        caller = Caller("guest", entry=entry)
        with _told():
            if status == "declined":
                return await offers.decline(self._db, caller, entry, offer)
            return await offers.accept(self._db, CODES, caller, entry, offer)

    async def withdraw(self, entry: UUID) -> Entry:
        with _told():
            return await waitlist.withdraw(self._db, Caller("guest", entry=entry), entry)


class OverHttp:
    """To any of the servers at `ports`; staff by the bearer tokens that `tokens` gives, patients by their bookings'."""

    def __init__(self, ports: list[int], tokens: Tokens | None = None) -> None:
        self._ports, self._tokens = ports, tokens
        self._idle: dict[int, list[Client]] = {port: [] for port in ports}
        self._bearers: dict[UUID, dict[str, str]] = {}  # of appointments and of places on the waiting list
        self._asked = 0

    async def hold(self, caller: Caller, wish: Wish, key: str) -> Hold:
        return await self._ask(Hold, "POST", "holds", wish, {"Idempotency-Key": key, **self._bearer(caller)})

    async def book(self, caller: Caller, wish: BookingWish, key: str) -> Booking:
        bearer = self._bearer(caller)
        it = await self._ask(Booking, "POST", "appointments", wish, {"Idempotency-Key": key, **bearer})
        if it.session is not None:
            bearer = {"Authorization": f"Bearer {it.session.access_token}"}
        self._bearers[it.id] = bearer
        return it

    async def release(self, held: Hold) -> None:
        await self._ask(None, "DELETE", f"holds/{held.id}", None, {"Hold-Secret": held.secret})

    async def move(self, it: Appointment, start: datetime) -> Appointment:
        return await self._ask(Appointment, "PATCH", f"appointments/{it.id}", {"start": start}, self._bearers[it.id])

    async def cancel(self, it: Appointment) -> Appointment:
        return await self._ask(Appointment, "DELETE", f"appointments/{it.id}", None, self._bearers[it.id])

    async def read(self, appointment: UUID) -> Appointment:
        bearer = self._bearers[appointment]
        return await self._ask(Appointment, "GET", f"appointments/{appointment}", None, bearer)

    async def join(self, wish: Joining, key: str) -> Joined:
        return self._opened(await self._ask(Joined, "POST", "waitlist", wish, {"Idempotency-Key": key}), {})

    async def join_earlier(self, it: Appointment, wish: Earlier, key: str) -> Joined:
        bearer = self._bearers[it.id]
        path, headers = f"appointments/{it.id}/waitlist", {"Idempotency-Key": key, **bearer}
        return self._opened(await self._ask(Joined, "POST", path, wish, headers), bearer)

    async def look(self, entry: UUID) -> Entry:
        return await self._ask(Entry, "GET", f"waitlist/{entry}", None, self._bearers[entry])

    async def answer(self, entry: UUID, offer: UUID, status: Literal["accepted", "declined"]) -> Answered:
        path, bearer = f"waitlist/{entry}/offers/{offer}", self._bearers[entry]
        told = await self._ask(Answered, "PATCH", path, {"status": status}, bearer)
        if told.session is not None and told.appointment is not None:
            self._bearers[told.appointment] = {"Authorization": f"Bearer {told.session.access_token}"}
        return told

    async def withdraw(self, entry: UUID) -> Entry:
        return await self._ask(Entry, "DELETE", f"waitlist/{entry}", None, self._bearers[entry])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_raised: object) -> None:
        for clients in self._idle.values():
            for client in clients:
                client.close()
        await asyncio.sleep(0.01)

    def _opened(self, made: Joined, bearer: dict[str, str]) -> Joined:
        if made.session is not None:
            bearer = {"Authorization": f"Bearer {made.session.access_token}"}
        self._bearers[made.id] = bearer
        return made

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
