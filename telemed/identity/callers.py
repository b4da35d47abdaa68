"""The caller: who makes this request, with which role and where."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

Role = Literal["anonymous", "guest", "station", "gateway", "assistant", "staff", "practitioner", "admin", "system"]


class Caller(msgspec.Struct, frozen=True):
    """`site` is where staff work; `appointment` the one a guest's code opened, or the one being made.

    `entry` is the same for a place on the waiting list; a guest may have both. `station` and `pairing` are a
    screen's or a gateway's.
    """

    role: Role
    person: UUID | None = None
    site: UUID | None = None
    appointment: UUID | None = None
    entry: UUID | None = None
    station: UUID | None = None
    pairing: UUID | None = None

    def about(self, appointment: UUID) -> Caller:
        """The same caller, holding this appointment: what they are making is theirs to see (row-level security)."""
        return msgspec.structs.replace(self, appointment=appointment)

    def waiting(self, entry: UUID) -> Caller:
        """The same for a place on the waiting list."""
        return msgspec.structs.replace(self, entry=entry)


ANONYMOUS = Caller("anonymous")
SYSTEM = Caller("system")
