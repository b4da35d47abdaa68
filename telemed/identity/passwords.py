"""Passwords as argon2id (RFC 9106), hashed off the event loop because one takes tens of milliseconds."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from telemed.errors import Invalid
from telemed.text import _

_hasher = PasswordHasher()
SHORTEST = 12  # NIST SP 800-63B-4 section 3.1.1.2 asks for at least 8 beside a second factor, 15 alone


async def hashed(password: str) -> str:
    """The argon2id hash. Raises Invalid for a password that is too short."""
    if len(password) < SHORTEST:
        raise Invalid(fields={"password": _("Please use at least 12 characters; a short sentence is good.")})
    return await asyncio.to_thread(_hasher.hash, password)


async def matches(password: str, expected: str | None) -> bool:
    """Whether the password fits. Without a hash the same work is done, so that nobody can time who has a login."""
    return await asyncio.to_thread(_matches, password, expected or _decoy()) and expected is not None


def _matches(password: str, expected: str) -> bool:
    try:
        return _hasher.verify(expected, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _decoy() -> str:
    return _hasher.hash("nobody has this password")
