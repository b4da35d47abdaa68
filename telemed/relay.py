"""Credentials for the relay, made here and checked by coturn without a word between them.

draft-uberti-behave-turn-rest-00: the user name is its own expiry and whose it is, the password its HMAC.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import timedelta

from telemed import clock


def credentials(secret: str, owner: str, lifetime: timedelta) -> tuple[str, str]:
    """User name and password, good for `lifetime` from now.

    `owner` shows in the relay's log and counts against its quota: an id, never a name.
    """
    username = f"{int((clock.now() + lifetime).timestamp())}:{owner}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()  # what the draft and coturn prescribe
    return username, b64encode(digest).decode()
