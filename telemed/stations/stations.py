"""What a station is like and who assists there: said by those who work there."""

from __future__ import annotations

from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.errors import Invalid, NotFound
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.stations.types import Assistant, Description, Station, Training
from telemed.text import _
from telemed.wording import HERE


async def stations(tx: Tx, caller: Caller, site: UUID) -> list[Station]:
    may(caller, "station.change", Thing(site=site))
    return await tx.many(Station, "stations.stations", site=site)


async def station(tx: Tx, caller: Caller, station: UUID) -> Station:
    """Raises NotFound."""
    site = await opened(tx, caller, station)
    return next(one for one in await stations(tx, caller, site) if one.id == station)


async def describe(tx: Tx, caller: Caller, station: UUID, said: Description) -> None:
    """Raises NotFound, Invalid."""
    await opened(tx, caller, station)
    directions = " ".join(said.directions.split())
    if not directions.isprintable():
        raise Invalid(fields={"directions": _("Please use letters and digits only.")})
    fields = {name: sorted(getattr(said, name)) for name in ("devices", "accessibility", "privacy")}
    await tx.run("stations.describe", station=station, directions=directions, now=clock.now(), **fields)


async def team(tx: Tx, caller: Caller, site: UUID) -> list[Assistant]:
    may(caller, "station.change", Thing(site=site))
    rows = await tx.many(_Learnt, "stations.team", site=site)
    return [msgspec.json.decode(row.as_json(), type=Assistant) for row in rows]


async def note_training(tx: Tx, caller: Caller, learnt: Training) -> None:
    """Raises Invalid for a day to come, NotFound for somebody of another site."""
    may(caller, "station.change")
    if learnt.passed > clock.now().astimezone(HERE).date():
        raise Invalid(fields={"passed": _("This day is still to come.")})
    fields = msgspec.structs.asdict(learnt)
    if not await tx.run("stations.note_training", now=clock.now(), **fields):
        raise NotFound


async def opened(tx: Tx, caller: Caller, station: UUID) -> UUID:
    """The site of a station that the caller works at. Raises NotFound."""
    site: UUID | None = await tx.value("stations.station", station=station)
    may(caller, "station.change", Thing(site=site))
    if site is None:
        raise NotFound
    return site


class _Learnt(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    passed: str  # JSON

    def as_json(self) -> bytes:
        return msgspec.json.encode({"id": self.id, "name": self.name, "passed": msgspec.Raw(self.passed.encode())})
