"""Idempotency-Key: a request repeated because its answer was lost makes nothing new and gets the same answer."""

from __future__ import annotations

import hashlib
import re
from typing import Final
from uuid import UUID

import msgspec

from telemed.db import Tx
from telemed.identity.callers import Caller
from telemed.scheduling.refusals import KeyMalformed, KeyReused
from telemed.scheduling.types import Made

HEADER: Final = "Idempotency-Key"
SCHEMA: Final[dict[str, object]] = {"type": "string", "pattern": "^[!-~]{8,128}$"}
_VISIBLE: Final = re.compile(r"[!-~]{8,128}")


class Once(msgspec.Struct, frozen=True):
    """A request's key, and the digest of who asks for what. Without a key every request stands for itself."""

    key: str | None = None
    digest: bytes | None = None

    async def made(self, tx: Tx, statement: str = "scheduling.made_by_key") -> UUID | None:
        """What this request has made already. Raises KeyReused if another request has used the key."""
        if self.key is None:
            return None
        made = await tx.maybe(Made, statement, key=self.key)
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
