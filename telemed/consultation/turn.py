"""Credentials for the relay, made here and checked by coturn without a word between them.

draft-uberti-behave-turn-rest-00: the user name is its own expiry and whose it is, the password its HMAC.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import timedelta

from telemed import clock
from telemed.consultation.messages import IceConfig, IceServer
from telemed.settings import Settings


def ice(settings: Settings, owner: str) -> IceConfig:
    """The relay to use, and how; nothing without one, since no third party is asked for an address (V-05).

    `owner` shows in the relay's log and counts against its quota: an id, never a name.
    """
    if not settings.turn_urls:
        return IceConfig((), settings.ice_policy)
    username, credential = credentials(settings.turn_secret, owner, settings.turn_ttl)
    return IceConfig((IceServer(settings.turn_urls, username, credential),), settings.ice_policy)


def credentials(secret: str, owner: str, lifetime: timedelta) -> tuple[str, str]:
    """User name and password, good for `lifetime` from now."""
    username = f"{int((clock.now() + lifetime).timestamp())}:{owner}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()  # what the draft and coturn prescribe
    return username, b64encode(digest).decode()
