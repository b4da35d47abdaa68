"""What a page may send: one closed class per message, the field `type` says which (PROTOCOL.md)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from telemed.consultation.vocabulary import (
    TRACKS_LIMIT,
    Candidates,
    Id,
    Instance,
    Kind,
    Level,
    Message,
    Milliseconds,
    Percent,
    Quality,
    Sdp,
    Seat,
    Seq,
    Token,
    Track,
    Wish,
)


class Hello(Message, tag="hello", frozen=True):
    ticket: Token
    instance: Instance
    versions: Annotated[list[int], Meta(min_length=1, max_length=16)]


class Resume(Message, tag="resume", frozen=True, omit_defaults=True):
    """By a `token` the server gave, or else a `ticket`; exactly one of them."""

    instance: Instance
    seq: Seq
    ticket: Token | None = None
    token: Token | None = None

    def __post_init__(self) -> None:
        if (self.ticket is None) == (self.token is None):
            raise ValueError("either a ticket or a token")  # msgspec makes it a ValidationError


class Bye(Message, tag="bye", frozen=True):
    pass


class Ping(Message, tag="ping", frozen=True):
    pass


class Admit(Message, tag="admit", frozen=True):
    id: Id
    seat: Seat


class Hold(Message, tag="hold", frozen=True):
    id: Id
    seat: Seat


class Deny(Message, tag="deny", frozen=True):
    id: Id
    seat: Seat


class Kick(Message, tag="kick", frozen=True):
    id: Id
    seat: Seat


class Lock(Message, tag="lock", frozen=True):
    id: Id
    locked: bool


class End(Message, tag="end", frozen=True):
    id: Id


class Desc(Message, tag="desc", frozen=True):
    id: Id
    to: Seat
    epoch: Seq
    kind: Kind
    sdp: Sdp


class Cand(Message, tag="cand", frozen=True):
    id: Id
    to: Seat
    epoch: Seq
    candidates: Candidates


class Mode(Message, tag="mode", frozen=True):
    id: Id
    mic: bool
    cam: bool


class Tracks(Message, tag="track", frozen=True):
    """All labelled tracks of this page, complete each time."""

    id: Id
    tracks: Annotated[list[Track], Meta(max_length=TRACKS_LIMIT)]


class Ask(Message, tag="ask", frozen=True):
    id: Id
    to: Seat
    what: Wish


class Stat(Message, tag="stat", frozen=True, omit_defaults=True):
    id: Id
    level: Level
    rtt_ms: Milliseconds | None = None
    loss_pct: Percent | None = None

    @property
    def quality(self) -> Quality:
        return Quality(self.level, self.rtt_ms, self.loss_pct)


class AskIce(Message, tag="ice", frozen=True):
    id: Id


class Sas(Message, tag="sas", frozen=True):
    """Whether the words that both screens show were the same (design of ZRTP's short authentication string)."""

    id: Id
    epoch: Seq
    match: bool


Entrance = Hello | Resume
Told = Admit | Hold | Deny | Kick | Lock | End | Desc | Cand | Mode | Tracks | Ask | Stat
"""Goes into the room's log."""
Private = AskIce | Sas
"""Between one page and the server; nobody else hears of it."""
Command = Told | Private
ClientMessage = Hello | Resume | Bye | Ping | Command
