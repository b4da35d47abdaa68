"""What the doctor's page and a gateway say to each other on the channel `text` (PROTOCOL.md, *Between the pages*)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Number = Annotated[int, Meta(ge=0, lt=2**32)]
Mid = Annotated[str, Meta(min_length=1, max_length=64)]


class _Message(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class Show(_Message, tag="show", frozen=True):
    """The sections whose picture or sound is wanted now; nothing goes out of the others."""

    mids: Annotated[list[Mid], Meta(max_length=8)]


class Still(_Message, tag="still", frozen=True):
    mid: Mid


class Accept(_Message, tag="accept", frozen=True):
    id: Number


class Refuse(_Message, tag="refuse", frozen=True):
    id: Number


class Have(_Message, tag="have", frozen=True):
    id: Number
    bytes: Annotated[int, Meta(ge=0)]


class Done(_Message, tag="done", frozen=True):
    id: Number
    ok: bool


class Offer(_Message, tag="offer", frozen=True):
    id: Number
    name: str
    size: int
    sha256: str


Heard = Show | Still | Accept | Refuse | Have | Done
_decoder: msgspec.json.Decoder[Heard] = msgspec.json.Decoder(Heard)


def decode(frame: str | bytes) -> Heard | None:
    """What the page said; None for what has no such shape: it is dropped without an answer."""
    try:
        return _decoder.decode(frame)
    except msgspec.DecodeError:
        return None


def encode(message: Offer) -> str:
    return msgspec.json.encode(message).decode()
