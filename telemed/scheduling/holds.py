"""A hold keeps a time for ten minutes while the form is filled; whoever knows its secret may extend it once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.errors import NotFound
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.once import NEVER, Once
from telemed.scheduling import wishes
from telemed.scheduling.codes import Codes
from telemed.scheduling.refusals import AlreadyExtended, HoldGone
from telemed.scheduling.services import nearness
from telemed.scheduling.types import Appointment, Hold, Wish

LENGTH: Final = timedelta(minutes=10)


async def hold(
    db: Database, codes: Codes, caller: Caller, wish: Wish, once: Once = NEVER, *, near: bool = False
) -> Hold:
    """Keeps a time; `near`: for somebody who is known to live near.

    Raises SlotTaken, NotASlot, KeptForNear, InThePast, Invalid, Forbidden, NotFound, KeyReused.
    """
    wishes.check(caller, wish)
    near = near or await nearness.is_near(db, caller, wish)
    appointment = new_id()
    caller = caller.about(appointment)

    async def take(tx: Tx) -> Appointment | None:
        now = clock.now()
        return await tx.maybe(
            Appointment, "scheduling.hold", id=appointment, service=wish.service, start=wish.start, mode=wish.mode,
            near=near, station=wish.station, assistant=wishes.assistant(caller, wish), expires=now + LENGTH,
            key=once.key, digest=once.digest, now=now,
        )  # fmt: skip

    return _with_secret(codes, await wishes.win(db, caller, "hold.make", wish, near, once, None, take))


async def extend(db: Database, codes: Codes, caller: Caller, hold: UUID, secret: str) -> Hold:
    """Ten more minutes from now, once. Raises AlreadyExtended, HoldGone, NotFound."""
    caller = holder(codes, caller, hold, secret)
    now = clock.now()
    async with db.transaction(caller) as tx:
        extended = await tx.maybe(Appointment, "scheduling.extend_hold", id=hold, expires=now + LENGTH, now=now)
        if extended is None:
            found = await tx.one(Appointment, "scheduling.appointment", id=hold)
            raise AlreadyExtended if found.status == "held" else HoldGone
    return _with_secret(codes, extended)


async def release(db: Database, codes: Codes, caller: Caller, hold: UUID, secret: str) -> None:
    """Gives the time back; a hold that is over already is as good as released. Raises NotFound."""
    async with db.transaction(holder(codes, caller, hold, secret)) as tx:
        await tx.run("scheduling.release_hold", id=hold, now=clock.now())


def holder(codes: Codes, caller: Caller, hold: UUID, secret: str) -> Caller:
    """The caller as the one who holds this. Raises NotFound to whoever does not know the secret."""
    if not codes.is_holder(hold, secret):
        raise NotFound
    caller = caller.about(hold)
    may(caller, "hold.change", Thing(appointment=hold))
    return caller


def _with_secret(codes: Codes, it: Appointment) -> Hold:
    return Hold(**msgspec.structs.asdict(it), secret=codes.hold_secret(it.id))
