"""What a page and the probe say to each other over a connection's two data channels.

`control` (reliable, JSON text): a page says `heard`, `count`, `speak`; the probe answers `figures`, `counted`, `voice`.
`measure` (unordered, never repeated, binary): packets of both, one after the other, as fast as the probe says. The page
begins, and goes on knocking until the probe answers, which it does when it is this path's turn.
"""

from __future__ import annotations

import struct
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from telemed.precheck.types import Milliseconds, Way

_UP: Final = struct.Struct("!IdIdI")
_DOWN: Final = struct.Struct("!IfI")
NOTHING: Final = 0xFFFFFFFF
MOST: Final = 2_000  # packets that anybody receives in one measurement


class Up(NamedTuple):
    """A page's packet: its number and when it left; the last one it received, when, and the bytes of all."""

    number: int
    at: float
    heard: int
    heard_at: float
    octets: int


def read_up(data: bytes) -> Up | None:
    return Up._make(_UP.unpack_from(data)) if len(data) >= _UP.size else None


def down(number: int, rate: float, size: int, padded: int) -> bytes:
    """The probe's packet: its number, the kbit/s and the size of message that the page shall send (0: stop)."""
    return _DOWN.pack(number, rate, size).ljust(padded, b"\0")


class Heard(msgspec.Struct, frozen=True, tag="heard"):
    """All that a page received: number and time of each packet."""

    got: Annotated[list[tuple[int, float]], msgspec.Meta(max_length=MOST)]


class Count(msgspec.Struct, frozen=True, tag="count"):
    """How much of my sound and picture has arrived?"""


class Speak(msgspec.Struct, frozen=True, tag="speak"):
    """Keep three seconds of what I say now, and play them to me."""


FromPage = Heard | Count | Speak


class Figures(msgspec.Struct, frozen=True, tag="figures"):
    rtt: Milliseconds
    up: Way
    down: Way


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """20 ms of sound each, and pictures."""

    audio: int
    video: int


class Voice(msgspec.Struct, frozen=True, tag="voice"):
    """`listen`: now it is played, `loud` or so soft that nothing will be heard. `played`: it was, and is forgotten."""

    state: Literal["listen", "played"]
    loud: bool


_decoder: msgspec.json.Decoder[FromPage] = msgspec.json.Decoder(FromPage)


def decode(text: str | bytes) -> FromPage:
    """Raises msgspec.DecodeError."""
    return _decoder.decode(text)


def encode(message: Figures | Counted | Voice) -> str:
    return msgspec.json.encode(message).decode()
