"""Badges: how a station's screen and its gateway are known, without a login and without a password on the counter.

A badge is good for 60 days and changes every few minutes while the screen is used. The database knows which one was
shown last, and the next one counts from when it is first shown: an answer lost on a bad line costs nothing, and a
copied badge is found out as soon as both browsers have been back (as reuse of a refresh token, RFC 9700 section
4.14.2). Signed by a key of their own, by HMAC: signing keys are forgotten after a month, and a screen may be switched
off for longer.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final, Literal, TypeVar
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM, Caller
from telemed.identity.tokens import TokenRefused

LIFETIME: Final = timedelta(days=60)  # since it was made
CHANGED_AFTER: Final = timedelta(minutes=5)
FRESH: Final = timedelta(minutes=15)  # an older one has to come back as a page before it opens anything
TO_PAIR: Final = timedelta(minutes=10)  # for entering a code
TYP: Final = "station+jwt"
_AUDIENCE: Final = "telemed/station"

T = TypeVar("T", bound="Badge | Claim")


class Badge(msgspec.Struct, frozen=True):
    """Whose screen or gateway it is. `serial` counts a pairing's badges, `jti` names this one."""

    pairing: UUID
    station: UUID
    site: UUID
    serial: int
    jti: str
    iat: int
    role: Literal["station", "gateway"] = "station"

    @property
    def caller(self) -> Caller:
        return Caller(self.role, site=self.site, station=self.station, pairing=self.pairing)


class Claim(msgspec.Struct, frozen=True):
    """What a browser has that shows a code: with it the browser, and no other, becomes the screen."""

    pairing: UUID


class _Shown(msgspec.Struct, frozen=True):
    serial: int
    badge: str
    advanced: datetime
    good: bool


class Badges:
    """Makes and reads them."""

    def __init__(self, secret: str) -> None:
        self._key = HKDF(hashes.SHA256(), 32, salt=None, info=b"telemed station badges").derive(secret.encode())

    def badge(
        self, pairing: UUID, station: UUID, site: UUID, serial: int, role: Literal["station", "gateway"] = "station"
    ) -> str:
        """A badge with a name of its own."""
        claims = {"pairing": str(pairing), "station": str(station), "site": str(site), "serial": serial, "role": role}
        return self._signed(TYP, claims | {"jti": secrets.token_urlsafe(12)}, LIFETIME)

    def read(self, token: str, *, fresh: bool = False) -> Badge:
        """Raises TokenRefused: too old, changed, or no badge."""
        badge = self._read(token, TYP, Badge)
        if fresh and clock.now().timestamp() > badge.iat + FRESH.total_seconds():
            raise TokenRefused
        return badge

    def claim(self, pairing: UUID) -> str:
        return self._signed("pairing+jwt", {"pairing": str(pairing)}, TO_PAIR)

    def read_claim(self, token: str) -> Claim:
        """Raises TokenRefused."""
        return self._read(token, "pairing+jwt", Claim)

    async def show(self, db: Database, token: str) -> tuple[Caller, str | None]:
        """Who it is, and the badge to carry from now on, if it is time for another. Raises TokenRefused."""
        mine = self.read(token)
        async with db.transaction(SYSTEM) as tx:
            shown = await tx.maybe(
                _Shown, "identity.show_badge", pairing=mine.pairing, serial=mine.serial, badge=mine.jti, now=clock.now()
            )
        if shown is None or not shown.good:
            raise TokenRefused
        # One that is not the current one belongs to an answer that was overtaken by another one.
        if shown.badge == mine.jti and clock.now() < shown.advanced + CHANGED_AFTER:
            return mine.caller, None
        return mine.caller, self.badge(mine.pairing, mine.station, mine.site, shown.serial + 1, mine.role)

    def _signed(self, typ: str, claims: dict[str, object], lifetime: timedelta) -> str:
        now = clock.now()
        payload = {**claims, "aud": _AUDIENCE, "iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp())}
        return jwt.encode(payload, self._key, "HS256", {"typ": typ})

    def _read(self, token: str, typ: str, kind: type[T]) -> T:
        try:
            found = jwt.decode_complete(
                token, self._key, ["HS256"], audience=_AUDIENCE,
                options={"require": ["exp", "iat", "aud"], "verify_exp": False, "verify_iat": False},
            )  # fmt: skip
            payload = found["payload"]
            if found["header"].get("typ") != typ or payload["exp"] <= clock.now().timestamp():
                raise TokenRefused
            return msgspec.convert(payload, kind)
        except (jwt.InvalidTokenError, msgspec.ValidationError, ValueError, TypeError) as error:
            raise TokenRefused from error
