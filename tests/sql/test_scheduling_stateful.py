"""Any sequence of hold, extend, book, move, cancel, offer, accept and time passing, beside a model in a few dicts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from telemed import clock
from telemed.db import Database
from telemed.errors import Refusal
from telemed.identity.callers import ANONYMOUS
from telemed.pg import Urls
from telemed.scheduling import changes, holds, slots
from telemed.scheduling.types import Hold
from tests import booking, people, waiting
from tests.booking import CODES, guest
from tests.people import DR_BOB, DR_DORA, TALK, TALK_DORA

T = TypeVar("T")
NINE = people.tomorrow(9)
STARTS = [NINE + n * timedelta(minutes=15) for n in range(7)]
DOCTORS = {TALK: DR_BOB, TALK_DORA: DR_DORA}
WHEN, WHICH, WHO = st.sampled_from(STARTS), st.sampled_from(list(DOCTORS)), st.sampled_from(["Berta", "Cem", "Dana"])


@dataclass
class Place:
    """What the model knows of an appointment: live as long as it is booked, or held and not over."""

    service: UUID
    start: datetime
    status: str  # held, booked, over
    who: str | None = None
    expires: datetime | None = None
    extended: bool = False

    def live(self, now: datetime) -> bool:
        return self.status == "booked" or (self.status == "held" and self.expires is not None and self.expires > now)


class World:
    """A database and a loop of its own: hypothesis calls plain functions."""

    def __init__(self, urls: Urls) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.db = self.run(Database.open(urls.app, size=2))
        self.owner: asyncpg.Connection = self.run(asyncpg.connect(urls.owner))

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(what)

    def close(self) -> None:
        self.run(self.owner.close())
        self.run(self.db.close())
        self._runner.close()


class Practice(RuleBasedStateMachine):
    world: World
    reached: Counter[str]
    held: Bundle[Any] = Bundle("held")
    booked: Bundle[Any] = Bundle("booked")
    waiting: Bundle[Any] = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[UUID, Place] = {}
        self.entries: list[tuple[Any, str]] = []
        self.later = timedelta()
        self.world.run(self.world.owner.execute(_EMPTY))

    def do(self, what: Coroutine[Any, Any, T]) -> T | str:
        """What it gives, or the code of its refusal."""
        with clock.shifted(self.later):
            try:
                return self.world.run(what)
            except Refusal as refusal:
                return refusal.code

    def now(self) -> datetime:
        with clock.shifted(self.later):
            return clock.now()

    def rival(self, service: UUID, start: datetime, who: str | None, but: UUID | None = None) -> bool:
        """Whether the doctor or the patient is somewhere else then."""
        now = self.now()
        return any(
            there.start == start and there.live(now)
            and (there.service == service or (who is not None and there.who == who))
            for id, there in self.places.items() if id != but
        )  # fmt: skip

    def sweep(self, service: UUID, start: datetime) -> None:
        """Whoever gets a time has freed the holds there that were over."""
        for there in self.places.values():
            over = there.status == "held" and not there.live(self.now())
            if over and (there.service, there.start) == (service, start):
                there.status = "over"

    @rule(target=held, service=WHICH, start=WHEN)
    def hold(self, service: UUID, start: datetime) -> Any:
        told = self.do(booking.hold(self.world.db, start, service))
        if self.rival(service, start, None):
            assert told == "slot_taken"
            return multiple()
        assert isinstance(told, Hold), told
        self.sweep(service, start)
        self.places[told.id] = Place(service, start, "held", expires=told.expires)
        return told

    @rule(held=held)
    def extend(self, held: Hold) -> None:
        it = self.places[held.id]
        told = self.do(holds.extend(self.world.db, CODES, ANONYMOUS, held.id, held.secret))
        if it.status != "held":
            assert told == "hold_gone"
        elif it.extended:
            assert told == "already_extended"
        else:
            assert not isinstance(told, str), told
            it.extended, it.expires = True, told.expires

    @rule(held=consumes(held))
    def release(self, held: Hold) -> None:
        assert self.do(holds.release(self.world.db, CODES, ANONYMOUS, held.id, held.secret)) is None
        it = self.places[held.id]
        it.status = "over" if it.status == "held" else it.status

    @rule(target=booked, service=WHICH, start=WHEN, who=WHO)
    def book(self, service: UUID, start: datetime, who: str) -> Any:
        told = self.do(booking.book(self.world.db, start, booking.patient(who), service=service))
        if self.rival(service, start, who):
            assert told == "slot_taken"
            return multiple()
        assert not isinstance(told, str), told
        self.sweep(service, start)
        self.places[told.id] = Place(service, start, "booked", who)
        return told.id

    @rule(target=booked, held=held, who=WHO)
    def book_held(self, held: Hold, who: str) -> Any:
        it = self.places[held.id]
        told = self.do(booking.book_held(self.world.db, held, booking.patient(who)))
        if it.who is not None and it.who != who:
            assert told == "hold_gone"
        elif it.who is not None:  # the second click, even if it was cancelled in between
            assert not isinstance(told, str), told
            assert told.id == held.id
        elif self.rival(held.service, held.start, who, held.id):
            assert told == "slot_taken"
        else:
            assert not isinstance(told, str), told
            assert (told.id == held.id) == (it.status == "held")
            self.sweep(held.service, held.start)
            self.places[told.id] = Place(held.service, held.start, "booked", who)
            return told.id
        return multiple()

    @rule(id=booked, start=WHEN)
    def move(self, id: UUID, start: datetime) -> None:
        it = self.places[id]
        told = self.do(changes.move(self.world.db, guest(id), id, start))
        if it.status != "booked":
            assert told == "not_active"
        elif start != it.start and self.rival(it.service, start, it.who, id):
            assert told == "slot_taken"
        else:
            assert not isinstance(told, str), told
            self.sweep(it.service, start)
            it.start = told.start
            assert told.start == start

    @rule(id=booked)
    def cancel(self, id: UUID) -> None:
        told = self.do(changes.cancel(self.world.db, guest(id), id))
        assert not isinstance(told, str), told
        assert told.status == "cancelled"
        self.places[id].status = "over"

    @rule(minutes=st.sampled_from([1, 6, 11]))
    def time_passes(self, minutes: int) -> None:
        self.later += timedelta(minutes=minutes)

    @rule(target=waiting, service=WHICH, who=WHO)
    def wait(self, service: UUID, who: str) -> Any:
        self.later += timedelta(seconds=1)  # no two at once: chance would decide who was first, and not hypothesis
        told = self.do(waiting.join(self.world.db, who, service=service))
        if isinstance(told, str):
            return multiple()
        self.fill(service)
        self.entries.append((told, who))
        return told, who

    @rule(service=WHICH)
    def offer(self, service: UUID) -> None:
        self.fill(service)

    def fill(self, service: UUID) -> None:
        """The worker chooses whom; whatever it holds must have been free, and nothing else may change."""
        with clock.shifted(self.later):
            self.world.run(waiting.fill(self.world.db, DOCTORS[service]))
        rows = {row["id"]: row for row in self.world.run(self.world.owner.fetch(_LEFT))}
        for id, it in self.places.items():
            if it.status == "held" and rows[id]["status"] != "held":
                assert not it.live(self.now()) or rows[id]["offered"], "somebody's hold was taken away"
                it.status = "over"
        for id, row in rows.items():
            if id not in self.places:
                assert row["offered"]
                self.reached["offered"] += 1
                assert not self.rival(row["service"], row["start"], row["who"].split()[0])
                self.places[id] = Place(row["service"], row["start"], "held", expires=row["expires"])

    def look(self, entry: Any) -> Any:
        it = self.do(waiting.look(self.world.db, entry[0]))
        assert not isinstance(it, str), it
        return it

    @rule(target=booked, entry=waiting)
    def accept(self, entry: Any) -> Any:
        """Whoever was offered something, this one before others."""
        offered = next((one for one in (entry, *self.entries) if self.look(one).offer is not None), None)
        if offered is None:
            return multiple()
        it, who = self.look(offered), offered[1]
        told = self.do(waiting.accept(self.world.db, offered[0]))
        if it.offer_status == "accepted":
            assert not isinstance(told, str), told
            return multiple()
        assert it.hold is not None
        place = self.places[it.hold]
        open = it.offer_status == "open" and it.offer_expires is not None and it.offer_expires > self.now()
        if not (open and place.status == "held"):
            assert told == "offer_gone"
            self.reached["gone"] += 1
        elif self.rival(place.service, place.start, who, it.hold):
            assert told == "slot_taken"
        else:
            assert not isinstance(told, str), told
            place.status, place.who = "booked", who
            self.reached["accepted"] += 1
            return it.hold
        return multiple()

    @rule(entry=waiting)
    def decline(self, entry: Any) -> None:
        """The time stays held until the worker hands it on."""
        if self.look(entry).offer is not None:
            assert not isinstance(self.do(waiting.decline(self.world.db, entry[0])), str)

    @invariant()
    def the_same_times_are_free(self) -> None:
        now = self.now()
        for service in DOCTORS:
            taken = {there.start for there in self.places.values() if there.service == service and there.live(now)}
            assert self.do(self.free(service)) == [start for start in STARTS if start not in taken]

    async def free(self, service: UUID) -> list[datetime]:
        async with self.world.db.transaction(ANONYMOUS) as tx:
            return await slots.free(tx, service, 99)


_EMPTY = "DELETE FROM offer; DELETE FROM waitlist_entry; DELETE FROM appointment"
_LEFT = """
    SELECT a.id, a.status, a.service, lower(a.during) AS start, a.expires, o.id IS NOT NULL AS offered,
           e.patient_name AS who
    FROM appointment a LEFT JOIN offer o ON o.appointment = a.id LEFT JOIN waitlist_entry e ON e.id = o.entry
"""


@pytest.fixture
def world(cast: Database, urls: Urls, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # A day before, whatever the hour of the test: the clock is turned, and nothing may come too near.
    monkeypatch.setattr(clock, "now", lambda: NINE - timedelta(days=1) + clock._offset)
    made = World(urls)
    for doctor in DOCTORS.values():
        made.run(people.open_hours(made.db, doctor, NINE, len(STARTS) / 4))
    yield made
    made.close()


@pytest.mark.rule("B-13")
def test_the_practice_does_what_the_model_does(world: World) -> None:
    Practice.world, Practice.reached = world, Counter()
    enough = settings(max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_machine(Practice, settings=enough)
    assert {"offered", "accepted"} <= Practice.reached.keys(), Practice.reached
