"""Appointments as the lists of practice and station show them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from telemed import clock
from telemed.consultation.tickets import CLOSES, OPENS
from telemed.db import Tx
from telemed.errors import Forbidden, NotLoggedIn
from telemed.identity.callers import Caller
from telemed.precheck.types import Level
from telemed.scheduling.types import Appointment

State = Literal["waiting", "talking", "away", "late", "booked", "fulfilled", "cancelled", "noshow"]
LATE = timedelta(minutes=5)


class Row(Appointment, frozen=True, kw_only=True):
    """`here_since`: the patient's page is open since then. `inside`: they have been let in. `line`: as checked."""

    practitioner_person: UUID | None
    here_since: datetime | None
    inside: bool
    line: Level | None = None

    @property
    def state(self) -> State:
        """What the list says about it, in one word."""
        if self.status == "fulfilled" or self.status == "cancelled" or self.status == "noshow":
            return self.status
        if self.here_since is not None:
            return "talking" if self.inside else "waiting"
        if self.status == "arrived":
            return "away"
        return "late" if clock.now() > self.start + LATE and self.mode != "in_person" else "booked"

    @property
    def minutes(self) -> int:
        """How long the patient has been here."""
        return int((clock.now() - self.here_since) / timedelta(minutes=1)) if self.here_since else 0

    @property
    def open(self) -> bool:
        return self.status in ("booked", "arrived")


class Site(msgspec.Struct, frozen=True):
    """Where the caller works. `state`: whose public holidays it has (BB, MV, …); `on_holidays`: open on them."""

    id: UUID
    kind: Literal["practice", "pharmacy", "hub"]
    name: str
    town: str
    zone: str
    state: str
    on_holidays: bool

    @property
    def today(self) -> date:
        return clock.now().astimezone(ZoneInfo(self.zone)).date()


class Doctor(msgspec.Struct, frozen=True):
    """Whose appointments a practice can look at one by one."""

    id: UUID
    name: str
    person: UUID | None


async def site(tx: Tx, caller: Caller) -> Site:
    """Raises NotLoggedIn, or Forbidden for a login that works nowhere."""
    if caller.site is None:
        raise NotLoggedIn if caller.role == "anonymous" else Forbidden
    return await tx.one(Site, "desk.site", site=caller.site)


async def doctors(tx: Tx, at: Site) -> list[Doctor]:
    """Who can be booked there, by name."""
    return await tx.many(Doctor, "desk.practitioners", site=at.id)


async def day(tx: Tx, at: Site, on: date) -> list[Row]:
    """The appointments of a local day, and of today also those whose waiting room is open across midnight."""
    zone = ZoneInfo(at.zone)
    since, until = (datetime.combine(on + timedelta(days=n), time(), zone) for n in (0, 1))
    if on == at.today:
        since, until = min(since, clock.now() - CLOSES), max(until, clock.now() + OPENS)
    found = await tx.many(Row, "desk.between", site=at.id, since=since, until=until)
    return [row for row in found if row.start.astimezone(zone).date() == on or _about_now(row)]


def _about_now(row: Row) -> bool:
    """Of another date than today's, and still to be seen on its list: shortly before and after midnight."""
    return row.here_since is not None or (row.open and row.start > clock.now())


def read_day(text: str) -> date | None:
    """A day of an address; None if it is none that a calendar has."""
    try:
        on = date.fromisoformat(text)
    except ValueError:
        return None
    return on if 2000 <= on.year <= 2100 else None
