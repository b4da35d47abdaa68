"""Keeping the bounds of free starts near the truth; that they are never later, migration 0010_next_free sees to."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM

AT_ONCE: Final = 500  # rows of a transaction
SETTLED: Final = timedelta(seconds=10)  # who was booking then has ended
SOON: Final = timedelta(minutes=3)  # so that a round may come two minutes late


async def tighten(db: Database) -> int:
    """The worker's round: bounds whose start is soon over or that are roughly right only. How many there were."""
    found = 0
    while True:
        async with db.transaction(SYSTEM) as tx:
            now = clock.now()
            batch: int = await tx.value(
                "directory.tighten", now=now, soon=now + SOON, settled=now - SETTLED, most=AT_ONCE
            )
        found += batch
        if batch < AT_ONCE:
            return found
