"""Verdicts that stand with an appointment: noted by its patient, read by its practice."""

from __future__ import annotations

from uuid import UUID

from telemed import clock
from telemed.db import Database, Tx
from telemed.identity.callers import Caller
from telemed.precheck.types import Kept, Level


async def note(db: Database, caller: Caller, appointment: UUID, level: Level) -> None:
    """The latest one counts; of an appointment that is over, none is kept."""
    async with db.transaction(caller) as tx:
        await tx.run("precheck.note", appointment=appointment, level=level, now=clock.now())


async def latest(tx: Tx, appointment: UUID) -> Kept | None:
    """As far as the transaction's caller may see it."""
    return await tx.maybe(Kept, "precheck.latest", appointment=appointment)


async def first_rung(db: Database, caller: Caller, appointment: UUID) -> Level | None:
    """What the call page begins with; None: nothing is known."""
    async with db.transaction(caller) as tx:
        known = await latest(tx, appointment)
    return known.level if known is not None else None
