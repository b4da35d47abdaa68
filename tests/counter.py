"""What tests of walk-ins and of doctors on call say again and again."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import asyncpg

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import Caller
from telemed.scheduling.types import Patient
from telemed.stations import oncall, walkins
from telemed.stations.walkins import Arrival, Outlook
from tests.booking import CODES
from tests.people import CALLERS, STATION, STATION_GRAMZOW

PETRA, PAUL, BOB, CHARLIE, CARLA = (CALLERS[who] for who in ("petra", "paul", "bob", "charlie", "carla"))
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


async def come(db: Database, name: str, caller: Caller = PETRA, specialty: str = "general") -> UUID:
    station = STATION if caller is PETRA else STATION_GRAMZOW
    patient = Patient(f"{name} Probe", date(1970, 1, 1))
    return await walkins.add(db, CODES, caller, Arrival(station=station, specialty=specialty, patient=patient))


async def on_call(db: Database, *doctors: Caller, hours: int = 3) -> None:
    for doctor in doctors:
        await oncall.open_until(db, doctor, clock.now() + hours * HOUR)


async def next_of(db: Database, doctor: Caller = BOB) -> UUID | None:
    offered = (await oncall.look(db, doctor)).offered
    return offered.id if offered else None


async def status(owner: asyncpg.Connection, walk_in: UUID) -> str:
    return str(await owner.fetchval("SELECT status FROM walk_in WHERE id = $1", walk_in))


async def outlook(db: Database, caller: Caller = PETRA) -> Outlook:
    assert caller.site
    await walkins.tidy(db, caller)
    async with db.transaction(caller) as tx:
        return await walkins.outlook(tx, caller, caller.site, ["general", "dermatology"])
