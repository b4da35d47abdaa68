"""What tests of the waiting list say again and again."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import asyncpg

from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.scheduling.types import Patient
from telemed.scheduling.waitlist import offers, waitlist
from telemed.scheduling.waitlist.types import Answered, Entry, Joined, Joining
from telemed.scheduling.waitlist.waitlist import Ways
from tests import people
from tests.booking import CODES

WAYS = Ways(email=True, sms=True)


def reachable(name: str) -> Patient:
    return Patient(f"{name} Probe", date(1970, 1, 1), email=f"{name.lower()}@example.org")


async def join(
    db: Database, name: str, caller: Caller = ANONYMOUS, service: UUID = people.TALK, **more: object
) -> Joined:
    patient = more.pop("patient", reachable(name))
    wish = Joining(service=service, patient=patient, **more)  # type: ignore[arg-type]
    return await waitlist.join(db, CODES, caller, WAYS, wish)


def holder(entry: Entry, appointment: UUID | None = None) -> Caller:
    return Caller("guest", appointment=appointment, entry=entry.id)


async def fill(db: Database, practitioner: UUID = people.DR_BOB) -> int:
    return await offers.fill(db, practitioner, WAYS)


async def look(db: Database, entry: Entry) -> Entry:
    return await waitlist.read(db, holder(entry), entry.id)


async def accept(db: Database, entry: Entry) -> Answered:
    it = await look(db, entry)
    assert it.offer is not None
    return await offers.accept(db, CODES, holder(it), it.id, it.offer)


async def decline(db: Database, entry: Entry) -> Answered:
    it = await look(db, entry)
    assert it.offer is not None
    return await offers.decline(db, holder(it), it.id, it.offer)


async def let_run_out(owner: asyncpg.Connection, entry: Entry) -> None:
    """The time to answer is over: the test turns the offer's clock instead of waiting."""
    await owner.execute(
        "UPDATE offer SET expires = now() - interval '1 s' WHERE entry = $1 AND status = 'open'", entry.id
    )
