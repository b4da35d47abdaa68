"""A crowd that also waits: joins the list, accepts, declines, gives up, says nothing, while workers hand out offers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.scheduling.types import Appointment, Patient
from telemed.scheduling.waitlist import offers
from telemed.scheduling.waitlist.types import Answered, Earlier, Entry, Joined, Joining
from telemed.wording import HERE
from tests.booking import CODES
from tests.crowd import PATIENCE, Crowd
from tests.history import Event
from tests.waiting import WAYS
from tests.ways import Lost, Refused

T = TypeVar("T")
ACTS = ["book"] * 4 + ["hold_and_book"] * 2 + ["move"] + ["cancel"] * 5 + ["join"] * 3 + ["join_earlier"] + [
    "accept"] * 5 + ["decline"] * 2 + ["say_nothing"] * 2 + ["withdraw", "expire"]  # fmt: skip


@dataclass
class Waiter:
    """One place on the list: since when it surely stands, and until when."""

    entry: Entry
    since: datetime
    until: datetime | None = None

    def leaves(self, at: datetime) -> None:
        """From then on it may be over."""
        self.until = min(self.until or at, at)


@dataclass
class Queue(Crowd):
    """`reached`: by telephone, so that no message needs to be sent; else by e-mail."""

    waiters: list[Waiter] = field(default_factory=list)
    reached: Literal["email", "phone"] = "email"
    stopped: bool = False
    rounds: int = 0

    async def work(self, db: Database) -> None:
        """A worker with its own connections: doctor after doctor, until the storm is over."""
        while not self.stopped:
            for doctor in sorted(self.doctors.values(), key=lambda _one: self.dice.random()):
                try:
                    await offers.fill(db, doctor, WAYS)
                except Exception as failure:
                    self.failures.append(failure)
                self.rounds += 1
                await asyncio.sleep(0.02)

    async def join(self) -> None:
        wish: dict[str, Any] = {}
        if self.dice.random() < 0.4:
            wish["since"] = self.dice.choice(self.starts).astimezone(HERE).time()
        if self.dice.random() < 0.3 and self.stations:
            wish |= {"mode": "assisted", "station": self.dice.choice(self.stations)}
        key = self._key()
        name = "".join(chr(97 + int(digit)) for digit in str(1000 + self.asked))
        contact = {"email": f"{name}@example.org"} if self.reached == "email" else {"phone": "03984 123456"}
        patient = Patient(f"Warte {name}", date(1970, 1, 1), **contact)
        body = Joining(service=self.dice.choice(list(self.doctors)), patient=patient, **wish)
        self._joined(await self._insist(lambda: self.way.join(body, key)))

    async def join_earlier(self) -> None:
        if self.booked:
            it, key = self.dice.choice(self.booked), self._key()
            body = Earlier(email="wer@example.org") if self.reached == "email" else Earlier(phone="03984 123456")
            self._joined(await self._insist(lambda: self.way.join_earlier(it, body, key)))

    async def accept(self) -> None:
        found = await self._offered()
        if found is None:
            return
        waiter, it, offer, start = found
        key = CODES.patient_key(it.patient_name, it.birth_date)
        places = self.at(start, it.service, it.practitioner, it.station, key)
        verb: Any = "move" if it.appointment else "book"
        ended, sent = datetime.now(UTC), time.monotonic()
        won = await self._insist(lambda: self._accepted(it.id, offer))
        answered = time.monotonic()
        if isinstance(won, Refused):
            free = tuple(self._shifted(places, other) for other in won.alternatives)
            self.events.append(Event(verb, sent, answered, won.code, None, places, free))
            return
        waiter.leaves(ended)
        if won is None:
            self.events.append(Event(verb, sent, None, None, it.appointment or it.hold, places))
            return
        there = won.status == "booked" and won.start == start
        self.events.append(Event(verb, sent, answered, "ok", won.id, places if there else frozenset()))
        if there and not it.appointment:
            self.booked.append(won)

    async def decline(self) -> None:
        found = await self._offered()
        if found is not None:
            _waiter, it, offer, _start = found
            said = await self._insist(lambda: self.way.answer(it.id, offer, "declined"))
            if isinstance(said, Answered) and said.entry.offer == offer and said.entry.offer_status == "open":
                self.failures.append(AssertionError(f"declined and still open: {said}"))

    async def withdraw(self) -> None:
        if self.waiters:
            waiter = self.dice.choice(self.waiters)
            waiter.leaves(datetime.now(UTC))
            said = await self._insist(lambda: self.way.withdraw(waiter.entry.id))
            if isinstance(said, Entry) and (said.status == "waiting" or said.offer_status == "open"):
                self.failures.append(AssertionError(f"withdrawn and still waiting: {said}"))

    async def say_nothing(self) -> None:
        """The time to answer runs out: the test turns the clock and wakes the worker, as the job does that is due then.
        Now and then no worker comes, and the hold runs out too.
        """
        found = await self._offered()
        if found is None:
            return
        _waiter, it, offer, _start = found
        past, held, sent = "expires = now() - interval '1 s'", None, time.monotonic()
        async with self.db.transaction(SYSTEM) as tx:
            turned = await tx.connection.fetchval(
                f"UPDATE offer SET {past} WHERE id = $1 AND status = 'open' RETURNING appointment", offer
            )
            if self.dice.random() < 0.3:
                held = await tx.connection.fetchval(
                    f"UPDATE appointment SET {past} WHERE id = $1 AND status = 'held' RETURNING id", turned
                )
            else:
                await tx.value("waitlist.look_again", entry=it.id)
        if held is not None:
            self.events.append(Event("expire", sent, time.monotonic(), "ok", held))

    async def _accepted(self, entry: UUID, offer: UUID) -> Appointment:
        won = await self.way.answer(entry, offer, "accepted")
        assert won.appointment is not None
        return await self.way.read(won.appointment)

    async def _offered(self) -> tuple[Waiter, Entry, UUID, datetime] | None:
        """Somebody who has an offer now, and for when."""
        for waiter in self.dice.sample(self.waiters, min(6, len(self.waiters))):
            it = await self._insist(lambda waiter=waiter: self.way.look(waiter.entry.id))  # type: ignore[misc]
            if isinstance(it, Entry) and it.offer_status == "open" and it.offer is not None:
                assert it.offer_start is not None
                return waiter, it, it.offer, it.offer_start
        await asyncio.sleep(0)
        return None

    def _joined(self, made: Joined | Refused | None) -> None:
        if isinstance(made, Joined):
            self.waiters.append(Waiter(made, datetime.now(UTC)))

    async def _insist(self, act: Callable[[], Awaitable[T]]) -> T | Refused | None:
        """What is answered in the end, however often an answer is lost; None: nothing, or something that broke."""
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE:
            try:
                return await act()
            except Lost:
                await asyncio.sleep(0.05)
            except Refused as refused:
                return refused
            except Exception as failure:
                self.failures.append(failure)
                return None
        return None
