"""What a practice settles for all its doctors: whether people nearby come first (B-08), when patients are reminded."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from telemed.db import Tx
from telemed.errors import Invalid
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.scheduling.hours import hours
from telemed.text import Text, _

REMINDERS: Final = (72, 24, 2)  # hours before
_DAY: Final = timedelta(days=1)


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """`near_minutes`: travel that counts as near; None, nobody comes first. `near_share`: percent of the starts kept
    for them until `near_until` before. `head_start`: so much earlier they can book every time.
    """

    near_minutes: int | None = None
    near_share: int = 0
    near_until: timedelta = 2 * _DAY
    head_start: timedelta = timedelta()
    reminders: tuple[int, ...] = REMINDERS


class Practice(Settled, frozen=True, kw_only=True):
    id: UUID
    name: str
    town: str
    zone: str


async def read(tx: Tx, caller: Caller, site: UUID) -> Practice:
    """Raises NotFound for another practice."""
    may(caller, "site.change", Thing(site=site))
    return await tx.one(Practice, "services.settings", site=site)


async def settle(tx: Tx, caller: Caller, site: UUID, wanted: Settled) -> None:
    """Raises Invalid naming every field that is wrong, NotFound."""
    may(caller, "site.change", Thing(site=site))
    wrong: dict[str, Text] = {}
    if wanted.near_minutes is not None and not 5 <= wanted.near_minutes <= 240:
        wrong["near_minutes"] = _("Please write 5 to 240 minutes.")
    if not 0 <= wanted.near_share <= 100:
        wrong["near_share"] = _("Please write 0 to 100.")
    for name in ("near_until", "head_start"):
        if not timedelta() <= getattr(wanted, name) <= 30 * _DAY:
            wrong[name] = _("Please write 0 to 30 days.")
    if not set(wanted.reminders) <= set(REMINDERS):
        wrong["reminders"] = _("Please choose from the list.")
    if wrong:
        raise Invalid(fields=wrong)
    row = {name: getattr(wanted, name) for name in Settled.__struct_fields__}
    await tx.run("services.settle", site=site, **row)
    await hours.note(tx, site, "nearness, reminders", "site.change")
