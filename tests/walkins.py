"""Judges a queue of walk-ins from the outside: what each counter and each doctor did, and what they were told.

Time goes in ticks, and within one everybody acts at once. So what somebody was told in a tick is compared with how
things stood when it began; whatever was touched in the same tick is left open in the system's favour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

Verb = Literal["add", "leave", "open", "close", "look", "accept", "hand_on", "decline", "join", "end"]
Status = Literal["waiting", "offered", "accepted", "joined", "served", "declined", "left"]
GONE, SILENT = 90, 120  # seconds: without a sign of life; without an answer, or without coming into the room


@dataclass(frozen=True)
class Act:
    """`told`: look: who was offered, or None; of the others whether it was done. `room`, `first`: of a new walk-in."""

    at: int  # seconds; the same for everything of a tick
    verb: Verb
    who: str  # doctor or counter
    walk_in: object = None
    done: bool = True
    room: str = ""
    urgent: bool = False


@dataclass
class Person:
    """A walk-in as far as an outsider can know."""

    came: int
    room: str
    status: Status = "waiting"
    doctor: str = ""
    since: int = 0
    urgent: bool = False
    handed_on: set[str] = field(default_factory=set)

    @property
    def occupies(self) -> bool:
        return self.status in ("offered", "accepted", "joined")


class Queue:
    """What is known at the beginning of a tick."""

    def __init__(self) -> None:
        self.people: dict[object, Person] = {}
        self.open: set[str] = set()
        self.seen: dict[str, int] = {}
        self.served: defaultdict[object, int] = defaultdict(int)

    def begin(self, at: int) -> None:
        """Who has vanished by now has lost whom they were offered, or never came to."""
        for one in self.people.values():
            if one.status == "offered" and at - one.since > SILENT:
                self.open.discard(one.doctor)
            gone = one.doctor not in self.open or at - self.seen.get(one.doctor, 0) > GONE
            if gone and (one.status == "offered" or (one.status == "accepted" and at - one.since > SILENT)):
                one.status, one.doctor = "waiting", ""

    def free(self, doctor: str) -> bool:
        return doctor in self.open and not any(one.occupies and one.doctor == doctor for one in self.people.values())

    def first(self, doctor: str, untouched: Mapping[object, Person]) -> list[object]:
        """Whom this doctor could certainly be offered, in order."""
        rooms = {one.room for key, one in self.people.items() if one.occupies or key not in untouched}
        able = [
            (not one.urgent, one.came, key)
            for key, one in untouched.items()
            if one.status == "waiting" and doctor not in one.handed_on and one.room not in rooms
        ]
        return [key for _urgent, _came, key in sorted(able, key=lambda it: it[:2])]

    def after(self, act: Act) -> None:
        one = self.people.get(act.walk_in)
        if act.verb in ("open", "close"):
            (self.open.add if act.verb == "open" else self.open.discard)(act.who)
        if act.verb in ("open", "look"):
            self.seen[act.who] = act.at
        if not act.done or act.walk_in is None:
            return
        if act.verb == "add":
            self.people[act.walk_in] = Person(act.at, act.room)
        if one is None:
            return
        if act.verb == "hand_on":
            one.status, one.doctor, one.urgent = "waiting", "", one.urgent or act.urgent
            one.handed_on.add(act.who)
        elif act.verb == "look" and one.status == "waiting":
            one.status, one.doctor, one.since = "offered", act.who, act.at
        elif act.verb in ("accept", "join", "end", "decline", "leave"):
            became: dict[str, Status] = {
                "accept": "accepted", "join": "joined", "end": "served", "decline": "declined", "leave": "left",
            }  # fmt: skip
            one.status, one.since = became[act.verb], act.at
            self.served[act.walk_in] += act.verb == "end"


def complaints(acts: Iterable[Act], left: Mapping[object, str]) -> list[str]:
    """Everything that is wrong; empty if nothing. `left`: what the database says of each in the end."""
    queue = Queue()
    found: list[str] = []
    for at, together in groupby(acts, key=lambda act: act.at):
        queue.begin(at)
        tick = list(together)
        found += _of_tick(queue, tick)
        # What gives back comes before what takes, because it must have been so.
        for act in sorted(tick, key=lambda act: act.verb == "look"):
            queue.after(act)
    for key, one in queue.people.items():
        status = {"joined": "accepted", "served": "accepted"}.get(one.status, one.status)
        if left.get(key) != status:
            found.append(f"lost: {key} should be {status}, is {left.get(key)}")
        if queue.served[key] > 1:
            found.append(f"served twice: {key}")
        nobody = one.status == "waiting" and queue.open <= one.handed_on  # every doctor there has asked for another one
        if one.status not in ("served", "declined", "left") and not nobody:
            found.append(f"still there in the end: {key}, {one.status}")
    return found


def _of_tick(queue: Queue, tick: list[Act]) -> Iterator[str]:
    touched = {act.walk_in for act in tick if act.walk_in is not None}
    closed = {act.who for act in tick if act.verb in ("close", "open")}
    touched |= {key for key, one in queue.people.items() if one.doctor in closed}
    untouched = {key: one for key, one in queue.people.items() if key not in touched}
    given: dict[object, str] = {}
    for act in tick:
        one = queue.people.get(act.walk_in)
        if act.verb == "look":
            yield from _of_look(queue, act, tick, untouched, given)
        elif act.verb in ("accept", "join", "end") and act.done and (one is None or one.doctor != act.who):
            yield f"{act.verb} of somebody else's: {act}, {one}"
        elif act.verb in ("accept", "hand_on", "decline") and not act.done and one is not None:
            others = any(it.walk_in == act.walk_in and it is not act for it in tick)
            if one.doctor == act.who and one.status == "offered" and not others:
                yield f"refused for nothing: {act}"


def _of_look(
    queue: Queue, act: Act, tick: list[Act], untouched: Mapping[object, Person], given: dict[object, str]
) -> Iterator[str]:
    one = queue.people.get(act.walk_in)
    able = queue.first(act.who, untouched)
    if act.walk_in is None:
        if able and queue.free(act.who):
            yield f"nobody offered to {act.who} although {able[0]} waits"
        return
    back = any(it.walk_in == act.walk_in and it.verb == "hand_on" for it in tick)
    back = back or (one is not None and any(it.who == one.doctor and it.verb == "close" for it in tick))
    if given.setdefault(act.walk_in, act.who) != act.who and not back:
        yield f"offered to two at once: {act}, {given}"
    if one is None or (one.doctor == act.who and one.status == "offered"):
        return  # new in this tick, or the same again
    if one.status != "waiting" and not back:
        yield f"offered although {one.status}: {act}, {one}"
    elif act.who in one.handed_on:
        yield f"offered again to who handed it on: {act}"
    elif able and not one.urgent and not any(it.walk_in == act.walk_in and it.urgent for it in tick):
        before = queue.people[able[0]]
        if before.urgent or before.came < one.came:
            yield f"{act.walk_in} came at {one.came} and went before {able[0]}, at {before.came}"
