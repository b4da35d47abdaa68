"""Logins without logging in: tokens for one of the cast or a guest, as a program and as a browser send them."""

from __future__ import annotations

from datetime import timedelta

from telemed.identity import sessions
from telemed.identity.badges import Badges
from telemed.identity.callers import Caller
from telemed.identity.logins import AUDIENCE
from telemed.identity.tokens import Keys

BADGES = Badges("test secret, long enough to be taken")


def token(keys: Keys, caller: Caller) -> str:
    """An access token, good for an hour."""
    named = {"sub": caller.person, "site": caller.site, "appointment": caller.appointment, "entry": caller.entry}
    claims = {"role": caller.role, **{name: str(value) for name, value in named.items() if value}}
    return keys.sign("at+jwt", AUDIENCE, claims, timedelta(hours=1))


def bearer(keys: Keys, caller: Caller) -> dict[str, str]:
    """As a program sends it; a screen has no other way than its page's."""
    if caller.role == "station":
        return {**cookie(keys, caller), "Telemed-Session": "station"}
    if caller.role == "gateway":
        return {"Authorization": f"Bearer {badge(caller)}"}
    return {"Authorization": f"Bearer {token(keys, caller)}"}


def cookie(keys: Keys, caller: Caller) -> dict[str, str]:
    if caller.role == "station":
        return {"Cookie": f"{sessions.STATION}={badge(caller)}"}
    name = sessions.GUEST_COOKIE if caller.role == "guest" else sessions.STAFF
    return {"Cookie": f"{name}={token(keys, caller)}"}


def badge(screen: Caller, serial: int = 1) -> str:
    """A badge of a screen or a gateway of the cast."""
    assert screen.pairing and screen.station and screen.site
    return BADGES.badge(
        screen.pairing, screen.station, screen.site, serial, "gateway" if screen.role == "gateway" else "station"
    )


def in_cookie(headers: dict[str, str]) -> dict[str, str]:
    """A staff member's bearer token as their browser sends it."""
    return {"Cookie": f"{sessions.STAFF}={headers['Authorization'].removeprefix('Bearer ')}"}
