"""The site's own care: whether a station works this morning, as a traffic light; and figures that name nobody."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.errors import Forbidden
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.precheck.types import Level
from telemed.stations.types import Screen

Found = Literal["ok", "weak", "bad"]
Item = Literal["camera", "microphone", "line"]
Light = Literal["green", "yellow", "red", "unknown"]

FEW: Final = 5  # fewer could be somebody; `month_figures` in SQL holds it back already
# A call of a station should have moving pictures; the voice alone is a reason to look for the cause.
_LINE: Final[dict[Level, Found]] = {"full": "ok", "small": "ok", "still": "weak", "audio": "weak", "phone": "bad"}


class Look(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the screen found. `line`: the verdict of the check; None: this installation cannot measure it."""

    camera: Found
    microphone: Found
    line: Level | None = None


class Station(msgspec.Struct, frozen=True):
    """A station and how it was found today."""

    id: UUID
    name: str
    at: datetime | None
    camera: Found | None
    microphone: Found | None
    line: Found | None

    @property
    def light(self) -> Light:
        if self.at is None:
            return "unknown"
        found = set(self.items.values())
        return "red" if "bad" in found else "yellow" if "weak" in found else "green"

    @property
    def items(self) -> dict[Item, Found]:
        """What was looked at."""
        every: dict[Item, Found | None] = {
            "camera": self.camera, "microphone": self.microphone, "line": self.line,
        }  # fmt: skip
        return {item: found for item, found in every.items() if found is not None}


class Month(msgspec.Struct, frozen=True):
    """Figures of a month; None: fewer than FEW. `broken`: of the `checked` mornings, those with something broken."""

    walk_ins: int | None
    consultations: int | None
    wait: timedelta | None
    checked: int
    broken: int

    @property
    def wait_minutes(self) -> int | None:
        return None if self.wait is None else round(self.wait / timedelta(minutes=1))


async def note(db: Database, caller: Caller, look: Look) -> None:
    """How the calling screen's station was found; the last look of a day counts."""
    may(caller, "station.check", Thing(station=caller.station))
    now = clock.now()
    async with db.transaction(caller) as tx:
        screen = await tx.one(Screen, "stations.screen", station=caller.station)
        await tx.run(
            "care.note", station=caller.station, day=now.astimezone(ZoneInfo(screen.zone)).date(), now=now,
            camera=look.camera, microphone=look.microphone, line=_LINE[look.line] if look.line else None,
        )  # fmt: skip


async def stations(tx: Tx, site: UUID) -> list[Station]:
    """Those of a site, as they are today."""
    return await tx.many(Station, "care.stations", site=site, now=clock.now())


async def station(tx: Tx, station: UUID) -> Station | None:
    """One of them, for whoever may be called from there."""
    return await tx.maybe(Station, "care.station", station=station, now=clock.now())


async def months(tx: Tx, caller: Caller, today: date) -> list[tuple[date, Month]]:
    """This month so far and the one before, of the caller's site."""
    if caller.site is None:
        raise Forbidden
    may(caller, "station.change", Thing(site=caller.site))
    this = today.replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    return [(month, await tx.one(Month, "care.month", month=month)) for month in (this, last)]
