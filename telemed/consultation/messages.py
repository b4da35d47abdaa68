"""The wire of a consultation: protocol v1, one closed class per message (see PROTOCOL.md).

JSON text frames; the field `type` says which class. Unknown types and unknown fields are refused. `ClientMessage` is
what a page may send (commands.py), `ServerMessage` what it may get. `desc`, `cand`, `mode`, `track` and `ask` exist in
both directions, and on their way out the server replaces `to` by a `from` that it takes from the socket.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct, field

from telemed.consultation.commands import (
    Admit,
    Ask,
    AskIce,
    Bye,
    Cand,
    ClientMessage,
    Command,
    Deny,
    Desc,
    End,
    Entrance,
    Hello,
    Hold,
    Kick,
    Lock,
    Mode,
    Ping,
    Private,
    Resume,
    Sas,
    Stat,
    Told,
    Tracks,
)
from telemed.consultation.vocabulary import (
    BURST,
    CANDIDATES_LIMIT,
    FRAME_LIMIT,
    RATE,
    SDP_LIMIT,
    TRACKS_LIMIT,
    VERSIONS,
    Candidate,
    DoctorState,
    EndReason,
    Kind,
    Label,
    Level,
    Message,
    Milliseconds,
    Outside,
    Percent,
    Quality,
    Seat,
    Track,
    Wish,
)


class Limits(Struct, frozen=True):
    frame: int = FRAME_LIMIT
    sdp: int = SDP_LIMIT
    candidates: int = CANDIDATES_LIMIT
    tracks: int = TRACKS_LIMIT
    rate: int = RATE
    burst: int = BURST


class Welcome(Message, tag="welcome", frozen=True):
    node: str
    versions: tuple[int, ...] = VERSIONS
    limits: Limits = Limits()


class RosterSeat(Struct, frozen=True):
    """Another seat, as one seat sees it. `polite` tells what the reader is towards that seat."""

    seat: Seat
    name: str
    about: str
    state: Literal["here", "away"]
    admitted: bool
    instance: str
    epoch: int
    polite: bool
    mic: bool
    cam: bool
    tracks: tuple[Track, ...] = ()
    quality: Quality | None = None
    outside: Outside = ""
    beside: tuple[str, ...] = ()


class IceServer(Struct, frozen=True, omit_defaults=True):
    """RTCIceServer (W3C WebRTC 4.2.2)."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


class IceConfig(Struct, frozen=True):
    servers: tuple[IceServer, ...] = ()
    policy: Literal["all", "relay"] = "all"


class Joined(Message, tag="joined", frozen=True):
    seat: Seat
    seq: int
    admitted: bool
    roster: tuple[RosterSeat, ...]
    ice: IceConfig | None = None
    locked: bool = False


class Resumed(Message, tag="resumed", frozen=True):
    seq: int


class TokenFor(Message, tag="token", frozen=True):
    """Good for one `resume` of this page, until `expires` (RFC 3339)."""

    token: str
    expires: str


class Waiting(Message, tag="waiting", frozen=True):
    seq: int
    practitioner_here: bool
    outside: Outside = ""


class Lobby(Message, tag="lobby", frozen=True):
    """How long it may be: whether the doctor is with somebody else, and how many come before."""

    doctor: DoctorState
    ahead: int
    late_minutes: int
    note: str


class Admitted(Message, tag="admitted", frozen=True):
    seq: int


class Held(Message, tag="held", frozen=True):
    seq: int


class Denied(Message, tag="denied", frozen=True):
    seq: int


class Roster(Message, tag="roster", frozen=True):
    seq: int
    seats: tuple[RosterSeat, ...]
    locked: bool = False


class Ice(Message, tag="ice", frozen=True):
    servers: tuple[IceServer, ...]
    policy: Literal["all", "relay"]


class Replaced(Message, tag="replaced", frozen=True):
    seq: int


class Kicked(Message, tag="kicked", frozen=True):
    seq: int


class Ended(Message, tag="ended", frozen=True):
    seq: int
    reason: EndReason


class Drain(Message, tag="drain", frozen=True):
    after_ms: int


class Pong(Message, tag="pong", frozen=True):
    pass


class Ok(Message, tag="ok", omit_defaults=True, frozen=True):
    id: str
    seq: int = 0


class Err(Message, tag="err", omit_defaults=True, frozen=True):
    code: str
    sentence: str
    fatal: bool
    id: str = ""
    seq: int = 0


class DescFrom(Message, tag="desc", frozen=True):
    seq: int
    from_: Seat = field(name="from")
    epoch: int
    kind: Kind
    sdp: str


class CandFrom(Message, tag="cand", frozen=True):
    seq: int
    from_: Seat = field(name="from")
    epoch: int
    candidates: list[Candidate]


class ModeFrom(Message, tag="mode", frozen=True):
    seq: int
    from_: Seat = field(name="from")
    mic: bool
    cam: bool


class TracksFrom(Message, tag="track", frozen=True):
    seq: int
    from_: Seat = field(name="from")
    tracks: tuple[Track, ...]


class AskFrom(Message, tag="ask", frozen=True):
    seq: int
    from_: Seat = field(name="from")
    what: Wish


class QualityOf(Message, tag="quality", frozen=True):
    seq: int
    from_: Seat = field(name="from")
    level: Level
    rtt_ms: Milliseconds | None
    loss_pct: Percent | None


Relayed = DescFrom | CandFrom | ModeFrom | TracksFrom | AskFrom | QualityOf
Logged = (
    Joined | Resumed | Waiting | Admitted | Held | Denied | Roster | Replaced | Kicked | Ended | Ok | Err | Relayed
)  # fmt: skip
ServerMessage = Logged | Welcome | Lobby | TokenFor | Ice | Drain | Pong

_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_server_decoder: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)
_encoder = msgspec.json.Encoder()


def decode(frame: str | bytes) -> ClientMessage:
    """One frame from a page. Raises msgspec.DecodeError (ValidationError included) on anything but protocol v1."""
    return _decoder.decode(frame)


def decode_server(frame: str | bytes) -> ServerMessage:
    """One frame from a server: for peers written in Python."""
    return _server_decoder.decode(frame)


def encode(message: ServerMessage | ClientMessage) -> bytes:
    """One frame, in UTF-8."""
    return _encoder.encode(message)


__all__ = [
    "BURST", "CANDIDATES_LIMIT", "FRAME_LIMIT", "RATE", "SDP_LIMIT", "TRACKS_LIMIT", "VERSIONS", "Admit", "Ask",
    "AskFrom", "AskIce", "Bye", "Cand", "CandFrom", "Candidate", "ClientMessage", "Command", "Deny", "Desc",
    "DescFrom", "DoctorState", "End", "EndReason", "Entrance", "Hello", "Hold", "Kick", "Kind", "Label", "Level",
    "Lock", "Mode", "Outside", "Ping", "Private", "Quality", "Relayed", "Resume", "Sas", "Seat", "ServerMessage",
    "Stat", "Told", "Track", "Tracks", "Wish",
]  # fmt: skip
