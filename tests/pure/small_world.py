"""A room in miniature for its property test: pages that reconnect anywhere, repeat themselves and are late.

A page is a real client of the protocol: it keeps the greatest `seq` it saw, resumes from it, repeats what was not
answered, and loses its socket in the middle of a batch. A node is a follower of the log at its own pace.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from telemed.consultation import messages as m
from telemed.consultation.log import Lost, MemoryLog, Tell
from telemed.consultation.room import EMPTY, SEATS, Away, Entry, Left, Said, Seated, Snapshot, State, fold
from telemed.consultation.views import Me, view

RELAYED = (m.DescFrom, m.CandFrom, m.AskFrom)  # to one seat alone


def at_once(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


class Follower:
    """Folds the log at its own pace, from whatever the log still has."""

    def __init__(self, follow: Callable[[Tell, Lost], Any]) -> None:
        self.lost = False
        self.entries: deque[tuple[int, Entry]] = deque()
        past, self.stop = at_once(follow(lambda seq, entry: self.entries.append((seq, entry)), self.lose))
        self.entries.extendleft(reversed(past))
        self.state: State = EMPTY
        self.seq = 0

    def lose(self) -> None:
        self.lost = True

    def step(self) -> tuple[State, int, Entry]:
        before = self.state
        self.seq, entry = self.entries.popleft()
        self.state = fold(before, self.seq, entry)
        return before, self.seq, entry


class Page:
    """One load of a page: an instance, perhaps a socket with its follower, and everything it was told."""

    def __init__(self, seat: m.Seat, instance: str) -> None:
        self.seat, self.instance = seat, instance
        self.me = Me(seat, instance, "")
        self.follower: Follower | None = None
        self.after = self.seen = 0
        self.relayed: list[int] = []
        self.rosters: list[tuple[int, m.Logged]] = []
        self.last: m.Told | None = None
        self.over = False

    def read(self, entries: int, lose_after: int | None = None) -> None:
        """Reads what `entries` entries mean; loses the socket after `lose_after` frames."""
        frames = 0
        while entries and self.follower and self.follower.entries:
            before, seq, entry = self.follower.step()
            entries -= 1
            if seq <= self.after or isinstance(entry, Snapshot):
                continue
            for message in view(before, self.follower.state, seq, entry, self.me):
                if lose_after is not None and frames == lose_after:
                    self.follower = None
                    return
                frames += 1
                self.take(seq, message)

    def take(self, seq: int, message: m.Logged) -> None:
        assert message.seq == seq
        self.seen = max(self.seen, seq)
        if isinstance(message, RELAYED):
            self.relayed.append(seq)
        elif isinstance(message, m.Err):
            self.over = self.over or message.fatal or message.code in ("gone", "locked")
        elif isinstance(message, m.Replaced | m.Kicked | m.Denied | m.Ended):
            self.over = True
        if isinstance(message, m.Relayed | m.Roster | m.Joined):
            self.rosters.append((seq, message))
        if self.over:
            self.follower = None


class World:
    def __init__(self) -> None:
        self.log = MemoryLog()
        self.record: list[tuple[int, Entry]] = []
        self.pages: list[Page] = []
        self.current: dict[m.Seat, Page] = {}
        self.names = 0
        self.old_sockets: dict[m.Seat, str] = {}
        self.tokens: dict[m.Seat, list[str]] = {seat: [] for seat in SEATS}

    def name(self) -> str:
        self.names += 1
        return f"{self.names:012d}"

    def append(self, entry: Entry, dedupe_id: str) -> int:
        seq: int = at_once(self.log.append("room", entry, dedupe_id))
        if not self.record or seq > self.record[-1][0]:
            self.record.append((seq, entry))
        return seq

    def node(self, seat: m.Seat | None = None) -> Follower:
        return Follower(lambda tell, lost: self.log.follow("room", tell, lost))

    def settle(self) -> None:
        """Everything that was said has come through."""

    def state(self) -> State:
        state = EMPTY
        for seq, entry in self.record:
            state = fold(state, seq, entry)
        return state

    def act(self, what: str, seat: m.Seat, number: int) -> None:
        page = self.current.get(seat)
        if what == "enter":
            self.enter(seat, page, fresh=number == 0, token=number == 2)
        elif page is None or page.over:
            return
        elif what == "steal" and number < len(self.tokens[seat]):
            # Somebody has copied a token, perhaps a spent one; or the page itself never got its answer.
            token = self.tokens[seat][-1 - number]
            self.append(Seated(seat, page.instance, self.name(), resume=True, succeeds=token), self.name())
        elif what == "lose":
            page.read(5, lose_after=number)
            page.follower = None
            self.append(Away(seat, page.me.socket), self.name())
        elif what == "read":
            page.read(number)
        elif what == "bye":
            self.append(Left(seat, page.me.socket), self.name())
            page.read(999)
            page.over, page.follower = True, None
        elif what == "late away":
            self.append(Away(seat, self.old_sockets.get(seat, "none")), self.name())
        elif what == "repeat" and page.last:
            self.append(Said(seat, page.instance, page.last), f"{page.instance}:{page.last.id}")
        elif page.follower:
            self.command(what, page, number)

    def enter(self, seat: m.Seat, page: Page | None, fresh: bool, token: bool) -> None:
        resume = not fresh and page is not None and not page.over
        if page is None or not resume:
            page = self.current[seat] = Page(seat, self.name())
            self.pages.append(page)
        self.old_sockets[seat] = succeeds = page.me.socket
        page.me = Me(seat, page.instance, self.name())
        page.follower = None
        entry = Seated(
            seat, page.instance, page.me.socket, admitted=seat == "practitioner", resume=resume,
            succeeds=succeeds if resume and token else "",
        )  # fmt: skip
        self.tokens[seat].append(page.me.socket)
        seq = self.append(entry, page.me.socket)
        page.follower = self.node(seat)
        base = page.follower.step()[1]
        page.after = page.seen if resume else seq - 1
        if resume and base > page.seen:
            page.over, page.follower = True, None

    def command(self, what: str, page: Page, number: int) -> None:
        other = SEATS[number % 3]
        kinds = {"admit": m.Admit, "hold": m.Hold, "deny": m.Deny, "kick": m.Kick}
        members = page.follower.state.members if page.follower else {}
        # The epoch as far as this page has read: what it says may be stale by the time it arrives.
        epoch = max((members[seat].since for seat in (page.seat, other) if seat in members), default=0)
        if what in kinds:
            page.last = kinds[what](self.name(), other)
        elif what == "desc":
            page.last = m.Desc(self.name(), other, epoch, "offer", "v=0")
        elif what == "cand":
            page.last = m.Cand(self.name(), other, epoch, [m.Candidate("")])
        elif what == "ask":
            page.last = m.Ask(self.name(), other, "leave" if number < 6 else "return")
        elif what == "lock":
            page.last = m.Lock(self.name(), locked=number == 0)
        elif what == "track":
            page.last = m.Tracks(self.name(), [m.Track(str(number), "camera")])
        elif what == "stat":
            page.last = m.Stat(self.name(), "small", rtt_ms=number)
        else:
            page.last = m.Mode(self.name(), mic=True, cam=number % 2 == 0)
        self.append(Said(page.seat, page.instance, page.last), f"{page.instance}:{page.last.id}")
