"""What people in a room ask of each other, and who is outside and called back in."""

from __future__ import annotations

import pytest

from telemed.consultation import messages as m
from telemed.consultation.room import Away, Left, Seated
from tests.rooms import ALICE, BOB, PETRA, Room, talking


@pytest.fixture
def call() -> Room:
    return talking()


ASKING = {
    (BOB, "patient"): "", (BOB, "assistant"): "", (ALICE, "assistant"): "", (ALICE, "practitioner"): "forbidden",
    (PETRA, "patient"): "forbidden", (PETRA, "practitioner"): "forbidden", (BOB, "practitioner"): "not_here",
}  # fmt: skip


@pytest.mark.parametrize(("who", "to"), ASKING)
def test_who_may_ask_whom(who: Seated, to: m.Seat, call: Room) -> None:
    call(PETRA).say(BOB, m.Admit, seat="assistant")
    told = {name: len(messages) for name, messages in call.told.items()}
    call.say(who, m.Ask, to=to, what="leave")
    asked = {name for name, messages in call.told.items() if isinstance(messages[-1], m.AskFrom)}
    if ASKING[who, to]:
        assert call.last(who).code == ASKING[who, to]  # type: ignore[union-attr]
        assert asked == set()
    else:
        assert asked == {f"s-{ {'patient': 'alice', 'assistant': 'petra'}[to] }"}
        assert sum(len(messages) - told[name] for name, messages in call.told.items()) == 2, "the wish and its ok"


def test_who_waits_is_asked_nothing_but_to_come_in(call: Room) -> None:
    for what in ("leave", "unmute"):
        call(PETRA).say(BOB, m.Ask, to="assistant", what=what)
        assert call.last(BOB).code == "not_admitted"  # type: ignore[union-attr]
    call.say(ALICE, m.Ask, to="assistant", what="return")
    assert call.last(ALICE).code == "not_here"  # type: ignore[union-attr]
    assert not call.heard(PETRA, m.AskFrom)
    call.say(BOB, m.Ask, to="assistant", what="return")
    assert call.told["s-petra"][-2:] == [
        m.AskFrom(call.seq, "practitioner", "return"), m.Waiting(call.seq, True, "called"),
    ]  # fmt: skip


def outside(room: Room, who: Seated) -> str:
    """How the one who is not in the room stands there, as somebody sees it."""
    return next((seat.outside for seat in room.last(who).seats if not seat.admitted), "nobody")  # type: ignore[union-attr]


def test_who_goes_out_hears_nothing_and_comes_back_when_called(call: Room) -> None:
    call(PETRA).say(BOB, m.Admit, seat="assistant").say(ALICE, m.Ask, to="assistant", what="leave")
    old = call.epoch(ALICE, "assistant")
    call.say(PETRA, m.Hold, seat="assistant")
    assert call.told["s-petra"][-2:] == [m.Held(call.seq), m.Waiting(call.seq, True, "out")]
    assert (outside(call, BOB), outside(call, ALICE)) == ("out", "nobody")
    told = len(call.told["s-petra"])
    call.say(ALICE, m.Mode, mic=True, cam=False).say(BOB, m.Tracks, tracks=[]).say(BOB, m.Stat, level="small")
    call.say(ALICE, m.Desc, to="assistant", epoch=old, kind="offer", sdp="v=0")
    assert call.last(ALICE).code == "not_here"  # type: ignore[union-attr]
    assert len(call.told["s-petra"]) == told
    call.say(PETRA, m.Admit, seat="assistant")
    assert call.last(PETRA).code == "forbidden", "nobody has called her"  # type: ignore[union-attr]
    call(Away("assistant", "s-petra"), Left("assistant", "s-petra", lost=True))
    assert outside(call, BOB) == "out", "given up, though she can be called"
    call(Seated("assistant", PETRA.instance, "s-petra-2", resume=True)).say(BOB, m.Ask, to="assistant", what="return")
    assert outside(call, BOB) == "called"
    again = Seated("assistant", "petra-page-02", "s-petra-3", "Petra Pohl")
    assert call(again).last(again) == m.Waiting(call.seq, True, "called"), "forgotten by a page that was reloaded"
    call.say(again, m.Admit, seat="assistant")
    assert outside(call, BOB) == "nobody" and call.epoch(ALICE, "assistant") > old
    call.say(BOB, m.Hold, seat="assistant").say(again, m.Admit, seat="assistant")
    assert call.last(again).code == "forbidden", "called once, come in twice"  # type: ignore[union-attr]


def test_who_was_introduced_beside_the_patient_is_told_to_who_is_in_the_room() -> None:
    room = Room()(BOB, Seated("patient", ALICE.instance, "s-alice", "Alice", "Apotheke", beside=("Petra Pohl",)), PETRA)
    assert [seat.beside for seat in room.last(BOB).seats] == [(), ("Petra Pohl",)]  # type: ignore[union-attr]
    assert "Petra" not in repr(room.told["s-alice"])
