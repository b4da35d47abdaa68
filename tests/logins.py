"""Logins without logging in: tokens for one of the cast or a guest, as a program and as a browser send them."""

from __future__ import annotations

from datetime import timedelta

from telemed.identity import sessions
from telemed.identity.callers import Caller
from telemed.identity.logins import AUDIENCE
from telemed.identity.tokens import Keys


def token(keys: Keys, caller: Caller) -> str:
    """An access token, good for an hour."""
    named = {"sub": caller.person, "site": caller.site, "appointment": caller.appointment, "entry": caller.entry}
    claims = {"role": caller.role, **{name: str(value) for name, value in named.items() if value}}
    return keys.sign("at+jwt", AUDIENCE, claims, timedelta(hours=1))


def bearer(keys: Keys, caller: Caller) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(keys, caller)}"}


def cookie(keys: Keys, caller: Caller) -> dict[str, str]:
    name = sessions.GUEST_COOKIE if caller.role == "guest" else sessions.STAFF
    return {"Cookie": f"{name}={token(keys, caller)}"}


def in_cookie(headers: dict[str, str]) -> dict[str, str]:
    """A staff member's bearer token as their browser sends it."""
    return {"Cookie": f"{sessions.STAFF}={headers['Authorization'].removeprefix('Bearer ')}"}
