"""What is measured and what follows from it, on the wire and in the table."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from telemed.clock import Instant
from telemed.errors import NotFound
from telemed.text import _

PathName = Literal["direct", "udp", "tcp", "tls"]
Level = Literal["phone", "audio", "still", "small", "full"]
"""Also the call page's first rung: nothing, sound alone, sound and single pictures, small video, video."""
LEVELS: Final[tuple[Level, ...]] = ("phone", "audio", "still", "small", "full")

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=60_000)]
Kbit = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One direction of a path: kbit/s that came through, headers included; share of packets lost; jitter in ms."""

    kbit: Kbit
    loss: Share
    jitter: Milliseconds


class Path(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A path that connected. `rtt`: ms there and back, before it was loaded. `up` is what the patient sends."""

    name: PathName
    rtt: Milliseconds
    up: Way
    down: Way


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A check as the page hands it in. `heard`, `seen`: whether sound and picture arrived; None: not tried."""

    tried: Annotated[tuple[PathName, ...], msgspec.Meta(min_length=1, max_length=4)]
    paths: Annotated[tuple[Path, ...], msgspec.Meta(max_length=4)]
    heard: bool | None = None
    seen: bool | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What to expect of this line, and the path that it was judged by; None: none connected."""

    level: Level
    path: PathName | None


class Kept(msgspec.Struct, frozen=True):
    """All that stands with an appointment: no figures, no path."""

    level: Level
    at: Instant


class RelayServer(msgspec.Struct, frozen=True):
    """One of `RTCPeerConnection`'s iceServers."""

    urls: tuple[str, ...]
    username: str
    credential: str


class PathToTry(msgspec.Struct, frozen=True):
    """A path to try: through these relays alone, or directly if there are none."""

    name: PathName
    servers: tuple[RelayServer, ...]


class ProbeTicket(msgspec.Struct, frozen=True):
    """Leave to use the probe at `url` for a minute, over each of `paths` once, and once more for the voice."""

    ticket: str
    expires: Instant
    url: str
    paths: tuple[PathToTry, ...]


class NoProbe(NotFound):
    """This installation has none."""

    code = "no_probe"
    sentence = _("The line cannot be measured here.")
