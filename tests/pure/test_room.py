"""The room, told as stories: who is let in, who sees whom, what becomes of a message."""

from __future__ import annotations

import pytest

from telemed.consultation import messages as m
from telemed.consultation.refusals import Locked, ReplacedBy, TokenSpent
from telemed.consultation.room import Away, Ended, Left, Said, Seated, check, check_command
from tests.rooms import ALICE, BOB, PETRA, Room, talking


@pytest.fixture
def call() -> Room:
    return talking()


def test_the_way_in() -> None:
    room = Room()(ALICE)
    assert room.told["s-alice"] == [
        m.Joined("patient", 1001, False, ()), m.Waiting(1001, practitioner_here=False),
    ]  # fmt: skip
    room(BOB)
    assert room.last(ALICE) == m.Waiting(1002, practitioner_here=True)
    (joined,) = room.told["s-bob"]
    assert isinstance(joined, m.Joined)
    assert [(seat.name, seat.admitted) for seat in joined.roster] == [("Alice Ährenfeld", False)]
    room.say(BOB, m.Admit, seat="patient")
    ok, roster = room.told["s-bob"][1:]
    assert ok == m.Ok("1", 1003)
    admitted, hers = room.told["s-alice"][-2:]
    assert admitted == m.Admitted(1003)
    assert isinstance(roster, m.Roster) and isinstance(hers, m.Roster)
    assert (roster.seats[0].epoch, hers.seats[0].epoch) == (1003, 1003)
    assert (roster.seats[0].polite, hers.seats[0].polite) == (False, True)


@pytest.mark.rule("V-16")
def test_who_waits_sees_nobody() -> None:
    room = Room()(PETRA, ALICE, BOB, Away("patient", "s-alice"), ALICE)
    for who in (ALICE, PETRA):
        assert {type(message) for message in room.told[who.socket]} <= {m.Joined, m.Waiting, m.Replaced}
        assert not any(message.roster for message in room.told[who.socket] if isinstance(message, m.Joined))
    room.say(BOB, m.Admit, seat="patient")
    assert "Petra" not in repr(room.told["s-alice"])
    assert "Alice" not in repr(room.told["s-petra"])


def test_who_waits_reaches_nobody() -> None:
    room = Room()(BOB, ALICE, PETRA)
    room.say(ALICE, m.Desc, to="practitioner", epoch=1002, kind="offer", sdp="v=0")
    assert room.last(ALICE).code == "not_admitted"  # type: ignore[union-attr]
    room.say(ALICE, m.Mode, mic=True, cam=True)
    assert room.last(ALICE).code == "not_admitted"  # type: ignore[union-attr]
    room.say(BOB, m.Desc, to="patient", epoch=1002, kind="offer", sdp="v=0")
    assert room.last(BOB).code == "not_admitted"  # type: ignore[union-attr]
    room.say(BOB, m.Admit, seat="patient").say(ALICE, m.Desc, to="assistant", epoch=1, kind="offer", sdp="v=0")
    assert room.last(ALICE).code == "not_here"  # type: ignore[union-attr]  that somebody waits is none of her business
    assert not room.heard(BOB, m.DescFrom) and not room.heard(PETRA, m.DescFrom)


@pytest.mark.parametrize("kind", [m.Admit, m.Hold, m.Deny, m.Kick])
def test_only_the_practitioner_opens_the_door(kind: type, call: Room) -> None:
    call(PETRA).say(ALICE, kind, seat="assistant")
    assert call.last(ALICE).code == "forbidden"  # type: ignore[union-attr]
    call.say(BOB, kind, seat="practitioner")
    assert call.last(BOB).code == "forbidden"  # type: ignore[union-attr]


def test_a_relayed_message_reaches_its_seat_alone_and_is_stamped(call: Room) -> None:
    call(PETRA).say(BOB, m.Admit, seat="assistant")
    epoch = call.epoch(ALICE, "practitioner")
    call.say(ALICE, m.Desc, to="practitioner", epoch=epoch, kind="offer", sdp="v=0 a")
    assert call.last(BOB) == m.DescFrom(call.seq, "patient", epoch, "offer", "v=0 a")
    assert isinstance(call.last(ALICE), m.Ok)
    assert not call.heard(PETRA, m.DescFrom)


def test_a_new_page_makes_old_descriptions_stale(call: Room) -> None:
    old = call.epoch(BOB, "patient")
    second_tab = Seated("patient", "alice-page-02", "s-alice-2", "Alice Ährenfeld")
    call(second_tab)
    assert call.last(ALICE) == m.Replaced(call.seq)
    assert call.told["s-alice-2"][0].admitted is True  # type: ignore[union-attr]  the seat is, not the page
    call.say(BOB, m.Desc, to="patient", epoch=old, kind="offer", sdp="v=0")
    assert call.last(BOB).code == "stale"  # type: ignore[union-attr]
    call.say(ALICE, m.Mode, mic=True, cam=True)
    assert call.heard(BOB, m.ModeFrom) == []
    assert call.epoch(BOB, "patient") > old


def test_the_same_page_comes_back_and_nothing_changes(call: Room) -> None:
    old = call.epoch(BOB, "patient")
    call(Away("patient", "s-alice"))
    assert call.last(BOB).seats[0].state == "away"  # type: ignore[union-attr]
    call(Seated("patient", ALICE.instance, "s-alice-b", resume=True), Away("patient", "s-alice"))
    assert call.last(BOB).seats[0].state == "here"  # type: ignore[union-attr]  the old socket's end came late
    assert (call.epoch(BOB, "patient"), call.told["s-alice-b"][0]) == (old, m.Resumed(call.seq - 1))


def test_a_page_that_was_replaced_has_no_say_any_more(call: Room) -> None:
    epoch = call.epoch(ALICE, "practitioner")
    tab = Seated("patient", "alice-page-02", "s-2", admitted=True)
    call(tab)
    state, told = call.state, list(call.told["s-bob"])
    call.say(ALICE, m.Mode, mic=False, cam=False)
    call.say(ALICE, m.Cand, to="practitioner", epoch=max(epoch, call.seq - 1), candidates=[m.Candidate("")])
    assert (call.state, call.told["s-bob"]) == (state, told)
    late = Said(ALICE.seat, ALICE.instance, m.Mode("x", mic=False, cam=False))
    assert check(call.state, late) is ReplacedBy
    call(Left("patient", "s-2"))
    assert check(call.state, late) is ReplacedBy  # nor after the page that replaced it has gone


def test_a_page_that_was_replaced_cannot_resume(call: Room) -> None:
    call(Seated("patient", "alice-page-02", "s-alice-2"), Seated("patient", ALICE.instance, "s-3", resume=True))
    assert call.told["s-3"][-1].code == "replaced"  # type: ignore[union-attr]
    assert call.state.members["patient"].instance == "alice-page-02"


def test_resume_into_a_room_that_is_forgotten_is_gone() -> None:
    room = Room()(Seated("patient", ALICE.instance, "s-3", resume=True))
    (err,) = room.told["s-3"]
    assert (err.code, err.fatal) == ("gone", False)  # type: ignore[union-attr]


def test_held_and_admitted_again_is_a_new_epoch(call: Room) -> None:
    old = call.epoch(BOB, "patient")
    call.say(BOB, m.Hold, seat="patient")
    assert [type(message) for message in call.told["s-alice"][-2:]] == [m.Held, m.Waiting]
    call.say(ALICE, m.Cand, to="practitioner", epoch=old, candidates=[m.Candidate("")])
    assert call.last(ALICE).code == "not_admitted"  # type: ignore[union-attr]
    call.say(BOB, m.Admit, seat="patient")
    assert call.epoch(BOB, "patient") > old


def test_an_old_ticket_does_not_readmit_who_was_held(call: Room) -> None:
    call.say(BOB, m.Hold, seat="patient")(Seated("patient", "alice-page-02", "s-2", admitted=True))
    assert call.told["s-2"][0].admitted is False  # type: ignore[union-attr]


def test_denied_may_ask_again_and_kicked_may_not() -> None:
    room = Room()(BOB, ALICE, PETRA).say(BOB, m.Deny, seat="patient").say(BOB, m.Kick, seat="assistant")
    assert room.last(ALICE) == m.Denied(1004)
    assert room.last(PETRA) == m.Kicked(1005)
    room(Seated("patient", "alice-page-02", "s-2"), Seated("assistant", "petra-page-02", "s-3"))
    assert isinstance(room.told["s-2"][0], m.Joined)
    assert (room.told["s-3"][0].code, room.told["s-3"][0].fatal) == ("kicked", True)  # type: ignore[union-attr]


def test_one_who_waits_is_given_up_and_one_who_talks_is_not(call: Room) -> None:
    call(PETRA, Away("assistant", "s-petra"), Left("assistant", "s-petra", lost=True))
    assert "assistant" not in call.state.members
    call(Away("patient", "s-alice"), Left("patient", "s-alice", lost=True))
    assert call.state.members["patient"].admitted
    call(Left("patient", "s-alice"))
    assert "patient" not in call.state.members


def test_who_came_back_is_not_given_up() -> None:
    room = Room()(ALICE, Away("patient", "s-alice"), Seated("patient", ALICE.instance, "s-2", resume=True))
    room(Left("patient", "s-alice", lost=True), Left("patient", "s-2", lost=True))
    assert room.state.members["patient"].here


def test_the_end_is_the_end(call: Room) -> None:
    call.say(ALICE, m.End)
    assert call.last(ALICE).code == "forbidden"  # type: ignore[union-attr]
    call(PETRA).say(BOB, m.End)
    for who in (BOB, ALICE, PETRA):
        assert call.last(who) == m.Ended(call.seq, "fulfilled")
    call(Seated("patient", "alice-page-02", "s-2"))
    assert (call.told["s-2"][0].code, call.told["s-2"][0].fatal) == ("ended", True)  # type: ignore[union-attr]


def test_a_cancelled_appointment_ends_the_room(call: Room) -> None:
    call(Ended("cancelled"))
    assert call.last(ALICE) == m.Ended(call.seq, "cancelled")


def test_muting_is_told_once_and_kept_for_later_comers(call: Room) -> None:
    before = len(call.told["s-bob"])
    call.say(ALICE, m.Mode, mic=False, cam=True)
    assert call.told["s-bob"][before:] == [m.ModeFrom(call.seq, "patient", False, True)]
    call(Seated("practitioner", "bob-page-0002", "s-bob-2", admitted=True))
    assert call.told["s-bob-2"][0].roster[0].mic is False  # type: ignore[union-attr]


def test_what_a_seat_sends_and_how_its_line_is_are_told_once_and_kept_for_later_comers(call: Room) -> None:
    tracks, quality = [m.Track("3", "dermatoscope")], m.Quality("audio", 900, 12)
    call(PETRA).say(BOB, m.Admit, seat="assistant")
    before = len(call.told["s-bob"])
    call.say(PETRA, m.Tracks, tracks=tracks).say(PETRA, m.Stat, level="audio", rtt_ms=900, loss_pct=12)
    assert call.told["s-bob"][before:] == [
        m.TracksFrom(call.seq - 1, "assistant", tuple(tracks)), m.QualityOf(call.seq, "assistant", "audio", 900, 12),
    ]  # fmt: skip
    assert call.heard(ALICE, m.QualityOf) and not call.heard(PETRA, m.QualityOf)
    call(Seated("practitioner", "bob-page-0002", "s-bob-2", admitted=True))
    petra = next(seat for seat in call.told["s-bob-2"][0].roster if seat.seat == "assistant")  # type: ignore[union-attr]
    assert (petra.tracks, petra.quality) == (tuple(tracks), quality)
    call(Seated("assistant", PETRA.instance, "s-petra-2", resume=True))
    assert call.state.members["assistant"].tracks == tuple(tracks)
    call(Seated("assistant", "petra-page-02", "s-petra-3"))
    assert call.state.members["assistant"].tracks == (), "another page sends what it says itself"


@pytest.mark.parametrize(
    "command", [m.Tracks("1", []), m.Stat("1", "full"), m.AskIce("1"), m.Ask("1", "patient", "unmute")]
)
def test_who_waits_tells_nothing_and_gets_no_relay(command: m.Command) -> None:
    room = Room()(BOB, PETRA)
    refusal = check_command(room.state, "assistant", PETRA.instance, command)
    assert refusal is not None and refusal.code in ("not_admitted", "forbidden")


def test_a_locked_room_takes_nobody_new_and_everybody_back(call: Room) -> None:
    call.say(ALICE, m.Lock, locked=True)
    assert call.last(ALICE).code == "forbidden" and not call.state.locked  # type: ignore[union-attr]
    call.say(BOB, m.Lock, locked=True)
    assert [call.last(who).locked for who in (BOB, ALICE)] == [True, True]  # type: ignore[union-attr]
    call(PETRA)
    assert (call.last(PETRA).code, call.last(PETRA).fatal) == ("locked", False)  # type: ignore[union-attr]
    assert "assistant" not in call.state.members
    assert check(call.state, Seated("patient", ALICE.instance, "s-2", resume=True)) is None
    assert check(call.state, Seated("patient", "alice-page-02", "s-2")) is None
    call(Left("patient", "s-alice"), Left("practitioner", "s-bob"))
    assert check(call.state, Seated("patient", "alice-page-02", "s-2", admitted=True)) is None, "a reload is a bye"
    assert check(call.state, Seated("patient", "alice-page-02", "s-2")) is Locked
    assert check(call.state, BOB) is None
    call(BOB)
    assert call.last(BOB).locked is True  # type: ignore[union-attr]
    call.say(BOB, m.Lock, locked=False)(PETRA)
    assert call.last(PETRA) == m.Waiting(call.seq, practitioner_here=True)


def test_who_waits_is_not_told_of_the_lock() -> None:
    room = Room()(BOB, ALICE).say(BOB, m.Lock, locked=True)(Seated("patient", "alice-page-02", "s-2"))
    assert {type(message) for message in room.told["s-alice"]} == {m.Joined, m.Waiting, m.Replaced}
    assert room.told["s-2"][0].locked is False  # type: ignore[union-attr]


def test_a_token_is_good_once_and_for_the_last_socket_only(call: Room) -> None:
    def resumed(socket: str, succeeds: str, instance: str = ALICE.instance) -> Seated:
        return Seated("patient", instance, socket, resume=True, succeeds=succeeds)

    call(resumed("s-2", "s-alice"))
    assert isinstance(call.told["s-2"][0], m.Resumed)
    call(resumed("s-3", "s-alice"))
    assert (call.told["s-3"][0].code, call.told["s-3"][0].fatal) == ("token_spent", True)  # type: ignore[union-attr]
    assert call.state.members["patient"].socket == "s-2", "the second use disturbs nobody"
    call(Away("patient", "s-2"), resumed("s-4", "s-2"))
    assert isinstance(call.told["s-4"][0], m.Resumed)
    assert check(call.state, resumed("s-5", "s-4", "alice-page-02")) is ReplacedBy
    call(Seated("patient", ALICE.instance, "s-5", resume=True))
    assert check(call.state, resumed("s-6", "s-4")) is TokenSpent, "a ticket, too, ends the tokens before it"


def test_the_words_are_compared_by_practitioner_and_patient_in_the_connection_they_belong_to(call: Room) -> None:
    call(PETRA).say(BOB, m.Admit, seat="assistant")
    epoch = call.epoch(ALICE, "practitioner")

    def answer(who: Seated, epoch: int) -> str:
        refusal = check_command(call.state, who.seat, who.instance, m.Sas("1", epoch, match=True))
        return refusal.code if refusal else ""

    assert [answer(who, epoch) for who in (BOB, ALICE, PETRA)] == ["", "", "forbidden"]
    assert answer(BOB, epoch - 1) == "stale"
    call.say(BOB, m.Hold, seat="patient")
    assert [answer(who, epoch) for who in (BOB, ALICE)] == ["not_admitted", "not_admitted"]
    call(Ended("cancelled"))
    assert answer(BOB, epoch) == "ended"
