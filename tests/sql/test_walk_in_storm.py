"""Thirty people walk in at six stations; four doctors come, go and vanish. Nobody is lost or served twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM, Caller
from telemed.pg import Urls
from telemed.scheduling.types import Patient
from telemed.stations import oncall, walkins
from telemed.stations.walkins import Arrival
from tests import people
from tests.booking import CODES
from tests.crowd import strangers
from tests.people import CALLERS, GERSWALDE, GRAMZOW
from tests.walkins import Act, complaints

TICK = 16  # seconds: no multiple of it is near one of the limits
ROOMS = {people.fixed(500 + n): GERSWALDE if n % 2 else GRAMZOW for n in range(6)}
COUNTERS = {GERSWALDE: CALLERS["petra"], GRAMZOW: CALLERS["paul"]}


@pytest.fixture
async def hall(cast: Database, urls: Urls, owner: asyncpg.Connection) -> AsyncIterator[Database]:
    for room, site in ROOMS.items():
        await owner.execute("INSERT INTO station (id, site, name) VALUES ($1, $2, $3)", room, site, f"Raum {room.int}")
    for n in range(4):
        person, practitioner = people.fixed(510 + n), people.fixed(520 + n)
        await owner.execute(
            "INSERT INTO person (id, login, name, role, site, password) VALUES ($1, $2, $2, 'practitioner', $3, 'x')",
            person, f"oncall{n}", people.TEMPLIN,
        )  # fmt: skip
        await owner.execute(
            "INSERT INTO practitioner (id, site, person, name, specialty) VALUES ($1, $2, $3, $4, 'general')",
            practitioner, people.TEMPLIN, person, f"Doktor {n}",
        )  # fmt: skip
        await owner.execute(
            "INSERT INTO service (id, practitioner, name_de, name_en, duration, grid, modes)"
            " VALUES ($1, $2, 'x', 'x', '10 min', '10 min', '{assisted}')",
            people.fixed(530 + n), practitioner,
        )  # fmt: skip
    database = await Database.open(urls.app, size=10)
    yield database
    await database.close()


@dataclass
class Day:
    """Everybody's acts, as they were told."""

    db: Database
    dice: random.Random
    at: int = 0
    acts: list[Act] = field(default_factory=list)
    ending: bool = False

    def note(self, verb: str, who: str, walk_in: object = None, **more: object) -> None:
        self.acts.append(Act(self.at, verb, who, walk_in, **more))  # type: ignore[arg-type]


@dataclass
class Counter:
    """A room's people come one after another; some will not wait."""

    day: Day
    room: UUID
    names: list[str]
    waiting: list[UUID] = field(default_factory=list)

    async def act(self) -> None:
        day, caller = self.day, COUNTERS[ROOMS[self.room]]
        if self.names and day.dice.random() < 0.3:
            patient = Patient(self.names.pop(), date(1950, 1, 1))
            it = Arrival(station=self.room, specialty="general", patient=patient)
            walk_in = await walkins.add(day.db, CODES, caller, it)
            self.waiting.append(walk_in)
            day.note("add", str(self.room), walk_in, room=str(self.room))
        elif self.waiting and day.dice.random() < 0.02:
            walk_in = day.dice.choice(self.waiting)
            try:
                await walkins.leave(day.db, caller, walk_in)
            except walkins.NotFound:
                day.note("leave", str(self.room), walk_in, done=False)
            else:
                day.note("leave", str(self.room), walk_in)
            self.waiting.remove(walk_in)


@dataclass
class Doctor:
    """Comes, looks, answers; goes; or vanishes in the middle of anything and is back much later."""

    day: Day
    number: int
    owner: asyncpg.Connection
    state: str = "gone"
    away: int = 0  # ticks
    walk_in: UUID | None = None

    @property
    def name(self) -> str:
        return f"doctor {self.number}"

    @property
    def caller(self) -> Caller:
        return Caller("practitioner", people.fixed(510 + self.number), people.TEMPLIN)

    async def act(self) -> None:
        if self.away:
            self.away -= 1
        else:
            await getattr(self, f"_{self.state}")()

    async def _gone(self) -> None:
        if self.day.ending or self.day.dice.random() < 0.3:
            await oncall.open_until(self.day.db, self.caller, clock.now() + timedelta(hours=3))
            self.day.note("open", self.name)
            self.state = "there"

    async def _there(self) -> None:
        dice = 1.0 if self.day.ending else self.day.dice.random()
        if dice < 0.04:
            self.away = self.day.dice.randrange(2, 12)
        elif dice < 0.06:
            await oncall.close(self.day.db, self.caller)
            self.day.note("close", self.name)
            self.state = "gone"
        else:
            seen = await oncall.look(self.day.db, self.caller)
            self.walk_in = seen.offered.id if seen.offered else None
            if seen.doctor is None or seen.doctor.until is None:  # they have not answered for two minutes
                self.day.note("close", self.name)
                self.state = "gone"
                return
            self.day.note("look", self.name, self.walk_in)
            self.state = "asked" if seen.offered else "there"

    async def _asked(self) -> None:
        assert self.walk_in is not None
        day = self.day
        dice = 0.5 if day.ending else day.dice.random()
        if dice > 0.9:
            self.away, self.state = self.day.dice.randrange(2, 12), "there"
            return
        verb = "hand_on" if dice < 0.2 else "decline" if dice < 0.3 else "accept"
        urgent = verb == "hand_on" and dice < 0.07
        self.state = "joining" if verb == "accept" else "there"
        done = True
        try:
            if verb == "accept":
                await oncall.accept(day.db, self.caller, self.walk_in)
            elif verb == "hand_on":
                await oncall.hand_on(day.db, self.caller, self.walk_in, urgent=urgent)
            else:
                await oncall.decline(day.db, self.caller, self.walk_in, "practice")
        except oncall.WalkInGone:
            done, self.state = False, "there"
        day.note(verb, self.name, self.walk_in, done=done, urgent=urgent)

    async def _joining(self) -> None:
        if not self.day.ending and self.day.dice.random() < 0.12:
            self.away, self.state = 14, "there"  # never came to the one they had accepted
            return
        async with self.day.db.transaction(SYSTEM) as tx:
            await tx.connection.execute(
                "UPDATE appointment SET status = 'arrived' WHERE id = $1 AND practitioner = $2",
                self.walk_in, people.fixed(520 + self.number),
            )  # fmt: skip
            await tx.connection.execute(
                "INSERT INTO attendance (appointment, seat, joined) VALUES ($1, 'practitioner', $2)",
                self.walk_in, clock.now(),
            )  # fmt: skip
        self.day.note("join", self.name, self.walk_in)
        self.state, self.away = "talking", self.day.dice.randrange(0, 8)

    async def _talking(self) -> None:
        async with self.day.db.transaction(SYSTEM) as tx:
            # Of a walk-in who was given back once it is another room, and another epoch.
            epoch = await tx.connection.fetchval("SELECT epoch FROM appointment WHERE id = $1", self.walk_in)
            await tx.run("consultation.end", appointment=self.walk_in, epoch=epoch, person=None, now=clock.now())
            await tx.connection.execute(
                'UPDATE attendance SET "left" = $2 WHERE appointment = $1', self.walk_in, clock.now()
            )
        self.day.note("end", self.name, self.walk_in)
        self.state = "there"


@pytest.mark.rule("B-04")
@pytest.mark.rule("B-13")
@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("seed", [1, 2])
async def test_thirty_walk_ins(hall: Database, owner: asyncpg.Connection, seed: int) -> None:
    """Order, offers and ends are judged from what everybody was told; nothing but time and doctors decides (B-04)."""
    day = Day(hall, random.Random(seed))
    names = list(strangers(30))
    counters = [Counter(day, room, names[n * 5 : n * 5 + 5]) for n, room in enumerate(ROOMS)]
    doctors = [Doctor(day, n, owner) for n in range(4)]
    while day.at < 400 * TICK:
        day.at += TICK
        day.ending = day.at > 200 * TICK
        with clock.shifted(timedelta(seconds=day.at)):
            actors = [*counters, *doctors]
            day.dice.shuffle(actors)
            await asyncio.gather(*(actor.act() for actor in actors))
        quiet = all(doctor.state == "there" and not doctor.away and doctor.walk_in is None for doctor in doctors)
        if quiet and day.ending and day.acts[-1].at == day.at and not any(counter.names for counter in counters):
            break
    left = {row["id"]: row["status"] for row in await owner.fetch("SELECT id, status FROM walk_in")}
    found = complaints(day.acts, left)
    assert found == [], found[0]
    verbs = {act.verb for act in day.acts}
    assert len(left) == 30 and verbs > {"open", "close", "accept", "hand_on", "decline", "join", "end"}
    ended = await owner.fetchval("SELECT count(*) FROM appointment WHERE status = 'fulfilled'")
    assert ended == sum(act.verb == "end" for act in day.acts)
