"""A room without a server: entries are folded, and what each socket would be told is kept."""

from __future__ import annotations

from collections import defaultdict

from telemed.consultation import messages as m
from telemed.consultation.room import EMPTY, Entry, Said, Seated, State, fold
from telemed.consultation.views import Me, view

BOB = Seated("practitioner", "bob-page-0001", "s-bob", "Dr. Bob Buchfink", "Praxis am Uckersee", admitted=True)
ALICE = Seated("patient", "alice-page-01", "s-alice", "Alice Ährenfeld")
PETRA = Seated("assistant", "petra-page-01", "s-petra", "Petra Pohl", "Löwen-Apotheke")


class Room:
    """Folds entries and keeps what each socket is told."""

    def __init__(self) -> None:
        self.state: State = EMPTY
        self.seq = 1_000
        self.sockets: dict[str, Me] = {}
        self.told: dict[str, list[m.Logged]] = defaultdict(list)
        self.ids = 0

    def __call__(self, *entries: Entry) -> Room:
        for entry in entries:
            self.seq += 1
            if isinstance(entry, Seated):
                self.sockets[entry.socket] = Me(entry.seat, entry.instance, entry.socket, "en")
            before, self.state = self.state, fold(self.state, self.seq, entry)
            for name, me in self.sockets.items():
                self.told[name] += view(before, self.state, self.seq, entry, me)
        return self

    def say(self, who: Seated, command: type, /, **values: object) -> Room:
        self.ids += 1
        return self(Said(who.seat, who.instance, command(id=f"{self.ids}", **values)))

    def last(self, who: Seated) -> m.Logged:
        return self.told[who.socket][-1]

    def heard(self, who: Seated, kind: type) -> list[m.Logged]:
        return [message for message in self.told[who.socket] if isinstance(message, kind)]

    def epoch(self, who: Seated, other: m.Seat) -> int:
        rosters = [r for r in self.told[who.socket] if isinstance(r, m.Roster)]
        return next(seat.epoch for seat in rosters[-1].seats if seat.seat == other)


def talking() -> Room:
    """Bob and Alice, admitted."""
    return Room()(BOB, ALICE).say(BOB, m.Admit, seat="patient")
