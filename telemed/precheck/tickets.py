"""Leave to use the probe: signed here, verified there with the public keys alone (RFC 8725)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Final

from telemed import clock
from telemed.identity.tokens import Keys
from telemed.precheck.types import NoProbe, PathName, PathToTry, ProbeTicket, RelayServer
from telemed.relay import credentials
from telemed.settings import Settings

TYP, AUDIENCE = "probe+jwt", "telemed/probe"
LIFETIME: Final = timedelta(seconds=60)
RELAYED: Final = timedelta(minutes=2)  # a relay for as long as a check may take; anybody may ask for one
OWNER: Final = "check-"  # how the owners of those relays begin; the worker ends what goes on for longer


def mint(keys: Keys, settings: Settings, client: str) -> ProbeTicket:
    """For whoever asks from the address `client`. It names nobody. Raises NoProbe."""
    if not settings.probe_url:
        raise NoProbe
    token = keys.sign(TYP, AUDIENCE, {}, LIFETIME)
    return ProbeTicket(token, clock.now() + LIFETIME, settings.probe_url.rstrip("/"), paths(settings, client))


def paths(settings: Settings, client: str) -> tuple[PathToTry, ...]:
    """Every way a call may take here. Of relays over streams one kind is enough to know: TLS passes where TCP does.

    All checks from one address share the relay's quota for one, so that nobody without a code can take all its ports.
    """
    owner = OWNER + hmac.new(settings.turn_secret.encode(), client.encode(), hashlib.sha256).hexdigest()[:16]
    username, credential = credentials(settings.turn_secret, owner, RELAYED) if settings.turn_urls else ("", "")
    found: dict[PathName, list[str]] = {"udp": [], "tcp": [], "tls": []}
    for url in settings.turn_urls:
        found["tls" if url.startswith("turns:") else "tcp" if "transport=tcp" in url else "udp"].append(url)
    if found["tls"]:
        del found["tcp"]
    relayed = (
        PathToTry(name, (RelayServer(tuple(urls), username, credential),)) for name, urls in found.items() if urls
    )
    direct = () if settings.ice_policy == "relay" else (PathToTry("direct", ()),)
    return (*direct, *relayed)
