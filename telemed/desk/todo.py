"""What waits for somebody at the practice: one line per subject, on every page that shows the day or the calendar."""

from __future__ import annotations

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.desk.rows import Site


class Todo(msgspec.Struct, frozen=True):
    """How many there are of each. A new subject is a column of todo.sql, a field here and a line in todo.html."""

    assessments: int = 0  # new patients to call (B-09)
    outside: int = 0  # appointments outside the hours
    notices: int = 0  # messages that could not be sent
    calls: int = 0  # people without a contact, to be told on the telephone
    offers: int = 0  # offers of the waiting list to be made on the telephone


async def todo(tx: Tx, at: Site) -> Todo:
    return await tx.one(Todo, "todo.counts", site=at.id, now=clock.now())
