"""The relay that a seat may use; its credentials are made in `relay.py`."""

from __future__ import annotations

from telemed.consultation.messages import IceConfig, IceServer
from telemed.relay import credentials
from telemed.settings import Settings


def ice(settings: Settings, owner: str) -> IceConfig:
    """The relay to use, and how; nothing without one, since no third party is asked for an address (V-05)."""
    if not settings.turn_urls:
        return IceConfig((), settings.ice_policy)
    username, credential = credentials(settings.turn_secret, owner, settings.turn_ttl)
    return IceConfig((IceServer(settings.turn_urls, username, credential),), settings.ice_policy)
