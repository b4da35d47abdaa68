"""What can be booked with practitioners, and when first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.directory.types import Service
from telemed.scheduling.types import FirstFree

NOTHING: Final[Mapping[UUID, datetime]] = MappingProxyType({})


async def services_of(
    tx: Tx, practitioners: list[UUID], near: list[bool] | None = None, known: Mapping[UUID, datetime] = NOTHING
) -> dict[UUID, list[Service]]:
    """Everybody's services with their earliest free start, unless it is `known`.

    `near` says for each practitioner whether the patient lives near the practice.
    """
    rows = await tx.many(Service, "directory.services", practitioners=practitioners)
    is_near = dict(zip(practitioners, near, strict=True)) if near is not None else {}
    unknown = [row for row in rows if row.id not in known]
    starts = await tx.many(
        FirstFree, "scheduling.first_free", services=[row.id for row in unknown],
        near=[is_near.get(row.practitioner) for row in unknown], now=clock.now(),
    ) if unknown else []  # fmt: skip
    earliest = {row.service: row.start for row in starts} | dict(known)
    services: dict[UUID, list[Service]] = {practitioner: [] for practitioner in practitioners}
    for row in rows:
        services[row.practitioner].append(msgspec.structs.replace(row, earliest=earliest.get(row.id)))
    return services
