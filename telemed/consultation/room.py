"""The room: its state is a pure fold over its log. No I/O, no clock, no await; this file decides everything.

Every follower on every node folds the same entries in the same order and so comes to the same state. An entry that
`check` refuses changes nothing: because rivals may append at the same time, what counts is the state in which an entry
is folded, not the one in which it was sent.
"""

from __future__ import annotations

from typing import get_args

from msgspec import Struct
from msgspec.structs import replace

from telemed.consultation import messages as m
from telemed.consultation.publishing import meet
from telemed.consultation.refusals import (
    Barred,
    GoneBy,
    Locked,
    NotAdmitted,
    NotHere,
    Over,
    PractitionerOnly,
    ReplacedBy,
    SeatRefused,
    SocketRefusal,
    Stale,
    TokenSpent,
)

SEATS: tuple[m.Seat, ...] = get_args(m.Seat)


class Member(Struct, frozen=True):
    """Who holds a seat. `since` is the entry at which this page sat down or was admitted: epochs come from it."""

    instance: str
    socket: str
    name: str
    about: str
    admitted: bool
    since: int
    here: bool = True
    mic: bool = True
    cam: bool = True
    tracks: tuple[m.Track, ...] = ()
    quality: m.Quality | None = None
    outside: m.Outside = ""
    beside: tuple[str, ...] = ()  # who was introduced with them and has no seat


class State(Struct, frozen=True):
    members: dict[m.Seat, Member] = {}
    barred: frozenset[m.Seat] = frozenset()
    locked: bool = False
    ended: m.EndReason | None = None


EMPTY = State()


# What is in the log. `seat`, `instance` and `socket` say who did it and come from the socket, never from a message.


class _Entry(Struct, frozen=True, tag_field="type", omit_defaults=True):
    pass


class Seated(_Entry, tag="seated", frozen=True):
    """A socket takes a seat. `resume`: it goes on where the same instance left off.

    `succeeds` is the socket that a resume token was given to. A seat has one socket at a time, so a token is good once:
    whoever uses it first, on whichever node, is the socket of the seat from then on.
    """

    seat: m.Seat
    instance: str
    socket: str
    name: str = ""
    about: str = ""
    admitted: bool = False
    resume: bool = False
    succeeds: str = ""
    beside: tuple[str, ...] = ()


class Away(_Entry, tag="away", frozen=True):
    seat: m.Seat
    socket: str


class Left(_Entry, tag="left", frozen=True):
    """The seat is free: its holder said bye, or waited and did not come back (`lost`)."""

    seat: m.Seat
    socket: str
    lost: bool = False


class Said(_Entry, tag="said", frozen=True):
    """What a seat wants: a command of the protocol."""

    seat: m.Seat
    instance: str
    command: m.Told


class Ended(_Entry, tag="ended", frozen=True):
    """Ended from outside the room: cancelled, moved, consent withdrawn."""

    reason: m.EndReason


class Snapshot(_Entry, tag="snapshot", frozen=True):
    """Everything up to here: what a log keeps in place of the entries it has dropped."""

    state: State


Entry = Seated | Away | Left | Said | Ended | Snapshot


# Deciding.


def check(state: State, entry: Entry) -> type[SocketRefusal] | None:
    """Why this entry changes nothing in this state, or None if it does."""
    if state.ended and not isinstance(entry, Snapshot):
        return Over
    match entry:
        case Said(seat=seat, instance=instance, command=command):
            return check_command(state, seat, instance, command)
        case Seated():
            return _check_seated(state, entry)
        case Away(seat=seat, socket=socket):
            member = state.members.get(seat)
            return None if member and member.socket == socket and member.here else ReplacedBy
        case Left(seat=seat, socket=socket, lost=lost):
            member = state.members.get(seat)
            # One that talks is never given up from here, as media lives without signalling; nor one who may be called.
            gone = member and (not lost or not (member.here or member.admitted or member.outside))
            return None if gone and member and member.socket == socket else ReplacedBy
    return None


def _check_seated(state: State, entry: Seated) -> type[SocketRefusal] | None:
    if entry.seat in state.barred:
        return Barred
    if entry.resume:
        member = state.members.get(entry.seat)
        if member is None:
            return GoneBy
        if member.instance != entry.instance:
            return ReplacedBy
        if entry.succeeds and entry.succeeds != member.socket:
            return TokenSpent
    # Whoever was let in may come back: `admitted` is remembered by the database, also for a page that was reloaded.
    elif state.locked and entry.seat not in state.members and not entry.admitted:
        return Locked
    return None


def check_command(state: State, seat: m.Seat, instance: str, command: m.Command) -> type[SocketRefusal] | None:
    """Why this page may not say this now, or None."""
    if state.ended:
        return Over
    if seat in state.barred:
        return Barred
    me = state.members.get(seat)
    if me is None or me.instance != instance:
        return ReplacedBy
    match command:
        case m.Desc(to=to, epoch=epoch) | m.Cand(to=to, epoch=epoch):
            return _check_pair(state, me, seat, to, epoch)
        case m.Hold(seat=other) if other == seat != "practitioner":
            return None if me.admitted else NotAdmitted  # whoever wants to goes out
        case m.Admit(seat=other) if other == seat and me.outside == "called":
            return None
        case m.Admit(seat=other) | m.Hold(seat=other) | m.Deny(seat=other) | m.Kick(seat=other):
            if seat != "practitioner" or other == "practitioner":
                return PractitionerOnly
            return None if other in state.members else NotHere
        case m.End() | m.Lock():
            return None if seat == "practitioner" else PractitionerOnly
        case m.Mode() | m.Tracks() | m.Stat() | m.AskIce():
            return None if me.admitted else NotAdmitted
        case m.Ask(to=to, what=what):
            if seat != "practitioner" and (seat, to) != ("patient", "assistant"):
                return SeatRefused
            calls = seat == "practitioner" != to and what == "return" and to in state.members
            return None if calls else _check_peer(state, me, seat, to)
        case m.Sas(epoch=epoch):
            peer = _VERIFIED_WITH.get(seat)
            return _check_pair(state, me, seat, peer, epoch) if peer else SeatRefused


_VERIFIED_WITH: dict[m.Seat, m.Seat] = {"practitioner": "patient", "patient": "practitioner"}


def _check_pair(state: State, me: Member, seat: m.Seat, to: m.Seat, epoch: int) -> type[SocketRefusal] | None:
    refusal = _check_peer(state, me, seat, to)
    return refusal or (None if epoch == pair_epoch(me, state.members[to]) else Stale)


def _check_peer(state: State, me: Member, seat: m.Seat, to: m.Seat) -> type[SocketRefusal] | None:
    if not me.admitted:
        return NotAdmitted
    peer = state.members.get(to)
    if peer is None or to == seat or not meet(state.members, seat, to):
        return NotHere
    if not peer.admitted:
        # The practitioner may know that somebody waits; nobody else may.
        return NotAdmitted if seat == "practitioner" else NotHere
    return None


def pair_epoch(a: Member, b: Member) -> int:
    """Rises whenever one of the two changes, also over restarts, because sequence numbers do."""
    return max(a.since, b.since)


# Folding.


def fold(state: State, seq: int, entry: Entry) -> State:
    """The state after the entry with this sequence number."""
    if check(state, entry):
        return state
    match entry:
        case Said(seat=seat, command=command):
            return _obey(state, seq, seat, command)
        case Snapshot(state=kept):
            return kept
        case Ended(reason=reason):
            return replace(state, ended=reason)
        case Seated(seat=seat):
            return _with(state, seat, _seated(state.members.get(seat), seq, entry))
        case Away(seat=seat):
            return _with(state, seat, replace(state.members[seat], here=False))
        case Left(seat=seat):
            return _with(state, seat, None)


def refused(past: list[tuple[int, Entry]], number: int) -> type[SocketRefusal] | None:
    """Why the entry of this number changed nothing; `past` begins with a Snapshot."""
    state = EMPTY
    for seq, entry in past:
        if seq == number:
            return check(state, entry)
        state = fold(state, seq, entry)
    return GoneBy


def _seated(before: Member | None, seq: int, entry: Seated) -> Member:
    if before and before.instance == entry.instance:
        return replace(before, socket=entry.socket, here=True)
    # The room knows better than the ticket whether a seat it has is admitted: the ticket may be older.
    admitted, outside = (before.admitted, before.outside) if before else (entry.admitted, "")
    member = Member(entry.instance, entry.socket, entry.name, entry.about, admitted, seq)
    return replace(member, outside=outside, beside=entry.beside)


def _obey(state: State, seq: int, seat: m.Seat, command: m.Told) -> State:
    match command:
        case m.Ask(to=to, what="return") if not state.members[to].admitted:
            return _with(state, to, replace(state.members[to], outside="called"))
        case m.Desc() | m.Cand() | m.Ask():
            return state
        case m.Admit(seat=other):
            member = state.members[other]
            let_in = replace(member, admitted=True, since=seq, outside="")
            return state if member.admitted else _with(state, other, let_in)
        case m.Hold(seat=other):
            member = state.members[other]
            outside: m.Outside = "out" if member.admitted or member.outside else ""
            return _with(state, other, replace(member, admitted=False, outside=outside))
        case m.Deny(seat=other):
            return _with(state, other, None)
        case m.Kick(seat=other):
            return replace(_with(state, other, None), barred=state.barred | {other})
        case m.End():
            return replace(state, ended="fulfilled")
        case m.Lock(locked=locked):
            return state if state.locked == locked else replace(state, locked=locked)
        case m.Mode(mic=mic, cam=cam):
            return _with(state, seat, replace(state.members[seat], mic=mic, cam=cam))
        case m.Tracks(tracks=tracks):
            return _with(state, seat, replace(state.members[seat], tracks=tuple(tracks)))
        case m.Stat():
            return _with(state, seat, replace(state.members[seat], quality=command.quality))


def _with(state: State, seat: m.Seat, member: Member | None) -> State:
    members = {**state.members}
    if member is None:
        members.pop(seat, None)
    else:
        members[seat] = member
    return replace(state, members=members)
