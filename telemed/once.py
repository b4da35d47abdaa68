"""Idempotency-Key: a request repeated because its answer was lost makes nothing new and gets the same answer."""

from __future__ import annotations

import hashlib
import re
from typing import Final
from uuid import UUID

import msgspec

from telemed.db import Tx
from telemed.errors import Invalid
from telemed.identity.callers import Caller
from telemed.text import _

HEADER: Final = "Idempotency-Key"
SCHEMA: Final[dict[str, object]] = {"type": "string", "pattern": "^[!-~]{8,128}$"}
_VISIBLE: Final = re.compile(r"[!-~]{8,128}")


class KeyReused(Invalid):
    """The same Idempotency-Key came with another request."""

    code = "idempotency_key_reused"
    sentence = _("This request repeats another one with different contents. Please reload the page.")


class KeyMalformed(Invalid):
    """Idempotency-Key is 8 to 128 visible ASCII characters."""

    code = "idempotency_key_malformed"
    sentence = _("The Idempotency-Key must have 8 to 128 visible characters.")


class _Made(msgspec.Struct, frozen=True):
    """What a request with some idempotency key has made, and the digest of that request."""

    id: UUID
    digest: bytes


class Once(msgspec.Struct, frozen=True):
    """A request's key, and the digest of who asks for what. Without a key every request stands for itself."""

    key: str | None = None
    digest: bytes | None = None

    async def made(self, tx: Tx, statement: str = "scheduling.made_by_key") -> UUID | None:
        """What this request has made already. Raises KeyReused if another request has used the key."""
        if self.key is None:
            return None
        made = await tx.maybe(_Made, statement, key=self.key)
        if made is None:
            return None
        self.check(made.digest)
        return made.id

    def check(self, digest: bytes | None) -> None:
        """Raises KeyReused if the key has come with a request of another digest."""
        if digest is not None and digest != self.digest:
            raise KeyReused


NEVER: Final = Once()


def once(key: str | None, caller: Caller, verb: str, body: object) -> Once:
    """Raises KeyMalformed."""
    if key is None:
        return NEVER
    if not _VISIBLE.fullmatch(key):
        raise KeyMalformed
    asked = msgspec.json.encode([verb, caller.role, caller.person, body])
    return Once(key, hashlib.sha256(asked).digest())
