"""Judges the waiting list after a storm: who was offered what and when, and whether anybody waits for what is free."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

import asyncpg

from telemed.wording import HERE
from tests.crowd import ACTIVE
from tests.history import Event, Place, Register, Row, surely
from tests.queue import Queue, Waiter

SLACK = timedelta(seconds=1)  # between an answer and the moment from which every worker must have seen what it says
Between = tuple[float, float]  # seconds of the events' clock


class Watch:
    """Looks at the offers all the time, so that it is known between which two looks each was made, was over, and gave
    its time back. It needs no word from those who make them, so workers may be killed meanwhile.
    """

    def __init__(self, url: str) -> None:
        self._url, self._stopped, self._looked = url, False, time.monotonic()
        self.made: dict[UUID, Between] = {}
        self.over: dict[UUID, Between] = {}
        self.freed: dict[UUID, Between] = {}

    async def __aenter__(self) -> Self:
        self._connection = await asyncpg.connect(self._url)
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_raised: object) -> None:
        self._stopped = True
        await self._watching
        await self._connection.close()

    async def _watch(self) -> None:
        last = False
        while not last:
            await asyncio.sleep(0.02)
            last, began = self._stopped, time.monotonic()
            rows = await self._connection.fetch(
                "SELECT o.id, o.status, a.status AS held FROM offer o JOIN appointment a ON a.id = o.appointment"
            )
            between = (self._looked, time.monotonic())
            for row in rows:
                self.made.setdefault(row["id"], between)
                if row["status"] != "open":
                    self.over.setdefault(row["id"], between)
                if row["held"] not in ACTIVE:
                    self.freed.setdefault(row["id"], between)
            self._looked = began


@dataclass
class List:
    """What is left of the waiting list in the end."""

    entries: dict[UUID, Any]
    offers: list[Any]


async def judge_offers(crowd: Queue, watch: Watch, owner: asyncpg.Connection) -> list[str]:
    """What is wrong with who was offered what. Adds what the offers held to the events, for the judge of bookings."""
    left = List(
        {row["id"]: row for row in await owner.fetch("SELECT * FROM waitlist_entry")},
        await owner.fetch(
            "SELECT o.*, a.status AS held FROM offer o JOIN appointment a ON a.id = o.appointment ORDER BY o.created"
        ),
    )
    crowd.events += _held(crowd, watch, left)
    return [
        *(f"joined, but not there: {it.entry}" for it in crowd.waiters if it.entry.id not in left.entries),
        *_unwished(left),
        *_to_two_at_once(left),
        *_to_somebody_who_is_elsewhere(crowd, watch, left),
        *_taken_back_for_nothing(crowd, left),
        *_out_of_order(crowd.waiters, left),
        *_kept_for_nobody(left),
        *_left_free(crowd, await crowd.rows(owner), left),
    ]


def _held(crowd: Queue, watch: Watch, left: List) -> Iterator[Event]:
    """An offer as a hold. One that is accepted becomes the booking that the client was told of, or gives way to it."""
    for offer in left.offers:
        entry, hold = left.entries[offer["entry"]], offer["appointment"]
        places = crowd.at(offer["start"], entry["service"], entry["practitioner"], entry["station"])
        yield Event("hold", *watch.made[offer["id"]], "ok", hold, places)
        if offer["status"] != "accepted" or entry["appointment"] != hold:
            if offer["id"] in watch.over:
                yield Event("expire", *watch.over[offer["id"]], "ok", hold)
            if offer["id"] in watch.freed:
                yield Event("release", *watch.freed[offer["id"]], "ok", hold)


def _unwished(left: List) -> Iterator[str]:
    for offer in left.offers:
        it = left.entries[offer["entry"]]
        if it["since_time"] is not None and offer["start"].astimezone(HERE).time() < it["since_time"]:
            yield f"too early for the wish: {offer}"
        if offer["start"] - offer["created"] < it["short_notice"]:
            yield f"too short notice: {offer}"
        if offer["status"] == "accepted" and offer["decided"] > offer["expires"]:
            yield f"accepted too late: {offer}"


def _to_two_at_once(left: List) -> Iterator[str]:
    latest: dict[tuple[UUID, datetime], Any] = {}
    for offer in left.offers:
        before = latest.get((offer["practitioner"], offer["start"]))
        if before is not None and offer["created"] < min(before["expires"], before["decided"] or before["expires"]):
            yield f"offered to two: {before} and {offer}"
        latest[offer["practitioner"], offer["start"]] = offer


def _to_somebody_who_is_elsewhere(crowd: Queue, watch: Watch, left: List) -> Iterator[str]:
    certain = Register((stay.places, stay) for stay in surely(crowd.events))
    wall = time.time() - time.monotonic()
    for offer in left.offers:
        entry = left.entries[offer["entry"]]
        there = frozenset({Place(str(entry["patient_key"]), offer["start"], offer["start"] + crowd.length)})
        for stay in certain.meeting(there):
            began = offer["created"].timestamp() - wall - 0.01  # two clocks never agree quite
            if stay.since < began and watch.made[offer["id"]][1] < stay.until:
                yield f"offered to somebody who is elsewhere: {offer}, {stay}"


def _taken_back_for_nothing(crowd: Queue, left: List) -> Iterator[str]:
    turned = {event.appointment for event in crowd.events if event.verb == "expire"}
    wanted = Register((event.places, event) for event in crowd.events if event.verb in ("book", "move"))
    for offer in left.offers:
        entry = left.entries[offer["entry"]]
        there = frozenset({Place(str(entry["patient_key"]), offer["start"], offer["start"] + crowd.length)})
        if (
            offer["status"] == "lost" and entry["status"] == "waiting" and offer["appointment"] not in turned
            and not any(wanted.meeting(there))
        ):  # fmt: skip
            yield f"taken back for nothing: {offer}"


def _out_of_order(waiters: list[Waiter], left: List) -> Iterator[str]:
    """Somebody was offered a time although another had waited longer, whom it suited and who had nothing."""
    by_entry: dict[UUID, list[Any]] = {}
    for offer in left.offers:
        by_entry.setdefault(offer["entry"], []).append(offer)
    for offer in left.offers:
        for waiter in waiters:
            it, mine = left.entries[waiter.entry.id], by_entry.get(waiter.entry.id, [])
            if (
                it["practitioner"] == offer["practitioner"] and it["id"] != offer["entry"]
                and it["created"] < left.entries[offer["entry"]]["created"]
                and (it["appointment"] is None or it["appointment"] in {one["appointment"] for one in mine})
                and it["station"] is None
                and waiter.since + SLACK < offer["created"]
                and (waiter.until is None or offer["created"] < waiter.until) and it["status"] != "over"
                and (it["since_time"] is None or offer["start"].astimezone(HERE).time() >= it["since_time"])
                and not any(o["start"] == offer["start"] for o in mine)
                and not any(o["created"] <= offer["created"] and (o["decided"] is None
                            or offer["created"] <= o["decided"] + SLACK) for o in mine)
            ):  # fmt: skip
                yield f"{offer['entry']} was offered {offer['start']} before {it['id']}, who had waited longer"


def _kept_for_nobody(left: List) -> Iterator[str]:
    """In the end, that is: until a worker comes, they may be."""
    for offer in left.offers:
        if offer["status"] != "open" and offer["held"] == "held":
            yield f"over, but its time is still kept: {offer}"
        if offer["status"] == "open" and (offer["expires"] <= datetime.now(UTC) or offer["held"] != "held"):
            yield f"still open, but over: {offer}"


def _left_free(crowd: Queue, rows: list[Row], left: List) -> Iterator[str]:
    """When the storm is over and the workers have nothing left to do, nobody waits for a time that is free."""
    taken = Register((row.places, row) for row in rows if row.active)
    starts = {row.appointment: min(place.start for place in row.places) for row in rows if row.active}
    offered = {(offer["entry"], offer["start"]) for offer in left.offers}
    has_one = {
        (it["service"], it["patient_key"]) for offer in left.offers if offer["status"] == "open"
        for it in [left.entries[offer["entry"]]]
    }  # fmt: skip
    for it in left.entries.values():
        if it["status"] != "waiting" or (it["service"], it["patient_key"]) in has_one:
            continue
        for start in crowd.starts:
            places = crowd.at(start, it["service"], it["practitioner"], it["station"], it["patient_key"])
            free = all(
                sum(1 for _row in taken.meeting(frozenset({place}))) < crowd.most.get(place.resource, 1)
                for place in places
            )
            if (
                free and (it["id"], start) not in offered
                and (it["since_time"] is None or start.astimezone(HERE).time() >= it["since_time"])
                and start - datetime.now(UTC) > it["short_notice"]
                and (it["appointment"] is None or start < starts[it["appointment"]])
            ):  # fmt: skip
                yield f"{it['id']} waits although {start} is free"
