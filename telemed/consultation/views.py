"""What one seat is told of one entry: pure, like room.py. Who may see whom is `visible`, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from telemed.consultation import messages as m
from telemed.consultation.publishing import meet
from telemed.consultation.refusals import SocketRefusal
from telemed.consultation.room import Entry, Left, Member, Said, Seated, State, check, pair_epoch

# The later one in this order is polite towards the earlier. The gateway offers what it has; nobody offers it anything.
_IMPOLITE_FIRST: tuple[m.Seat, ...] = ("gateway", "practitioner", "assistant", "patient")


class Me(Struct, frozen=True):
    """The socket whose view is asked for, and the language of its person."""

    seat: m.Seat
    instance: str
    socket: str
    locale: str = "de"


def view(before: State, after: State, seq: int, entry: Entry, me: Me) -> list[m.Logged]:
    """The frames this entry means for one socket. What the next roster repeats comes last, so it may be lost."""
    refusal = check(before, entry)
    if refusal is not None:
        return _refused(refusal, seq, entry, me)
    if isinstance(entry, Seated) and entry.seat == me.seat:
        if entry.socket == me.socket:
            return _seated(after, seq, entry)
        holder = before.members.get(me.seat)
        return [m.Replaced(seq)] if holder and holder.socket == me.socket else []
    was = before.members.get(me.seat)
    if was is None or was.instance != me.instance:
        return []
    return list(_told(before, after, seq, entry, me, was))


def refused(refusal: type[SocketRefusal], locale: str, *, seq: int = 0, id: str = "") -> m.Err:
    """A refusal as a frame."""
    return m.Err(refusal.code, refusal.sentence.render(locale), refusal.fatal, id, seq)


def _refused(refusal: type[SocketRefusal], seq: int, entry: Entry, me: Me) -> list[m.Logged]:
    match entry:
        case Seated(socket=socket) if socket == me.socket:
            return [refused(refusal, me.locale, seq=seq)]
        case Said(seat=seat, instance=instance, command=command) if (seat, instance) == (me.seat, me.instance):
            return [refused(refusal, me.locale, seq=seq, id=command.id)]
    return []


def _seated(after: State, seq: int, entry: Seated) -> list[m.Logged]:
    now = sight(after, seq, entry.seat)
    if entry.resume:
        return [m.Resumed(seq), now]
    admitted = after.members[entry.seat].admitted
    joined = m.Joined(
        entry.seat, seq, admitted, visible(after, entry.seat), locked=admitted and after.locked
    )  # fmt: skip
    return [joined, now] if isinstance(now, m.Waiting) else [joined]


def _told(before: State, after: State, seq: int, entry: Entry, me: Me, was: Member) -> Iterator[m.Logged]:
    said = entry if isinstance(entry, Said) else None
    if said and (said.seat, said.instance) == (me.seat, me.instance):
        yield m.Ok(said.command.id, seq)
    if after.ended:
        yield m.Ended(seq, after.ended)
        return
    am = after.members.get(me.seat)
    if am is None:
        if not isinstance(entry, Left):
            yield m.Kicked(seq) if me.seat in after.barred else m.Denied(seq)
        return
    if said:
        yield from _relayed(after, seq, said, me.seat)
        if isinstance(said.command, m.Mode | m.Tracks | m.Stat):
            return  # the relayed message says it all; the roster would say it again
    if after is before:
        return  # as after every description and candidate
    if am.admitted != was.admitted:
        yield m.Admitted(seq) if am.admitted else m.Held(seq)
    now = sight(after, seq, me.seat)
    if now != sight(before, seq, me.seat):
        yield now


def _relayed(after: State, seq: int, said: Said, seat: m.Seat) -> Iterator[m.Logged]:
    match said.command:
        case m.Desc(to=to, epoch=epoch, kind=kind, sdp=sdp) if to == seat:
            yield m.DescFrom(seq, said.seat, epoch, kind, sdp)
        case m.Cand(to=to, epoch=epoch, candidates=candidates) if to == seat:
            yield m.CandFrom(seq, said.seat, epoch, candidates)
        case m.Ask(to=to, what=what) if to == seat:
            yield m.AskFrom(seq, said.seat, what)
        case m.Mode(mic=mic, cam=cam) if _seen(after, said.seat, seat):
            yield m.ModeFrom(seq, said.seat, mic, cam)
        case m.Tracks(tracks=tracks) if _seen(after, said.seat, seat):
            yield m.TracksFrom(seq, said.seat, tuple(tracks))
        case m.Stat(level=level, rtt_ms=rtt_ms, loss_pct=loss_pct) if _seen(after, said.seat, seat):
            yield m.QualityOf(seq, said.seat, level, rtt_ms, loss_pct)


def _seen(state: State, seat: m.Seat, by: m.Seat) -> bool:
    return seat in (other.seat for other in visible(state, by))


def sight(state: State, seq: int, seat: m.Seat) -> m.Roster | m.Waiting:
    """What somebody in this seat sees of the room."""
    me = state.members[seat]
    if me.admitted:
        return m.Roster(seq, visible(state, seat), state.locked)
    practitioner = state.members.get("practitioner")
    return m.Waiting(seq, practitioner is not None and practitioner.here, me.outside)


def visible(state: State, seat: m.Seat) -> tuple[m.RosterSeat, ...]:
    """The others this seat may know of: who waits sees nobody, and is seen by the practitioner alone."""
    me = state.members.get(seat)
    if me is None or not me.admitted:
        return ()
    return tuple(
        m.RosterSeat(
            seat=other, name=member.name, about=member.about, state="here" if member.here else "away",
            admitted=member.admitted, instance=member.instance, epoch=pair_epoch(me, member),
            polite=_IMPOLITE_FIRST.index(seat) > _IMPOLITE_FIRST.index(other), mic=member.mic, cam=member.cam,
            tracks=member.tracks, quality=member.quality, outside=member.outside, beside=member.beside,
        )
        for other, member in sorted(state.members.items())
        if other != seat and (meet(state.members, seat, other) if member.admitted else seat == "practitioner")
    )  # fmt: skip
