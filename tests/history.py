"""Judges what a crowd of clients was told about bookings, from the outside: their requests, the answers, and the rows
that are left. No database and no clock in here, so the same judge serves storms, kills and other implementations.

What a client cannot know is left open in the system's favour: a booking *certainly* occupies its places from its
acknowledgement to the moment something that could end it is sent; it *possibly* does from its request on, until
something that ended it is acknowledged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, NamedTuple

FOREVER = float("inf")
TAKEN = "slot_taken"


class Place(NamedTuple):
    """A resource for a time; any ordered values will do for start and end."""

    resource: str
    start: Any
    end: Any

    def meets(self, other: Place) -> bool:
        return self.resource == other.resource and self.start < other.end and other.start < self.end


Places = frozenset[Place]


@dataclass(frozen=True)
class Event:
    """One request. `sent` and `answered` are seconds of one clock; `outcome` is "ok", a refusal's code, or None if no
    answer came. `expire` is the test itself ending a hold's time.
    """

    verb: Literal["hold", "book", "move", "cancel", "release", "expire"]
    sent: float
    answered: float | None
    outcome: str | None
    appointment: object = None
    places: Places = frozenset()  # wanted or got; none: a repeat that only tells what became of it
    alternatives: tuple[Places, ...] = ()
    key: str | None = None

    @property
    def places_it(self) -> bool:
        return self.verb in ("hold", "book", "move")

    @property
    def worked(self) -> bool:
        return self.outcome == "ok"

    @property
    def lost(self) -> bool:
        return self.outcome is None


@dataclass(frozen=True)
class Row:
    """What is left in the end. `active`: it reserves its places."""

    appointment: object
    places: Places
    active: bool


class Stay(NamedTuple):
    """One appointment at its places, from one instant to another."""

    appointment: object
    places: Places
    since: float
    until: float


def complaints(events: Iterable[Event], rows: Iterable[Row], *, may_lose: bool = False) -> list[str]:
    """Everything that is wrong; empty if nothing. With `may_lose` (kills), unanswered requests are no fault."""
    events, rows = list(events), list(rows)
    certain, possible = list(_stays(events, _surely)), list(_stays(events, _perhaps))
    return [
        *(() if may_lose else (f"unanswered: {event}" for event in events if event.lost)),
        *_overlapping_rows(rows),
        *_overlapping_stays(certain),
        *_vanished(events, {row.appointment: row for row in rows}),
        *_refused_for_nothing(events, possible, rows),
        *_offered_what_was_taken(events, certain),
        *_doubled(events),
    ]


def _stays(events: list[Event], length: Callable[[Event, list[Event]], tuple[float, float]]) -> Iterator[Stay]:
    by_appointment: dict[object, list[Event]] = defaultdict(list)
    for event in events:
        by_appointment[event.appointment].append(event)
    for event in events:
        if event.places_it and event.places and event.appointment is not None and (event.worked or event.lost):
            since, until = length(event, by_appointment[event.appointment])
            if since < until:
                yield Stay(event.appointment, event.places, since, until)


def _surely(event: Event, others: list[Event]) -> tuple[float, float]:
    ends = (
        other.sent
        for other in others
        if other is not event and (other.worked or other.lost) and other.verb in ("move", "cancel", "release", "expire")
        and (other.answered is None or event.sent < other.answered)
    )  # fmt: skip
    return FOREVER if event.answered is None else event.answered, min(ends, default=FOREVER)


def _perhaps(event: Event, others: list[Event]) -> tuple[float, float]:
    ends = (
        other.answered
        for other in others
        if other.worked and other.verb in ("move", "cancel", "release") and other.answered is not None
        and event.answered is not None and event.answered <= other.sent
    )  # fmt: skip
    return event.sent, min(ends, default=FOREVER)


def _meet(some: Places, others: Places) -> bool:
    return any(one.meets(other) for one in some for other in others)


def _overlapping_rows(rows: list[Row]) -> Iterator[str]:
    for one, other in combinations([row for row in rows if row.active], 2):
        if _meet(one.places, other.places):
            yield f"double booking in the end: {one} and {other}"


def _overlapping_stays(certain: list[Stay]) -> Iterator[str]:
    for one, other in combinations(certain, 2):
        if (
            one.appointment != other.appointment and max(one.since, other.since) < min(one.until, other.until)
            and _meet(one.places, other.places)
        ):  # fmt: skip
            yield f"double booking at one moment: {one} and {other}"


def _vanished(events: list[Event], rows: dict[object, Row]) -> Iterator[str]:
    for stay in _stays(events, _surely):
        if stay.until == FOREVER:
            row = rows.get(stay.appointment)
            if row is None or not row.active or not stay.places <= row.places:
                yield f"acknowledged but not there: {stay}, the row is {row}"


def _refused_for_nothing(events: list[Event], possible: list[Stay], rows: list[Row]) -> Iterator[str]:
    """Rows of lost requests justify a refusal too: nobody was told their ids."""
    for event in events:
        if event.outcome == TAKEN and event.answered is not None:
            others = [
                stay.places for stay in possible
                if stay.appointment != event.appointment and stay.since < event.answered and event.sent < stay.until
            ]  # fmt: skip
            known = {stay.appointment for stay in possible}
            others += [row.places for row in rows if row.appointment not in known]
            if not any(_meet(event.places, places) for places in others):
                yield f"refused although nobody was there: {event}"


def _offered_what_was_taken(events: list[Event], certain: list[Stay]) -> Iterator[str]:
    for event in events:
        for offered in event.alternatives:
            inside = sorted((s.since, s.until) for s in certain if _meet(s.places, offered))
            reached = event.sent
            for since, until in inside:
                if since <= reached:
                    reached = max(reached, until)
            if event.answered is not None and reached >= event.answered:
                yield f"offered {set(offered)} which was taken all the time: {event}"


def _doubled(events: list[Event]) -> Iterator[str]:
    made: dict[str, set[object]] = defaultdict(set)
    for event in events:
        if event.key is not None and event.worked:
            made[event.key].add(event.appointment)
    for key, appointments in made.items():
        if len(appointments) > 1:
            yield f"one request made {len(appointments)} bookings: {key}"
