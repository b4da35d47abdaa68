"""Judges what a crowd of clients was told about bookings, from the outside: their requests, the answers, and the rows
that are left. No database and no clock in here, so the same judge serves storms, kills and other implementations.

What a client cannot know is left open in the system's favour: a booking *certainly* occupies its places from its
acknowledgement to the moment something that could end it is sent; it *possibly* does from its request on, until
something that ended it is acknowledged.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, TypeVar

FOREVER = float("inf")
TAKEN = "slot_taken"


class Place(NamedTuple):
    """A resource for a time; any ordered values will do for start and end. A day that takes so many bookings and no
    more is a resource, too, and its time is the whole day.
    """

    resource: str
    start: Any
    end: Any

    def meets(self, other: Place) -> bool:
        return self.resource == other.resource and self.start < other.end and other.start < self.end


Places = frozenset[Place]
T = TypeVar("T")


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


class Register(Generic[T]):
    """Things by the places they are at: a storm has thousands, and few of them meet."""

    def __init__(self, things: Iterable[tuple[Places, T]]) -> None:
        self._by_resource: dict[str, list[tuple[Any, int, Place, T]]] = defaultdict(list)
        for number, (places, thing) in enumerate(things):
            for place in places:
                self._by_resource[place.resource].append((place.start, number, place, thing))
        self._longest: dict[str, Any] = {}
        for resource, there in self._by_resource.items():
            there.sort(key=lambda entry: entry[:2])
            self._longest[resource] = max(place.end - place.start for _start, _number, place, _thing in there)

    def meeting(self, places: Places) -> Iterator[T]:
        """Each thing once, in the order it came."""
        found: dict[int, T] = {}
        for place in places:
            there = self._by_resource.get(place.resource, [])
            first = bisect_left(there, (place.start - self._longest.get(place.resource, 0), -1)) if there else 0
            for start, number, other, thing in there[first:]:
                if start >= place.end:
                    break
                if place.meets(other):
                    found[number] = thing
        return iter(found[number] for number in sorted(found))


Most = Mapping[str, int]


def complaints(
    events: Iterable[Event], rows: Iterable[Row], *, may_lose: bool = False, most: Most | None = None
) -> list[str]:
    """Everything that is wrong; empty if nothing. With `may_lose` (kills), unanswered requests are no fault.

    `most`: resource -> how many may be there at once; at all others only one.
    """
    events, rows, most = list(events), list(rows), most or {}
    certain, possible = surely(events), list(_stays(events, _perhaps))
    return [
        *(() if may_lose else (f"unanswered: {event}" for event in events if event.lost)),
        *_overlapping_rows(rows, most),
        *_overlapping_stays(certain, most),
        *_vanished(events, {row.appointment: row for row in rows}),
        *_refused_for_nothing(events, possible, rows, most),
        *_offered_what_was_taken(events, certain, most),
        *_doubled(events),
    ]


def surely(events: Iterable[Event]) -> list[Stay]:
    """Who was where for certain."""
    return list(_stays(list(events), _surely))


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


def _overlapping_rows(rows: list[Row], most: Most) -> Iterator[str]:
    active = [(number, row) for number, row in enumerate(rows) if row.active]
    register = Register((_alone(row.places, most), (number, row)) for number, row in active)
    for one, row in active:
        for two, other in register.meeting(_alone(row.places, most)):
            if one < two:
                yield f"double booking in the end: {row} and {other}"
    there = Counter(place for _number, row in active for place in row.places - _alone(row.places, most))
    yield from (f"too many in the end: {n} at {place}" for place, n in there.items() if n > most[place.resource])


def _overlapping_stays(certain: list[Stay], most: Most) -> Iterator[str]:
    register = Register((_alone(stay.places, most), (number, stay)) for number, stay in enumerate(certain))
    for number, one in enumerate(certain):
        for later, other in register.meeting(_alone(one.places, most)):
            if (
                number < later and one.appointment != other.appointment
                and max(one.since, other.since) < min(one.until, other.until)
            ):  # fmt: skip
                yield f"double booking at one moment: {one} and {other}"
    shared = Register((stay.places - _alone(stay.places, most), stay) for stay in certain)
    for place in {place for stay in certain for place in stay.places if place.resource in most}:
        for since, until in _crowded(shared.meeting(frozenset({place})), most[place.resource] + 1):
            yield f"too many from {since} to {until}: {place}"


def _alone(places: Places, most: Most) -> Places:
    """Those where nobody else can be."""
    return frozenset(place for place in places if place.resource not in most)


def _crowded(stays: Iterable[Stay], number: int) -> list[tuple[float, float]]:
    """When at least so many appointments were there."""
    turns = [turn for stay in stays for turn in ((stay.since, 1, stay), (stay.until, -1, stay))]
    there: Counter[object] = Counter()
    found, began = list[tuple[float, float]](), FOREVER
    for at, change, stay in sorted(turns, key=lambda turn: turn[:2]):
        there[stay.appointment] += change
        full = sum(count > 0 for count in there.values()) >= number
        if full and began == FOREVER:
            began = at
        elif not full and began < FOREVER:
            found.append((began, at))
            began = FOREVER
    return found


def _vanished(events: list[Event], rows: dict[object, Row]) -> Iterator[str]:
    for stay in _stays(events, _surely):
        if stay.until == FOREVER:
            row = rows.get(stay.appointment)
            if row is None or not row.active or not stay.places <= row.places:
                yield f"acknowledged but not there: {stay}, the row is {row}"


def _refused_for_nothing(events: list[Event], possible: list[Stay], rows: list[Row], most: Most) -> Iterator[str]:
    """Rows of lost requests justify a refusal too: nobody was told their ids."""
    known = {stay.appointment for stay in possible}
    stays = Register((stay.places, stay) for stay in possible)
    untold = Register((row.places, row) for row in rows if row.appointment not in known)
    for event in events:
        if event.outcome == TAKEN and event.answered is not None:
            for place in event.places:
                there = {
                    stay.appointment for stay in stays.meeting(frozenset({place}))
                    if stay.appointment != event.appointment and stay.since < event.answered and event.sent < stay.until
                }  # fmt: skip
                there |= {row.appointment for row in untold.meeting(frozenset({place}))}
                if len(there) >= most.get(place.resource, 1):
                    break
            else:
                yield f"refused although nobody was there: {event}"


def _offered_what_was_taken(events: list[Event], certain: list[Stay], most: Most) -> Iterator[str]:
    register = Register((stay.places, stay) for stay in certain)
    for event in events:
        for offered in event.alternatives:
            inside = [
                period for place in offered
                for period in _crowded(register.meeting(frozenset({place})), most.get(place.resource, 1))
            ]  # fmt: skip
            reached = event.sent
            for since, until in sorted(inside):
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
