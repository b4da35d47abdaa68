"""The judge of storms is judged: it finds every kind of lie, and lets honest histories pass."""

from __future__ import annotations

from tests.history import Event, Place, Places, Row, complaints

NINE: Places = frozenset({Place("doctor", 9, 10)})
TEN: Places = frozenset({Place("doctor", 10, 11)})
ELSEWHERE: Places = frozenset({Place("other doctor", 9, 10)})


def found(events: list[Event], rows: list[Row]) -> list[str]:
    return [complaint.split(":")[0] for complaint in complaints(events, rows)]


def booked(sent: float, answered: float, appointment: str, places: Places = NINE, **more: object) -> Event:
    return Event("book", sent, answered, "ok", appointment, places, **more)  # type: ignore[arg-type]


def test_an_honest_history_passes() -> None:
    events = [
        booked(0, 2, "a"),
        Event("book", 1, 3, "slot_taken", None, NINE, (TEN,)),
        Event("move", 4, 5, "ok", "a", TEN),
        booked(4.5, 6, "b"),
        Event("cancel", 7, 8, "ok", "b"),
        booked(7.5, 9, "c", ELSEWHERE | NINE),
    ]
    rows = [Row("a", TEN, True), Row("b", NINE, False), Row("c", ELSEWHERE | NINE, True)]
    assert complaints(events, rows) == []


def test_silence_is_found() -> None:
    assert found([Event("book", 0, None, None, None, NINE)], []) == ["unanswered"]
    assert complaints([Event("book", 0, None, None, None, NINE)], [Row("x", NINE, True)], may_lose=True) == []


def test_two_rows_for_one_time_are_found() -> None:
    assert "double booking in the end" in found([], [Row("a", NINE, True), Row("b", NINE, True)])
    assert found([], [Row("a", NINE, True), Row("b", NINE, False), Row("c", TEN, True)]) == []


def test_two_at_one_moment_are_found_even_if_one_left_in_time() -> None:
    events = [booked(0, 1, "a"), booked(2, 3, "b"), Event("cancel", 4, 5, "ok", "a")]
    assert found(events, [Row("a", NINE, False), Row("b", NINE, True)]) == ["double booking at one moment"]


def test_an_acknowledged_booking_that_vanished_is_found() -> None:
    assert found([booked(0, 1, "a")], []) == ["acknowledged but not there"]
    assert found([booked(0, 1, "a")], [Row("a", NINE, False)]) == ["acknowledged but not there"]
    moved = [booked(0, 1, "a"), Event("move", 2, 3, "ok", "a", TEN)]
    assert found(moved, [Row("a", NINE, True)]) == ["acknowledged but not there"]


def test_a_refusal_without_a_rival_is_found() -> None:
    refused = Event("book", 5, 6, "slot_taken", None, NINE)
    assert found([refused], []) == ["refused although nobody was there"]
    gone = [booked(0, 1, "a"), Event("cancel", 2, 3, "ok", "a"), refused]
    assert found(gone, [Row("a", NINE, False)]) == ["refused although nobody was there"]
    leaving = [booked(0, 1, "a"), Event("cancel", 2, 5.5, "ok", "a"), refused]
    assert found(leaving, [Row("a", NINE, False)]) == []


def test_an_offer_of_what_was_taken_all_the_time_is_found() -> None:
    refused = Event("book", 5, 6, "slot_taken", None, NINE, (TEN,))
    rows = [Row("a", NINE, True), Row("b", TEN, True)]
    assert found([booked(0, 1, "a"), booked(0, 1, "b", TEN), refused], rows) == [
        "offered {Place(resource='doctor', start=10, end=11)} which was taken all the time"
    ]
    assert found([booked(0, 1, "a"), booked(0, 5.5, "b", TEN), refused], rows) == []


def test_an_expired_hold_is_not_certain_any_more() -> None:
    events = [Event("hold", 0, 1, "ok", "a", NINE), Event("expire", 2, 3, "ok", "a"), booked(4, 5, "b")]
    assert found(events, [Row("a", NINE, False), Row("b", NINE, True)]) == []


def test_a_repeat_that_made_a_second_booking_is_found() -> None:
    events = [booked(0, 1, "a", key="k"), booked(2, 3, "b", TEN, key="k")]
    assert found(events, [Row("a", NINE, True), Row("b", TEN, True)]) == ["one request made 2 bookings"]


DAY = Place("so many a day", 0, 24)
MOST = {DAY.resource: 2}
FIRST, SECOND, THIRD = [frozenset({Place("doctor", hour, hour + 1), DAY}) for hour in (9, 10, 11)]


def crowded(events: list[Event], rows: list[Row]) -> list[str]:
    return [complaint.split(":")[0] for complaint in complaints(events, rows, most=MOST)]


def test_a_day_takes_as_many_as_it_may() -> None:
    events = [booked(0, 1, "a", FIRST), booked(0, 1, "b", SECOND), Event("cancel", 2, 3, "ok", "b")]
    events.append(booked(2.5, 4, "c", THIRD))
    rows = [Row("a", FIRST, True), Row("b", SECOND, False), Row("c", THIRD, True)]
    assert crowded(events, rows) == []


def test_one_too_many_in_a_day_is_found() -> None:
    rows = [Row("a", FIRST, True), Row("b", SECOND, True), Row("c", THIRD, True)]
    assert crowded([], rows) == ["too many in the end"]
    events = [booked(0, 1, "a", FIRST), booked(0, 1, "b", SECOND), booked(2, 3, "c", THIRD)]
    events.append(Event("cancel", 4, 5, "ok", "a"))
    assert crowded(events, [Row("a", FIRST, False), *rows[1:]]) == ["too many from 3 to 4"]


def test_a_day_that_is_full_is_a_reason_to_refuse_and_one_that_is_not_is_none() -> None:
    one, two = booked(0, 1, "a", FIRST), booked(0, 1, "b", SECOND)
    refused = Event("book", 2, 3, "slot_taken", None, THIRD)
    assert crowded([one, two, refused], [Row("a", FIRST, True), Row("b", SECOND, True)]) == []
    assert crowded([one, refused], [Row("a", FIRST, True)]) == ["refused although nobody was there"]
    assert crowded([one, refused], [Row("a", FIRST, True), Row("untold", SECOND, True)]) == []


def test_an_offer_in_a_day_that_was_full_all_the_time_is_found() -> None:
    refused = Event("book", 2, 3, "slot_taken", None, FIRST, (THIRD,))
    one, two = booked(0, 1, "a", FIRST), booked(0, 1, "b", SECOND)
    rows = [Row("a", FIRST, True), Row("b", SECOND, True)]
    assert crowded([one, two, refused], rows)[0].startswith("offered {")
    leaving = Event("cancel", 2.5, 4, "ok", "b")
    assert crowded([one, two, refused, leaving], [rows[0], Row("b", SECOND, False)]) == []
