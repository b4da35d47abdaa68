"""Wire and row shapes of identity."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

StaffRole = Literal["practitioner", "staff", "assistant", "admin"]


class Person(msgspec.Struct, frozen=True):
    """A login, as the database has it."""

    id: UUID
    login: str
    name: str
    role: StaffRole
    site: UUID | None
    password: str
    active: bool
    practitioner: UUID | None = None


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a staff member types to log in."""

    login: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Renewal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A refresh token, to be exchanged for the next pair."""

    refresh_token: Annotated[str, msgspec.Meta(min_length=20, max_length=200)]


class Session(msgspec.Struct, frozen=True):
    """What a login gives: a bearer token, and for staff the token that renews it (RFC 6749 section 5.1)."""

    access_token: str
    expires: datetime
    role: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  the word itself
    refresh_token: str | None = None
    name: str | None = None
    appointment: UUID | None = None
    entry: UUID | None = None
