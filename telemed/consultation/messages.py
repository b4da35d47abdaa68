"""The wire of a consultation: protocol v1, one closed class per message (see PROTOCOL.md).

JSON text frames; the field `type` says which class. Unknown types and unknown fields are refused. `ClientMessage` is
what a page may send, `ServerMessage` what it may get; `desc`, `cand` and `mode` exist in both directions, and on
their way out the server replaces `to` by a `from` that it takes from the socket.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

VERSIONS = (1,)
FRAME_LIMIT = 16 * 1024  # bytes of a frame
SDP_LIMIT = 32 * 1024  # bytes of a `desc` frame
CANDIDATES_LIMIT = 32  # candidates in one `cand`
RATE, BURST = 40, 120  # messages a second, and at once, per socket

Seat = Literal["patient", "practitioner", "assistant"]
Instance = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{12,32}\Z")]  # one load of a page
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}\Z")]  # one intention of a page, repeated when unsure
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # a place in the room's log; starts at the room's birth in Unix ms
Token = Annotated[str, Meta(min_length=1, max_length=4096)]


class _Message(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """A frame; `type` is its tag."""


class Candidate(Struct, frozen=True, forbid_unknown_fields=True, rename={
    "sdp_mid": "sdpMid", "sdp_m_line_index": "sdpMLineIndex", "username_fragment": "usernameFragment",
}):  # fmt: skip
    """RTCIceCandidateInit (W3C WebRTC 4.8.1.1); an empty `candidate` ends the gathering."""

    candidate: Annotated[str, Meta(max_length=1024)]
    sdp_mid: Annotated[str, Meta(max_length=64)] | None = None
    sdp_m_line_index: Annotated[int, Meta(ge=0, le=64)] | None = None
    username_fragment: Annotated[str, Meta(max_length=256)] | None = None


Candidates = Annotated[list[Candidate], Meta(min_length=1, max_length=CANDIDATES_LIMIT)]
Kind = Literal["offer", "answer"]
Sdp = Annotated[str, Meta(min_length=1, max_length=SDP_LIMIT)]


# What a page may send.


class Hello(_Message, tag="hello", frozen=True):
    ticket: Token
    instance: Instance
    versions: Annotated[list[int], Meta(min_length=1, max_length=16)]


class Resume(_Message, tag="resume", frozen=True):
    ticket: Token
    instance: Instance
    seq: Seq


class Bye(_Message, tag="bye", frozen=True):
    pass


class Ping(_Message, tag="ping", frozen=True):
    pass


class Admit(_Message, tag="admit", frozen=True):
    id: Id
    seat: Seat


class Hold(_Message, tag="hold", frozen=True):
    id: Id
    seat: Seat


class Deny(_Message, tag="deny", frozen=True):
    id: Id
    seat: Seat


class Kick(_Message, tag="kick", frozen=True):
    id: Id
    seat: Seat


class End(_Message, tag="end", frozen=True):
    id: Id


class Desc(_Message, tag="desc", frozen=True):
    id: Id
    to: Seat
    epoch: Seq
    kind: Kind
    sdp: Sdp


class Cand(_Message, tag="cand", frozen=True):
    id: Id
    to: Seat
    epoch: Seq
    candidates: Candidates


class Mode(_Message, tag="mode", frozen=True):
    id: Id
    mic: bool
    cam: bool


Entrance = Hello | Resume
Command = Admit | Hold | Deny | Kick | End | Desc | Cand | Mode
ClientMessage = Hello | Resume | Bye | Ping | Command


# What a page may get.


class Limits(Struct, frozen=True):
    frame: int = FRAME_LIMIT
    sdp: int = SDP_LIMIT
    candidates: int = CANDIDATES_LIMIT
    rate: int = RATE
    burst: int = BURST


class Welcome(_Message, tag="welcome", frozen=True):
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


class IceServer(Struct, frozen=True, omit_defaults=True):
    """RTCIceServer (W3C WebRTC 4.2.2)."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


class IceConfig(Struct, frozen=True):
    servers: tuple[IceServer, ...] = ()
    policy: Literal["all", "relay"] = "all"


class Joined(_Message, tag="joined", frozen=True):
    seat: Seat
    seq: int
    admitted: bool
    roster: tuple[RosterSeat, ...]
    ice: IceConfig | None = None


class Resumed(_Message, tag="resumed", frozen=True):
    seq: int


class Waiting(_Message, tag="waiting", frozen=True):
    seq: int
    practitioner_here: bool


class Admitted(_Message, tag="admitted", frozen=True):
    seq: int


class Held(_Message, tag="held", frozen=True):
    seq: int


class Denied(_Message, tag="denied", frozen=True):
    seq: int


class Roster(_Message, tag="roster", frozen=True):
    seq: int
    seats: tuple[RosterSeat, ...]


class Ice(_Message, tag="ice", frozen=True):
    servers: tuple[IceServer, ...]
    policy: Literal["all", "relay"]


class Replaced(_Message, tag="replaced", frozen=True):
    seq: int


class Kicked(_Message, tag="kicked", frozen=True):
    seq: int


EndReason = Literal["fulfilled", "cancelled", "moved", "noshow", "expired", "consent_withdrawn"]


class Ended(_Message, tag="ended", frozen=True):
    seq: int
    reason: EndReason


class Drain(_Message, tag="drain", frozen=True):
    after_ms: int


class Pong(_Message, tag="pong", frozen=True):
    pass


class Ok(_Message, tag="ok", frozen=True):
    id: str
    seq: int


class Err(_Message, tag="err", omit_defaults=True, frozen=True):
    code: str
    sentence: str
    fatal: bool
    id: str = ""
    seq: int = 0


class DescFrom(_Message, tag="desc", frozen=True):
    seq: int
    from_: Seat = field(name="from")
    epoch: int
    kind: Kind
    sdp: str


class CandFrom(_Message, tag="cand", frozen=True):
    seq: int
    from_: Seat = field(name="from")
    epoch: int
    candidates: list[Candidate]


class ModeFrom(_Message, tag="mode", frozen=True):
    seq: int
    from_: Seat = field(name="from")
    mic: bool
    cam: bool


Logged = (
    Joined | Resumed | Waiting | Admitted | Held | Denied | Roster | Replaced | Kicked | Ended
    | Ok | Err | DescFrom | CandFrom | ModeFrom
)  # fmt: skip
ServerMessage = Logged | Welcome | Ice | Drain | Pong

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
