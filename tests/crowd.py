"""A crowd of clients that hold, book, move, cancel and repeat themselves, and write down what they were told."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from telemed.db import Database
from telemed.errors import Refusal
from telemed.identity.callers import ANONYMOUS, SYSTEM, Caller
from telemed.scheduling import bookings, changes, holds
from telemed.scheduling.once import once
from telemed.scheduling.types import Appointment, BookingWish, Hold, Patient, Wish
from tests.booking import CODES, guest
from tests.history import Event, Place, Places, Row
from tests.people import CALLERS

ACTIVE = ("held", "booked", "arrived", "fulfilled")


@dataclass
class Crowd:
    """Everybody who wants something, and what they were told. `doctors` maps services to practitioners."""

    db: Database
    doctors: dict[UUID, UUID]
    starts: list[datetime]
    stations: list[UUID]
    patients: list[Patient]
    length: timedelta
    dice: random.Random
    events: list[Event] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    booked: list[Appointment] = field(default_factory=list)
    asked: int = 0

    async def run(self, clients: int, each: int, acts: Collection[str]) -> None:
        """`clients` at once, each making `each` requests chosen from `acts`."""
        choices = [getattr(self, act) for act in acts]

        async def client() -> None:
            for _ in range(each):
                await self.dice.choice(choices)()

        await asyncio.gather(*(client() for _ in range(clients)))

    async def book(self) -> None:
        wish, caller = self._wish()
        self.asked += 1
        key = f"request-{self.asked:06}"
        body = BookingWish(**_fields(wish), patient=self.dice.choice(self.patients))
        for _again in range(1 + (self.dice.random() < 0.2)):
            await self._ask(
                "book", self._places(wish, body.patient), key,
                lambda: bookings.book(self.db, CODES, caller, body, once(key, caller, "appointment.book", body)),
            )  # fmt: skip

    async def hold_and_book(self) -> None:
        wish, caller = self._wish()
        held = await self._ask("hold", self._places(wish), None, lambda: holds.hold(self.db, CODES, caller, wish))
        if not isinstance(held, Hold) or self.dice.random() < 0.2:
            return
        await asyncio.sleep(self.dice.random() * 0.05)
        patient = self.dice.choice(self.patients)
        body = BookingWish(**_fields(wish), patient=patient, hold=held.id, hold_secret=held.secret)
        clicks = 1 + (self.dice.random() < 0.2)
        await asyncio.gather(*(
            self._ask("book", self._places(wish, patient), None, lambda: bookings.book(self.db, CODES, caller, body))
            for _ in range(clicks)
        ))  # fmt: skip

    async def expire(self) -> None:
        """Somebody's hold runs out: the test turns its clock instead of waiting ten minutes."""
        async with self.db.transaction(SYSTEM) as tx:
            sent = time.monotonic()
            rows = await tx.connection.fetch(
                "UPDATE appointment SET expires = now() - interval '1 s' WHERE id IN ("
                " SELECT id FROM appointment WHERE status = 'held' ORDER BY random() LIMIT 2 FOR UPDATE SKIP LOCKED)"
                " AND status = 'held' RETURNING id"
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
            places = self._moved(it, start)
            await self._ask("move", places, None, lambda: changes.move(self.db, guest(it.id), it.id, start), it.id)

    async def cancel(self) -> None:
        if self.booked:
            it = self.booked.pop(self.dice.randrange(len(self.booked)))
            await self._ask("cancel", frozenset(), None, lambda: changes.cancel(self.db, guest(it.id), it.id), it.id)

    async def rows(self, owner: asyncpg.Connection) -> list[Row]:
        """What is left in the database."""
        found = await owner.fetch(
            "SELECT id, status, practitioner, station, patient_key, lower(during) AS a, upper(during) AS b"
            " FROM appointment"
        )
        return [
            Row(
                row["id"],
                frozenset(
                    Place(str(resource), row["a"], row["b"])
                    for resource in (row["practitioner"], row["station"], row["patient_key"])
                    if resource is not None
                ),
                row["status"] in ACTIVE,
            )
            for row in found
        ]

    async def _ask(
        self,
        verb: str,
        places: Places,
        key: str | None,
        act: Callable[[], Awaitable[Appointment]],
        about: UUID | None = None,
    ) -> Appointment | None:
        sent = time.monotonic()
        try:
            it = await act()
        except Refusal as refusal:
            offered = refusal.data.get("alternatives", [])
            assert isinstance(offered, list)
            alternatives = tuple(self._shifted(places, start) for start in offered)
            self.events.append(Event(verb, sent, time.monotonic(), refusal.code, about, places, alternatives, key))  # type: ignore[arg-type]
            return None
        except Exception as failure:
            self.failures.append(failure)
            return None
        there = it.status in ACTIVE and any(place.start == it.start for place in places)
        told = Event(verb, sent, time.monotonic(), "ok", it.id, places if there else frozenset(), (), key)  # type: ignore[arg-type]
        self.events.append(told)
        if verb == "book" and there:
            self.booked.append(it)
        return it

    def _wish(self) -> tuple[Wish, Caller]:
        service, start = self.dice.choice(list(self.doctors)), self.dice.choice(self.starts)
        if self.dice.random() < 0.5 and self.stations:
            return Wish(
                service=service, start=start, mode="assisted", station=self.dice.choice(self.stations)
            ), CALLERS["petra"]
        return Wish(service=service, start=start), ANONYMOUS

    def _places(self, wish: Wish, patient: Patient | None = None) -> Places:
        resources = [str(self.doctors[wish.service])]
        if wish.station is not None:
            resources.append(str(wish.station))
        if patient is not None:
            resources.append(str(CODES.patient_key(patient.name, patient.birth_date)))
        return frozenset(Place(resource, wish.start, wish.start + self.length) for resource in resources)

    def _moved(self, it: Appointment, start: datetime) -> Places:
        assert it.patient_name is not None
        assert it.birth_date is not None
        wish = Wish(service=it.service, start=start, mode=it.mode, station=it.station)
        return self._places(wish, Patient(it.patient_name, it.birth_date))

    def _shifted(self, places: Places, start: datetime) -> Places:
        return frozenset(Place(place.resource, start, start + self.length) for place in places)


def _fields(wish: Wish) -> dict[str, object]:
    return {name: getattr(wish, name) for name in wish.__struct_fields__}
