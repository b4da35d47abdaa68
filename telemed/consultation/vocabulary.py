"""What the messages of protocol v1 are made of: limits, bounded names and numbers, candidates, tracks."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

VERSIONS = (1,)
FRAME_LIMIT = 16 * 1024  # bytes of a frame
SDP_LIMIT = 32 * 1024  # bytes of a `desc` frame
CANDIDATES_LIMIT = 32  # candidates in one `cand`
TRACKS_LIMIT = 8  # tracks of one seat that carry a label
RATE, BURST = 40, 120  # messages a second, and at once, per socket

Seat = Literal["patient", "practitioner", "assistant", "gateway"]
Instance = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{12,32}\Z")]  # one load of a page
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}\Z")]  # one intention of a page, repeated when unsure
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # a place in the room's log; Unix microseconds and rising
Token = Annotated[str, Meta(min_length=1, max_length=4096)]
Kind = Literal["offer", "answer"]
Sdp = Annotated[str, Meta(min_length=1, max_length=SDP_LIMIT)]

DoctorState = Literal["away", "busy", "ready"]  # as somebody who waits may know
Wish = Literal["leave", "return", "unmute"]
Outside = Literal["", "out", "called"]  # waits: never was in; was in and can be called; was asked to come (back) in
Label = Literal["camera", "microphone", "screen", "dermatoscope", "otoscope", "stethoscope"]
Level = Literal["full", "small", "still", "audio", "phone"]  # what the line carries, the best first
Milliseconds = Annotated[int, Meta(ge=0, le=60_000)]
Percent = Annotated[int, Meta(ge=0, le=100)]
EndReason = Literal["fulfilled", "cancelled", "moved", "noshow", "expired", "consent_withdrawn"]


class Message(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
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


class Track(Struct, frozen=True, forbid_unknown_fields=True):
    """What a media section shows: `mid` is its RTCRtpTransceiver.mid (W3C WebRTC 5.4)."""

    mid: Annotated[str, Meta(min_length=1, max_length=64)]
    label: Label


class Quality(Struct, frozen=True, forbid_unknown_fields=True):
    """A seat's own line, as it measures it; None: not measured."""

    level: Level
    rtt_ms: Milliseconds | None = None
    loss_pct: Percent | None = None
