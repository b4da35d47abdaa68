"""A crowd that also waits: joins the list, accepts, declines, gives up, says nothing, while workers hand out offers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from telemed.db import Database
from telemed.errors import Refusal
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.scheduling import changes
from telemed.scheduling.types import Patient
from telemed.scheduling.waitlist import offers, waitlist
from telemed.scheduling.waitlist.types import Earlier, Entry, Joining
from tests.booking import CODES, guest
from tests.crowd import Crowd
from tests.history import Event, Place, Places
from tests.waiting import WAYS, holder

HERE = ZoneInfo("Europe/Berlin")
SLACK = timedelta(seconds=1)  # between an answer and the moment from which every worker must have seen what it says


@dataclass
class Waiter:
    """One place on the list: since when it surely stands, and until when."""

    entry: Entry
    since: datetime
    until: datetime | None = None


@dataclass
class Queue(Crowd):
    """`given_out`: of every run of a worker the doctor, and when it began and ended on both clocks."""

    waiters: list[Waiter] = field(default_factory=list)
    given_out: list[tuple[UUID, datetime, datetime, float, float]] = field(default_factory=list)
    stopped: bool = False

    async def work(self, db: Database) -> None:
        """A worker with its own connections: doctor after doctor, until the storm is over."""
        while not self.stopped:
            for doctor in sorted(self.doctors.values(), key=lambda _one: self.dice.random()):
                began, sent = datetime.now(UTC), time.monotonic()
                try:
                    await offers.fill(db, doctor, WAYS)
                except Exception as failure:
                    self.failures.append(failure)
                self.given_out.append((doctor, began, datetime.now(UTC), sent, time.monotonic()))
                await asyncio.sleep(0.02)

    async def join(self) -> None:
        number = len(self.waiters) + self.asked + 1000
        self.asked += 1
        wish: dict[str, Any] = {}
        if self.dice.random() < 0.4:
            wish["since"] = self._clock(self.dice.choice(self.starts))
        if self.dice.random() < 0.3 and self.stations:
            wish |= {"mode": "assisted", "station": self.dice.choice(self.stations)}
        name = "".join(chr(97 + int(digit)) for digit in str(number))
        patient = Patient(f"Warte {name}", date(1970, 1, 1), email=f"{name}@example.org")
        body = Joining(service=self.dice.choice(list(self.doctors)), patient=patient, **wish)
        try:
            entry: Entry = await waitlist.join(self.db, CODES, ANONYMOUS, WAYS, body)
        except Exception as failure:
            self.failures.append(failure)
            return
        self.waiters.append(Waiter(entry, datetime.now(UTC)))

    async def join_earlier(self) -> None:
        if self.booked:
            it = self.dice.choice(self.booked)
            try:
                entry: Entry = await waitlist.join_earlier(
                    self.db, CODES, guest(it.id), WAYS, it.id, Earlier(email="wer@example.org")
                )
            except Refusal:
                return
            self.waiters.append(Waiter(entry, datetime.now(UTC)))

    async def accept(self) -> None:
        found = await self._offered()
        if found is None:
            return
        waiter, it = found
        assert it.offer is not None
        assert it.hold is not None
        assert it.offer_start is not None
        ended, sent = datetime.now(UTC), time.monotonic()
        places = self._there(it, it.offer_start, str(CODES.patient_key(it.patient_name, it.birth_date)))
        verb: Any = "move" if it.appointment else "book"
        try:
            won = await offers.accept(self.db, CODES, holder(it), it.id, it.offer)
        except Refusal as refusal:
            told = refusal.data.get("alternatives")
            free = tuple(self._there(it, start) for start in told) if isinstance(told, list) else ()
            self.events.append(Event(verb, sent, time.monotonic(), refusal.code, None, places, free))
            return
        except Exception as failure:
            self.failures.append(failure)
            return
        answered = time.monotonic()
        waiter.until = min(waiter.until or ended, ended)
        assert won.appointment is not None
        if it.appointment:  # the hold gave way to it
            self.events.append(Event("release", sent, answered, "ok", it.hold))
        own = guest(won.appointment)
        booked = await changes.read(self.db, own, won.appointment)
        there = booked.status == "booked" and booked.start == it.offer_start
        self.events.append(Event(verb, sent, answered, "ok", won.appointment, places if there else frozenset()))
        if there and not it.appointment:
            self.booked.append(booked)

    async def decline(self) -> None:
        found = await self._offered()
        if found is not None and found[1].offer is not None:
            it, sent = found[1], time.monotonic()
            said = await offers.decline(self.db, holder(it), it.id, found[1].offer)
            if said.entry.offer_status == "declined":
                self.events.append(Event("release", sent, time.monotonic(), "ok", it.hold))

    async def withdraw(self) -> None:
        if self.waiters:
            waiter, sent = self.dice.choice(self.waiters), time.monotonic()
            waiter.until = min(waiter.until or datetime.now(UTC), datetime.now(UTC))
            it = await waitlist.withdraw(self.db, holder(waiter.entry), waiter.entry.id)
            if it.hold is not None and it.offer_status == "declined":
                self.events.append(Event("release", sent, time.monotonic(), "ok", it.hold))

    async def say_nothing(self) -> None:
        """An offer runs out; now and then nobody hands it on, and its hold runs out too."""
        found = await self._offered()
        if found is None:
            return
        until = "now() - interval '1 s'"
        async with self.db.transaction(SYSTEM) as tx:
            sent = time.monotonic()
            held = await tx.connection.fetchval(
                f"UPDATE offer SET expires = {until} WHERE id = $1 AND status = 'open' RETURNING appointment",
                found[1].offer,
            )
        if held is not None:
            self.events.append(Event("expire", sent, time.monotonic(), "ok", held))

    async def _offered(self) -> tuple[Waiter, Entry] | None:
        """Somebody who has an offer now."""
        for waiter in self.dice.sample(self.waiters, min(6, len(self.waiters))):
            it = await waitlist.read(self.db, holder(waiter.entry), waiter.entry.id)
            if it.offer_status == "open":
                return waiter, it
        await asyncio.sleep(0)
        return None

    def _clock(self, start: datetime) -> clock_time:
        return start.astimezone(HERE).time()

    def _there(self, it: Entry, start: datetime, *more: str) -> Places:
        resources = [str(it.practitioner), *([str(it.station)] if it.station else []), *more]
        return frozenset(Place(resource, start, start + self.length) for resource in resources)

    async def judge_offers(self, owner: asyncpg.Connection) -> list[str]:
        """What is wrong with who was offered what; and the holds of offers, as events for the other judge."""
        rows = await owner.fetch("SELECT * FROM offer ORDER BY created")
        entries = {row["id"]: row for row in await owner.fetch("SELECT * FROM waitlist_entry")}
        for row in rows:
            runs = [
                run for run in self.given_out if run[0] == row["practitioner"] and run[1] <= row["created"] <= run[2]
            ]
            if not runs:
                return [f"offered while nobody gave out: {row}"]
            entry = entries[row["entry"]]
            resources = [entry["practitioner"], *([entry["station"]] if entry["station"] else [])]
            places = frozenset(Place(str(one), row["start"], row["start"] + self.length) for one in resources)
            sent, answered = min(run[3] for run in runs), max(run[4] for run in runs)
            self.events.append(Event("hold", sent, answered, "ok", row["appointment"], places))
        return [*_unwished(rows, entries), *self._out_of_order(rows, entries)]

    def _out_of_order(self, rows: list[Any], entries: dict[UUID, Any]) -> Iterator[str]:
        """Somebody was offered a time although another had waited longer, whom it suited and who had nothing."""
        by_entry: dict[UUID, list[Any]] = {}
        for row in rows:
            by_entry.setdefault(row["entry"], []).append(row)
        surely = {waiter.entry.id: waiter for waiter in self.waiters}
        for row in rows:
            for waiter in surely.values():
                it, mine = entries[waiter.entry.id], by_entry.get(waiter.entry.id, [])
                if (
                    it["practitioner"] == row["practitioner"] and it["id"] != row["entry"]
                    and it["created"] < entries[row["entry"]]["created"]
                    and it["appointment"] is None and it["station"] is None
                    and waiter.since + SLACK < row["created"]
                    and (waiter.until is None or row["created"] < waiter.until) and it["status"] != "over"
                    and (it["since_time"] is None or row["start"].astimezone(HERE).time() >= it["since_time"])
                    and not any(o["start"] == row["start"] for o in mine)
                    and not any(o["created"] <= row["created"] and (o["decided"] is None
                                or row["created"] <= o["decided"] + SLACK) for o in mine)
                ):  # fmt: skip
                    yield f"{row['entry']} was offered {row['start']} before {it['id']}, who had waited longer"


def _unwished(rows: list[Any], entries: dict[UUID, Any]) -> Iterator[str]:
    for row in rows:
        it = entries[row["entry"]]
        if it["since_time"] is not None and row["start"].astimezone(HERE).time() < it["since_time"]:
            yield f"too early for the wish: {row}"
        if row["start"] - row["created"] < it["short_notice"] or row["created"] < it["created"]:
            yield f"too short notice: {row}"
