"""Appointments that lie outside the hours after a change: listed until the practice has decided about each of them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from telemed import clock
from telemed.db import Tx
from telemed.identity.callers import Caller
from telemed.scheduling.changes import opened
from telemed.scheduling.types import Appointment

SHOWN: Final = 200


async def outside(tx: Tx, site: UUID) -> list[Appointment]:
    """Booked, in the future, inside no opening, and neither kept nor put there on purpose; at most SHOWN, in order."""
    return await tx.many(Appointment, "hours.outside", site=site, now=clock.now(), limit=SHOWN)


async def keep(tx: Tx, caller: Caller, appointment: UUID) -> None:
    """It takes place although the practice's hours say otherwise; kept already: as it is. Raises NotFound."""
    await opened(tx, caller, "hours.change", appointment)
    await tx.run("hours.keep", id=appointment, now=clock.now())
