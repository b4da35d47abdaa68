"""The waiting room: who waits is told how long it may be, and learns nothing of anybody else but how many there are.

A place is kept by the time of the appointment, so neither a reload nor a lost line costs it. This is no part of the
room's log: it depends on other rooms, and the next message says all of it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.consultation import messages as m
from telemed.db import Database, Tx
from telemed.errors import Invalid, NotFound
from telemed.identity.access import Thing, may
from telemed.identity.callers import SYSTEM, Caller
from telemed.text import Text, _

if TYPE_CHECKING:
    from telemed.consultation.connection import Connection

PAUSE: Final = 0.3  # seconds between two looks: a busy morning changes often
NOTE: Final = 200  # characters
LATE: Final = timedelta(hours=8)  # after which what was said about today is forgotten


class Standing(msgspec.Struct, frozen=True):
    """How things stand for the patient of one appointment."""

    appointment: UUID
    busy: bool
    ahead: int
    late_minutes: int
    note: str


class Lobby:
    """Every socket of this node whose seat waits, and what it was told last."""

    def __init__(self, db: Database, spawn: Callable[[Coroutine[object, object, None]], None]) -> None:
        self._db, self._spawn = db, spawn
        self._waiters: dict[Connection, m.Lobby | None] = {}
        self._soon = False
        self._looking = asyncio.Lock()

    def enter(self, waiter: Connection) -> None:
        """It waits, or something in its room has changed."""
        self._waiters.setdefault(waiter)
        self.changed()

    def leave(self, waiter: Connection) -> None:
        self._waiters.pop(waiter, None)

    def changed(self, _about: str = "") -> None:
        """Something has happened somewhere: everybody here is looked at again in a moment, in one statement."""
        if self._waiters and not self._soon:
            self._soon = True
            asyncio.get_running_loop().call_later(PAUSE, lambda: self._spawn(self._look()))

    async def _look(self) -> None:
        async with self._looking:  # one after the other: a slow one among thousands must not take every connection
            self._soon = False
            appointments = [waiter.claims.appointment for waiter in self._waiters if waiter.claims]
            if not appointments:
                return
            async with self._db.transaction(SYSTEM) as tx:
                found = {it.appointment: it for it in await standings(tx, appointments)}
            for waiter in tuple(self._waiters):
                me = waiter.state.members.get(waiter.me.seat) if waiter.me else None
                if waiter.claims is None or me is None or me.admitted:
                    self.leave(waiter)
                elif waiter.claims.appointment in found:
                    doctor = waiter.state.members.get("practitioner")
                    here = doctor is not None and doctor.here
                    self._tell(waiter, told(found[waiter.claims.appointment], practitioner_here=here))

    def _tell(self, waiter: Connection, news: m.Lobby) -> None:
        if self._waiters.get(waiter) != news:
            self._waiters[waiter] = news
            waiter.send(news)


async def standings(tx: Tx, appointments: list[UUID]) -> list[Standing]:
    """How things stand for each of them; the caller's eyes must see the others' appointments."""
    return await tx.many(Standing, "consultation.lobby", appointments=appointments, now=clock.now())


def told(standing: Standing, *, practitioner_here: bool) -> m.Lobby:
    """As the page is told it."""
    doctor: m.DoctorState = "busy" if standing.busy else "ready" if practitioner_here else "away"
    return m.Lobby(doctor, standing.ahead, standing.late_minutes, standing.note)


async def say_late(
    tx: Tx, caller: Caller, site: UUID, practitioner: UUID, minutes: int | None, note: str
) -> None:  # fmt: skip
    """The practice says how late a doctor is, until the evening; 0 takes it back. Raises Invalid, NotFound."""
    may(caller, "lobby.late", Thing(site=site))
    wrong: dict[str, Text] = {}
    if minutes is None or not 0 <= minutes <= 240:
        wrong["minutes"] = _("Please write 0 to 240 minutes.")
    if len(note) > NOTE:
        wrong["note"] = _("Please write at most 200 characters.")
    if wrong:
        raise Invalid(fields=wrong)
    now = clock.now()
    said = await tx.value(
        "consultation.say_late", practitioner=practitioner, minutes=minutes, note=note if minutes else "",
        until=now + LATE if minutes else None, now=now,
    )  # fmt: skip
    if said is None:
        raise NotFound
