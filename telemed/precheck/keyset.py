"""The public keys that tickets are verified with, fetched from the pages' server: the probe holds no secret at all."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import aiohttp
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from telemed.errors import Unavailable
from telemed.identity.tokens import JwkSet, kid_of, public_key, verified
from telemed.precheck.tickets import AUDIENCE, TYP

_PAUSE: Final = 5.0  # s between two looks, whoever asks with an invented key


class KeySet:
    """A JWKS that is looked at again when a ticket names a key it does not know."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._looked = -_PAUSE
        self._looking = asyncio.Lock()

    async def verify(self, ticket: str) -> dict[str, Any]:
        """What a ticket says. Raises TokenRefused, or Unavailable while the keys cannot be had."""
        kid = kid_of(ticket)
        if kid not in self._keys:
            async with self._looking:  # many may come at once; one look is for all of them
                if kid not in self._keys and time.monotonic() - self._looked >= _PAUSE:
                    self._looked = time.monotonic()
                    await self._look()
        if not self._keys:
            raise Unavailable
        return verified(ticket, self._keys, TYP, AUDIENCE)

    async def _look(self) -> None:
        try:
            async with self._session.get(self._url, timeout=aiohttp.ClientTimeout(5)) as answer:
                answer.raise_for_status()
                found = msgspec.json.decode(await answer.read(), type=JwkSet)
            self._keys = {key.kid: public_key(key) for key in found.keys}
        except (aiohttp.ClientError, OSError, TimeoutError, msgspec.DecodeError, ValueError) as error:
            raise Unavailable from error
