"""Whom a message reaches and whom somebody has to call, before it is sent; and a wrong address put right."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from telemed import clock, names
from telemed.db import Database, Tx
from telemed.errors import Invalid
from telemed.identity.callers import Caller
from telemed.notices.types import Channel, OpenNotice
from telemed.scheduling.types import Appointment
from telemed.scheduling.waitlist.waitlist import ways
from telemed.settings import Settings
from telemed.text import Text, _

_MOBILE: Final = ("+4915", "+4916", "+4917")


_NEEDED: Final[dict[Channel, str]] = {"email": "email", "sms": "phone", "phone": "phone"}
_UNREADABLE: Final = {
    "email": _("This does not look like an e-mail address. Please check it."),
    "phone": _("This does not look like a telephone number. Please check it."),
}


class _Id(msgspec.Struct, frozen=True):
    id: UUID


def told_by(it: Appointment, settings: Settings) -> tuple[Channel, ...]:
    """How the patient learns that the practice moves or cancels, as `tell` (migration 0007_notices) sees it.

    `("phone",)`: nothing goes out, somebody has to call.
    """
    by = ways(settings)
    written: list[Channel] = ["email"] if by.email and it.email is not None else []
    written += ["sms"] if by.sms and is_mobile(it.phone) else []
    return tuple(written) or ("phone",)


def reached(it: Appointment, settings: Settings) -> bool:
    """Whether the patient can be sent a message; if not, somebody calls."""
    return told_by(it, settings) != ("phone",)


def is_mobile(phone: str | None) -> bool:
    """Whether an SMS can go there: to German mobile numbers only (E.164)."""
    return (phone or "").startswith(_MOBILE)


async def onto_the_list(db: Database, caller: Caller, settings: Settings, appointment: UUID) -> None:
    """What this installation cannot send becomes a call at once, so that the page after a change says whom to call.

    The worker would see to it as well, a moment later.
    """
    by = ways(settings)
    missing = [channel for channel, there in (("email", by.email), ("sms", by.sms)) if not there]
    if missing:
        async with db.transaction(caller) as tx:
            for notice in await tx.many(_Id, "notices.waiting", appointment=appointment, channels=missing):
                await tx.run("notices.unsendable", id=notice.id, now=clock.now())


async def correct(tx: Tx, notice: OpenNotice, email: str, phone: str) -> bool:
    """Puts the patient's contact right and sends what was given up; False: it is not given up any more.

    It goes the way it was meant to go, so that way needs its address. Raises Invalid.
    """
    found: dict[str, str | None] = {"email": None, "phone": None}
    wrong: dict[str, Text] = {}
    for name, read, typed in (("email", names.email, email), ("phone", names.phone, phone)):
        try:
            found[name] = read(typed)
        except ValueError:
            needed = name == _NEEDED[notice.channel]
            wrong[name] = _UNREADABLE[name] if needed else names.SENTENCES[name]
    if notice.channel == "email" and found["email"] is None:
        wrong.setdefault("email", _("Without an e-mail address this message cannot go out. Please call instead."))
    if notice.channel == "sms" and not is_mobile(found["phone"]):
        wrong.setdefault("phone", _("An SMS needs a German mobile number. If there is none, please call instead."))
    if wrong:
        raise Invalid(fields=wrong)
    changed = [name for name, value in found.items() if value != getattr(notice, name)]
    if not changed:
        return bool(await tx.run("notices.resend", id=notice.id, now=clock.now()))
    return bool(await tx.run("notices.correct", id=notice.id, **found, what=" ".join(changed), now=clock.now()))
