"""Resume tokens: with one a page comes back to its seat without a request and without a login that is still good.

A token names the socket it was given to, and only the socket that has the seat can be succeeded: that makes it good
once, on whichever node, and without a table (room.py, `Seated.succeeds`). What became of the appointment since is asked
as for a ticket. Signed with a key of their own, by HMAC: only telemed's nodes read them, and a storm of resumes needs
thousands a second.
"""

from __future__ import annotations

from datetime import timedelta

import jwt
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from telemed import clock
from telemed.consultation.messages import TokenFor
from telemed.consultation.types import Claims
from telemed.identity.tokens import TokenRefused

TYP, AUDIENCE = "resume+jwt", "telemed/room"
LIFETIME = timedelta(minutes=15)
RENEWED_AFTER = timedelta(minutes=10)  # on a socket that lives so long


class Successor(msgspec.Struct, frozen=True):
    """Who may come back: the page that `socket` belonged to."""

    claims: Claims
    instance: str
    socket: str


class Succession:
    """Makes and reads them."""

    def __init__(self, secret: str) -> None:
        self._key = HKDF(hashes.SHA256(), 32, salt=None, info=b"telemed resume tokens").derive(secret.encode())

    def token(self, claims: Claims, instance: str, socket: str) -> TokenFor:
        """A token for the page that holds this socket."""
        expires = clock.now() + LIFETIME
        successor = msgspec.to_builtins(Successor(claims, instance, socket))
        payload = {**successor, "aud": AUDIENCE, "exp": int(expires.timestamp())}
        return TokenFor(jwt.encode(payload, self._key, "HS256", {"typ": TYP}), expires.isoformat(timespec="seconds"))

    def read(self, token: str) -> Successor:
        """Raises TokenRefused: expired, changed, or no such token."""
        try:
            found = jwt.decode_complete(
                token, self._key, ["HS256"], audience=AUDIENCE,
                options={"require": ["exp", "aud"], "verify_exp": False},  # against our own clock, below
            )  # fmt: skip
            payload = found["payload"]
            if found["header"].get("typ") != TYP or payload["exp"] <= clock.now().timestamp():
                raise TokenRefused
            return msgspec.convert(payload, Successor)
        except (jwt.InvalidTokenError, msgspec.ValidationError, ValueError, TypeError) as error:
            raise TokenRefused from error
