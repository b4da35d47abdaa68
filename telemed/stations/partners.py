"""From which pharmacies and halls a practice takes walk-ins: from all, until it chooses some."""

from __future__ import annotations

from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller


class Partner(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    town: str
    chosen: bool


async def sites(tx: Tx, caller: Caller, practice: UUID) -> list[Partner]:
    """Every pharmacy and hall with a station, the nearest first."""
    may(caller, "site.change", Thing(site=practice))
    return await tx.many(Partner, "stations.partners", practice=practice)


async def work_with(tx: Tx, caller: Caller, practice: UUID, chosen: list[UUID]) -> None:
    """None: with all of them, also with those that come later."""
    may(caller, "site.change", Thing(site=practice))
    await tx.run("stations.drop_partners", practice=practice)
    await tx.run("stations.add_partners", practice=practice, sites=chosen, now=clock.now())
