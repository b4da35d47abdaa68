"""JSON Web Tokens: EdDSA with `kid`, one audience and one `typ` each (RFC 7519, RFC 8037, RFC 8725, RFC 9068).

No private key is stored: each is derived from the installation's secret and the key's name (HKDF, RFC 5869), so every
node that knows the secret can sign, and a copy of the database cannot.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import jwt
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from telemed import clock
from telemed.db import Database
from telemed.errors import Refusal
from telemed.identity.callers import SYSTEM
from telemed.text import _

ISSUER = "telemed"
ROTATE_AFTER = timedelta(days=30)


class TokenRefused(Refusal):
    """Expired, tampered with, for another audience or of another kind; the caller is not told which."""

    status, code, close_code = 401, "token_refused", 4401
    sentence = _("Your session has ended. Please log in again, or enter your appointment code again.")


class SigningKey(msgspec.Struct, frozen=True):
    """A key's name and life."""

    kid: str
    created: datetime
    retired: datetime | None = None


class Jwk(msgspec.Struct, frozen=True):
    """An Ed25519 public key; `x` is base64url (RFC 8037 section 2)."""

    kid: str
    x: str
    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    use: Literal["sig"] = "sig"
    alg: Literal["EdDSA"] = "EdDSA"


class JwkSet(msgspec.Struct, frozen=True):
    """A JSON Web Key Set."""

    keys: list[Jwk]


class Keys:
    """The keys of this installation: one that signs, and those whose tokens are still out."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._kid = ""
        self._private: dict[str, Ed25519PrivateKey] = {}
        self._public: dict[str, Ed25519PublicKey] = {}

    @classmethod
    async def load(cls, db: Database, secret: str) -> Keys:
        """The keys named in the database, after rotating if the newest is older than 30 days."""
        keys = cls(secret)
        await keys.rotate(db)
        await db.listen("signing_key", keys.adopt)
        return keys

    async def rotate(self, db: Database, after: timedelta = ROTATE_AFTER) -> None:
        """A new signing key if the newest is older than `after`; the older ones go on verifying until the purge."""
        async with db.transaction(SYSTEM) as tx:
            found = await tx.many(SigningKey, "identity.signing_keys")
            if not found or found[0].created <= clock.now() - after:
                kid = secrets.token_urlsafe(9)
                await tx.run("identity.add_signing_key", kid=kid, now=clock.now())
                await tx.run("identity.retire_signing_keys", kid=kid, now=clock.now())
                await tx.value("identity.announce_signing_key", kid=kid)
                found = await tx.many(SigningKey, "identity.signing_keys")
        for key in reversed(found):
            self.adopt(key.kid)

    def adopt(self, kid: str) -> None:
        """Another node has made a key: sign with it from now on."""
        seed = HKDF(hashes.SHA256(), 32, salt=None, info=b"telemed signing key " + kid.encode()).derive(self._secret)
        self._private[kid] = Ed25519PrivateKey.from_private_bytes(seed)
        self._public[kid] = self._private[kid].public_key()
        self._kid = kid

    def sign(self, typ: str, audience: str, claims: dict[str, object], lifetime: timedelta) -> str:
        """A token of kind `typ` for `audience`; iss, aud, iat, exp and jti are set here."""
        issued = clock.now()
        payload = {
            **claims, "iss": ISSUER, "aud": audience, "iat": issued, "exp": issued + lifetime,
            "jti": secrets.token_urlsafe(12),
        }  # fmt: skip
        return jwt.encode(payload, self._private[self._kid], "EdDSA", {"typ": typ, "kid": self._kid})

    def verify(self, token: str, typ: str, audience: str) -> dict[str, Any]:
        """The claims. Raises TokenRefused."""
        return verified(token, self._public, typ, audience)

    def jwks(self) -> JwkSet:
        """The public keys (RFC 7517, RFC 8037)."""
        return JwkSet([Jwk(kid, _base64url(key.public_bytes_raw())) for kid, key in self._public.items()])


def verified(token: str, keys: Mapping[str, Ed25519PublicKey], typ: str, audience: str) -> dict[str, Any]:
    """The claims. Raises TokenRefused. The algorithm is the key's, never the token's (RFC 8725 section 3.1)."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != typ or header.get("alg") != "EdDSA":
            raise TokenRefused
        claims = jwt.decode(
            token, keys[header["kid"]], ["EdDSA"], audience=audience, issuer=ISSUER,
            options={"require": ["exp", "iat", "aud", "iss", "jti"], "verify_exp": False, "verify_iat": False},
        )  # fmt: skip
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
        raise TokenRefused from error
    # Against our own clock, which tests can move; PyJWT reads the machine's.
    if not isinstance(claims["exp"], int | float) or claims["exp"] <= clock.now().timestamp():
        raise TokenRefused
    return claims


def kid_of(token: str) -> str:
    """Which key it claims to be signed with. Raises TokenRefused."""
    try:
        return str(jwt.get_unverified_header(token)["kid"])
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
        raise TokenRefused from error


def typ_of(token: str) -> str:
    """Which kind it claims to be. Raises TokenRefused."""
    try:
        return str(jwt.get_unverified_header(token).get("typ"))
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise TokenRefused from error


def public_key(key: Jwk) -> Ed25519PublicKey:
    """A key of a JWKS. Raises ValueError."""
    return Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key.x + "=" * (-len(key.x) % 4)))


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
