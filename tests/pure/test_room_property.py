"""Two nodes, three seats, pages that reconnect anywhere, repeat themselves and are late: the room stays one room."""

from __future__ import annotations

from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from telemed.consultation import log as logs
from telemed.consultation import messages as m
from telemed.consultation import replica as replicas
from telemed.consultation.room import EMPTY, SEATS, Entry, Said, Seated, Snapshot, State, check, fold
from tests.pure.broken_broker import TwoNodes
from tests.pure.small_world import Follower, Page, World, at_once

SEAT = st.sampled_from(SEATS)
ACTION = st.one_of(
    st.tuples(st.just("enter"), SEAT, st.integers(0, 2)),
    st.tuples(st.just("steal"), SEAT, st.integers(0, 3)),
    st.tuples(st.just("lock"), st.sampled_from(["practitioner", "practitioner", "patient"]), st.integers(0, 1)),
    st.tuples(st.just("lose"), SEAT, st.integers(0, 3)),
    st.tuples(st.just("read"), SEAT, st.integers(1, 9)),
    st.tuples(st.just("bye"), SEAT, st.just(0)),
    st.tuples(st.just("late away"), SEAT, st.just(0)),
    st.tuples(st.sampled_from(["admit", "hold", "deny", "kick"]), SEAT, st.integers(0, 2)),
    st.tuples(st.just("admit"), st.just("practitioner"), st.integers(0, 2)),
    st.tuples(st.just("repeat"), SEAT, st.just(0)),
    *[
        st.tuples(st.sampled_from(["desc", "cand", "mode", "ask", "track", "stat"]), SEAT, st.integers(0, 8))
        for _ in "1234"
    ],
)


def folded(world: World) -> list[tuple[State, int, Entry]]:
    """The state in which each entry was folded."""
    steps, state = [], EMPTY
    for seq, entry in world.record:
        steps.append((state, seq, entry))
        state = fold(state, seq, entry)
    return steps


ASKS = {("practitioner", "patient"), ("practitioner", "assistant"), ("patient", "assistant")}


def check_door(world: World) -> None:
    """A token lets in once, a locked room takes nobody new, and nobody comes in by themselves who was not called."""
    used: list[str] = []
    for state, seq, entry in folded(world):
        if isinstance(entry, Snapshot):
            continue  # the broker lost everything
        after = fold(state, seq, entry)
        new = after.members.keys() - state.members.keys()
        if state.locked and new:
            assert new == {"practitioner"}, "somebody new in a locked room"
        if isinstance(entry, Seated) and entry.succeeds and after is not state:
            used.append(entry.succeeds)
        if after.locked != state.locked:
            assert isinstance(entry, Said) and entry.seat == "practitioner"
        for seat, member in after.members.items():
            before = state.members.get(seat)
            if seat != "practitioner" and member.admitted and not (before and before.admitted):
                assert isinstance(entry, Said) and before, "came in by no door"
                assert entry.seat == "practitioner" or (entry.seat == seat and before.outside == "called")
    assert len(used) == len(set(used)), "a token was good twice"


def expected(world: World, page: Page) -> set[int]:
    """The relayed messages that were good when folded and are for this page."""
    good = set()
    for state, seq, entry in folded(world):
        if isinstance(entry, Said) and isinstance(entry.command, m.Desc | m.Cand | m.Ask) and not check(state, entry):
            sender, holder = state.members[entry.seat], state.members[entry.command.to]
            assert sender.admitted
            if isinstance(entry.command, m.Ask):
                assert (entry.seat, entry.command.to) in ASKS
                assert holder.admitted or (entry.seat, entry.command.what) == ("practitioner", "return")
            else:
                assert holder.admitted
                assert entry.command.epoch == max(sender.since, holder.since)
            if entry.command.to == page.seat and holder.instance == page.instance:
                good.add(seq)
    return good


def check_world(world: World) -> None:
    check_door(world)
    world.settle()
    for page in world.pages:
        page.read(10_000)
    states = {seq: fold(state, seq, entry) for state, seq, entry in folded(world)}
    for page in world.pages:
        assert len(page.relayed) == len(set(page.relayed)), "told twice"
        assert page.relayed == sorted(page.relayed), "out of order"
        good = expected(world, page)
        assert set(page.relayed) <= good, "told what was not for it"
        if page.follower and not page.over:
            assert set(page.relayed) == good, "something was lost"
            holder = world.state().members[page.seat]
            assert holder.here and holder.socket == page.me.socket, "here, but taken for away"
        for seq, message in page.rosters:
            member = states[seq].members.get(page.seat)
            shown = getattr(message, "roster", getattr(message, "seats", None))
            called = isinstance(message, m.AskFrom) and message.what == "return"
            if (shown is None and not called) or shown:
                assert member and member.instance == page.instance and member.admitted, "seen from the waiting room"
            for seat in shown or ():
                assert page.seat == "practitioner" or seat.admitted, "saw who waits"
    one, other = world.node("practitioner"), world.node("patient")
    for node in (one, other):
        while node.entries:
            node.step()
    assert one.state == other.state == world.state(), "two nodes differ"


class BrokenWorld(World):
    """The same with two nodes and a broker that does everything wrong; a seat's pages come to one node or the other."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self.chance = chance
        self.nodes = TwoNodes(chance, lambda seq, entry: self.record.append((seq, entry)))
        self.at: dict[m.Seat, int] = {}

    def append(self, entry: Entry, dedupe_id: str) -> int:
        node = self.at.get(getattr(entry, "seat", "practitioner"), 0)
        seq: int = at_once(self.nodes.append(node, entry, dedupe_id))
        return seq

    def node(self, seat: m.Seat | None = None) -> Follower:
        node = self.at.get(seat, 0) if seat else 0
        return Follower(lambda tell, lost: self.nodes.follow(node, tell, lost))

    def settle(self) -> None:
        for node in self.nodes.nodes:
            node.keep_up()
        here, there = (node.replica.rooms["room"].now() for node in self.nodes.nodes)
        assert here == there == self.state(), "two nodes differ"

    def enter(self, seat: m.Seat, page: Page | None, fresh: bool, token: bool) -> None:
        self.at[seat] = self.chance.randrange(2)
        super().enter(seat, page, fresh, token)

    def act(self, what: str, seat: m.Seat, number: int) -> None:
        super().act(what, seat, number)
        chance = self.chance.random()
        if chance < 0.06:
            self.nodes.restart(self.chance.randrange(2))
        elif chance < 0.07:
            self.nodes.die()
            # What follows begins anew: nobody is in the room any more.
            self.record.append((self.record[-1][0] + 1, Snapshot(EMPTY)))
        for page in self.pages:
            if page.follower and page.follower.lost:
                page.read(10_000)  # what had been told before
                page.follower = None


def called(world: World) -> World:
    """Everybody is there and admitted, as in most rooms that live long."""
    for seat in reversed(SEATS):
        world.act("enter", seat, 0)
    for number, seat in enumerate(SEATS):
        if seat != "practitioner":
            world.act("admit", "practitioner", number)
    for page in world.pages:
        page.read(99)
    return world


@settings(max_examples=250, deadline=None)
@given(st.booleans(), st.lists(ACTION, max_size=60))
def test_the_room_stays_one_room(empty: bool, actions: list[tuple[str, m.Seat, int]]) -> None:
    world = World() if empty else called(World())
    world.act("enter", "practitioner", 0)
    for action in actions:
        world.act(*action)
    check_world(world)
    said = [(entry.instance, entry.command.id) for _, entry in world.record if isinstance(entry, Said)]
    assert len(said) == len(set(said)), "done twice"


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTION, min_size=30, max_size=90))
def test_also_when_the_window_is_short(actions: list[tuple[str, m.Seat, int]]) -> None:
    window, logs.WINDOW = logs.WINDOW, 12
    try:
        world = called(World())
        for action in actions:
            world.act(*action)
            for page in world.pages:
                page.read(99)  # nobody falls behind; only those who are away miss the window
        check_world(world)
    finally:
        logs.WINDOW = window


@settings(max_examples=150, deadline=None)
@example(79, False, [("enter", "patient", 0)] * 25)  # a stream that was lost has grown again as far as a node had read
@given(st.integers(0, 2**32), st.booleans(), st.lists(ACTION, min_size=25, max_size=80))
def test_also_over_a_broker_that_does_everything_wrong(
    seed: int, short: bool, actions: list[tuple[str, m.Seat, int]]
) -> None:
    patience = replicas.KEEP, replicas.FORGET, replicas.SNAPSHOT
    replicas.KEEP, replicas.FORGET, replicas.SNAPSHOT = (12, 6, 2) if short else patience
    try:
        world = called(BrokenWorld(Random(seed)))
        for action in actions:
            world.act(*action)
        check_world(world)
    finally:
        replicas.KEEP, replicas.FORGET, replicas.SNAPSHOT = patience
