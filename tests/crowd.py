"""A crowd of clients that hold, book, move, cancel and repeat themselves, and write down what they were told."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from datetime import time as clock_time
from typing import TypeVar
from uuid import UUID

import asyncpg

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, SYSTEM, Caller
from telemed.scheduling.types import Appointment, BookingWish, Hold, Patient, Wish
from telemed.wording import HERE
from tests.booking import CODES
from tests.history import Event, Place, Places, Row
from tests.people import CALLERS
from tests.ways import Inside, Lost, Refused, Way

ACTIVE = ("held", "booked", "arrived", "fulfilled")
PATIENCE = 30.0  # seconds for which a lost answer is asked for again
A = TypeVar("A", bound=Appointment)


@dataclass
class Crowd:
    """Everybody who wants something, and what they were told. `doctors` maps services to practitioners.

    `assisted` is the share of wishes for one of the `stations`, `beside` the share of these in which the assistant sits
    beside the patient. `caps` are the services that take so many bookings a day. `way` is how they ask; by default
    within this process.
    """

    db: Database
    doctors: dict[UUID, UUID]
    starts: list[datetime]
    stations: list[UUID]
    patients: list[Patient]
    length: timedelta
    dice: random.Random
    assisted: float = 0.5
    assistants: Sequence[Caller] = (CALLERS["petra"],)
    beside: float = 0.0
    caps: dict[UUID, int] = field(default_factory=dict)
    way: Way = None  # type: ignore[assignment]
    events: list[Event] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    booked: list[Appointment] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self.way = self.way or Inside(self.db)

    async def run(self, clients: int, each: int, acts: Collection[str]) -> None:
        """`clients` at once, each making `each` requests chosen from `acts`."""
        choices = [getattr(self, act) for act in acts]

        async def client() -> None:
            for _ in range(each):
                await self.dice.choice(choices)()

        await asyncio.gather(*(client() for _ in range(clients)))

    async def book(self) -> None:
        wish, caller = self._wish()
        key, patient = self._key(), self.dice.choice(self.patients)
        for _again in range(1 + (self.dice.random() < 0.2)):
            await self._book(caller, wish, patient, key)

    async def hold_and_book(self) -> None:
        wish, caller = self._wish()
        held = await self._hold(caller, wish)
        if isinstance(held, Hold) and self.dice.random() < 0.8:
            await asyncio.sleep(self.dice.random() * 0.05)
            patient = self.dice.choice(self.patients)
            clicks = 1 + (self.dice.random() < 0.2)
            await asyncio.gather(*(self._book(caller, wish, patient, self._key(), held) for _ in range(clicks)))

    async def queue_up(self) -> None:
        """Holds, takes one of the times offered instead if it must, then books, gives back, or walks away."""
        wish, caller = self._wish()
        held = await self._hold(caller, wish)
        for _again in range(2):
            if isinstance(held, Refused) and held.alternatives:
                wish = _at(wish, self.dice.choice(held.alternatives))
                held = await self._hold(caller, wish)
        if isinstance(held, Hold):
            fate = self.dice.random()
            if fate < 0.6:
                await self._book(caller, wish, self.dice.choice(self.patients), self._key(), held)
            elif fate < 0.7:
                kept: Hold = held
                await self._ask("release", frozenset(), None, lambda: self.way.release(kept), held.id)

    async def expire(self, most: int = 2) -> None:
        """Somebody's hold runs out: the test turns its clock instead of waiting ten minutes. That of an offer does not
        before the offer (`Queue.say_nothing`).
        """
        async with self.db.transaction(SYSTEM) as tx:
            sent = time.monotonic()
            rows = await tx.connection.fetch(
                "UPDATE appointment SET expires = now() - interval '1 s' WHERE id IN ("
                " SELECT id FROM appointment WHERE status = 'held' AND expires > now()"
                " AND id NOT IN (SELECT appointment FROM offer) ORDER BY random() LIMIT $1"
                " FOR UPDATE SKIP LOCKED) AND status = 'held' RETURNING id",
                most,
            )
        for row in rows:
            self.events.append(Event("expire", sent, time.monotonic(), "ok", row["id"]))

    async def arrive(self) -> None:
        """Somebody enters the waiting room: a plain update beside all the others."""
        if self.booked:
            arriving = self.dice.choice(self.booked).id
            async with self.db.transaction(SYSTEM) as tx:
                await tx.connection.execute(
                    "UPDATE appointment SET status = 'arrived' WHERE id = $1 AND status = 'booked'", arriving
                )

    async def move(self) -> None:
        if self.booked:
            it, start = self.dice.choice(self.booked), self.dice.choice(self.starts)
            await self._ask("move", self._moved(it, start), None, lambda: self.way.move(it, start), it.id)

    async def cancel(self) -> None:
        if self.booked:
            it = self.booked.pop(self.dice.randrange(len(self.booked)))
            await self._ask("cancel", frozenset(), None, lambda: self.way.cancel(it), it.id)

    async def rebook(self) -> None:
        """Gives a time up and wants it back at once, as somebody does who has chosen the wrong patient."""
        if self.booked:
            it = self.booked.pop(self.dice.randrange(len(self.booked)))
            await self._ask("cancel", frozenset(), None, lambda: self.way.cancel(it), it.id)
            wish = Wish(service=it.service, start=it.start)
            await self._book(ANONYMOUS, wish, self.dice.choice(self.patients), self._key())

    async def rows(self, owner: asyncpg.Connection) -> list[Row]:
        """What is left in the database."""
        found = await owner.fetch(
            "SELECT id, status, service, ARRAY[practitioner, station, assistant]::text[] AS there, patient_key,"
            " lower(during) AS start FROM appointment"
        )
        return [
            Row(row["id"], self.at(row["start"], row["service"], *row["there"], row["patient_key"]),
                row["status"] in ACTIVE)
            for row in found
        ]  # fmt: skip

    @property
    def most(self) -> dict[str, int]:
        """How many may be where at once, for the judge."""
        return {
            _day(service, start).resource: cap for service, cap in self.caps.items() for start in self.starts
        }  # fmt: skip

    def at(self, start: datetime, service: UUID, *resources: object) -> Places:
        """Whom and what an appointment of this service at that time takes; None is nobody."""
        there = {Place(str(one), start, start + self.length) for one in resources if one is not None}
        return frozenset(there | ({_day(service, start)} if service in self.caps else set()))

    async def _hold(self, caller: Caller, wish: Wish) -> Hold | Refused | None:
        key = self._key()
        return await self._ask("hold", self._places(caller, wish), key, lambda: self.way.hold(caller, wish, key))

    async def _book(
        self, caller: Caller, wish: Wish, patient: Patient, key: str, held: Hold | None = None
    ) -> Appointment | Refused | None:
        own = {"hold": held.id, "hold_secret": held.secret} if held is not None else {}
        body = BookingWish(**_fields(wish), patient=patient, **own)  # type: ignore[arg-type]
        return await self._ask(
            "book", self._places(caller, wish, patient), key, lambda: self.way.book(caller, body, key)
        )

    async def _ask(
        self,
        verb: str,
        places: Places,
        key: str | None,
        act: Callable[[], Awaitable[A | None]],
        about: UUID | None = None,
    ) -> A | Refused | None:
        """Asks until there is an answer. Each try is an event; once the answer names an appointment, all of them do."""
        tries: list[Event] = []
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE:
            sent = time.monotonic()
            told = Event(verb, sent, None, None, about, places, (), key)  # type: ignore[arg-type]
            try:
                it = await act()
            except Lost:
                tries.append(told)
                await asyncio.sleep(0.05)
                continue
            except Refused as refused:
                offered = tuple(self._shifted(places, start) for start in refused.alternatives)
                tries.append(replace(told, answered=time.monotonic(), outcome=refused.code, alternatives=offered))
                self.events += tries
                return refused
            except Exception as failure:
                self.failures.append(failure)
                break
            about = it.id if it is not None else about
            # A repeat may tell of a hold that has run out meanwhile.
            over = it is not None and it.status == "held" and (it.expires or clock.now()) <= clock.now()
            there = it is None or (
                it.status in ACTIVE and not over and any(place.start == it.start for place in places)
            )
            tries.append(
                replace(told, answered=time.monotonic(), outcome="ok", places=places if there else frozenset())
            )
            self.events += (replace(event, appointment=about) for event in tries)
            if verb == "book" and there and it is not None:
                self.booked.append(it)
            return it
        self.events += tries
        return None

    def _key(self) -> str:
        self.asked += 1
        return f"request-{self.asked:06}"

    def _wish(self) -> tuple[Wish, Caller]:
        service, start = self.dice.choice(list(self.doctors)), self.dice.choice(self.starts)
        if self.dice.random() < self.assisted and self.stations:
            station, assisting = self.dice.choice(self.stations), self.dice.random() < self.beside
            wish = Wish(service=service, start=start, mode="assisted", station=station, assisting=assisting)
            return wish, self.dice.choice(self.assistants)
        return Wish(service=service, start=start), ANONYMOUS

    def _places(self, caller: Caller, wish: Wish, patient: Patient | None = None) -> Places:
        key = CODES.patient_key(patient.name, patient.birth_date) if patient is not None else None
        assistant = caller.person if wish.assisting else None
        return self.at(wish.start, wish.service, self.doctors[wish.service], wish.station, assistant, key)

    def _moved(self, it: Appointment, start: datetime) -> Places:
        assert it.patient_name is not None
        assert it.birth_date is not None
        wish = Wish(
            service=it.service, start=start, mode=it.mode, station=it.station, assisting=it.assistant is not None
        )
        assistant = Caller("assistant", it.assistant)
        return self._places(assistant, wish, Patient(it.patient_name, it.birth_date))

    def _shifted(self, places: Places, start: datetime) -> Places:
        return frozenset(
            _day(place.resource.partition(" ")[0], start) if place.resource in self.most
            else Place(place.resource, start, start + self.length)
            for place in places
        )  # fmt: skip


def _day(service: object, start: datetime) -> Place:
    """The day in which a service takes so many and no more, as a place."""
    day = start.astimezone(HERE).date()
    midnight = datetime.combine(day, clock_time(), HERE)
    return Place(f"{service} {day}", midnight, midnight + timedelta(days=1))


def strangers(number: int) -> Iterable[str]:
    """So many readable names, none twice."""
    return (f"Probe {chr(65 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(number))


def _fields(wish: Wish) -> dict[str, object]:
    return {name: getattr(wish, name) for name in wish.__struct_fields__}


def _at(wish: Wish, start: datetime) -> Wish:
    return Wish(**{**_fields(wish), "start": start})  # type: ignore[arg-type]
