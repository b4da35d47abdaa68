"""The judge of walk-ins is judged, and the forecast of the wait is right where it can be known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from telemed.stations.forecast import OnCall, Waiting, minutes, play
from tests.people import fixed
from tests.walkins import Act, complaints

OPEN = [Act(0, "open", "bob"), Act(0, "open", "dora"), Act(0, "add", "petra", "a", room="1"),
        Act(10, "add", "petra", "b", room="2")]  # fmt: skip
SERVED = [Act(30, "accept", "bob", "a"), Act(40, "join", "bob", "a"), Act(50, "end", "bob", "a")]
DECLINED = [Act(60, "look", "bob", "b"), Act(70, "decline", "bob", "b")]
NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)


def found(*acts: Act, **left: str) -> list[str]:
    return [one.split(":")[0].split(" to ")[0] for one in complaints([*OPEN, *acts], left)]


def test_an_honest_queue_passes() -> None:
    offered = Act(20, "look", "bob", "a")
    assert found(offered, *SERVED, *DECLINED, a="accepted", b="declined") == []
    back = [offered, Act(120, "look", "dora", "a"), Act(130, "accept", "dora", "a"),
            Act(140, "join", "dora", "a"), Act(150, "end", "dora", "a"), Act(150, "leave", "petra", "b")]  # fmt: skip
    assert found(*back, a="accepted", b="left") == [], "bob has vanished for 100 seconds"
    urgent = [Act(0, "open", "carl"), offered, Act(20, "look", "dora", "b"), Act(30, "hand_on", "bob", "a"),
              Act(40, "hand_on", "dora", "b", urgent=True), Act(40, "look", "carl", "b"),
              Act(50, "decline", "carl", "b"), Act(50, "leave", "petra", "a")]  # fmt: skip
    handed_on = [offered, Act(30, "hand_on", "bob", "a"), Act(40, "look", "dora", "a"), Act(50, "hand_on", "dora", "a")]
    assert found(*handed_on, *DECLINED, a="waiting", b="declined") == [], "there is no other doctor"
    assert found(*urgent, a="left", b="declined") == [], "called urgent and looked at in one tick"


def test_every_kind_of_wrong_is_found() -> None:
    offered = Act(20, "look", "bob", "a")
    assert found(Act(20, "look", "bob", "b"))[0].startswith("b came at 10")
    assert "offered" in found(offered, Act(20, "look", "dora", "a"))
    assert "offered although offered" in found(offered, Act(30, "look", "dora", "a"))
    assert "nobody offered" in found(Act(20, "look", "bob"))
    assert "offered again" in found(offered, Act(30, "hand_on", "bob", "a"), Act(40, "look", "bob", "a"))
    assert "accept of somebody else's" in found(offered, Act(30, "accept", "dora", "a"))
    assert "refused for nothing" in found(offered, Act(30, "accept", "bob", "a", done=False))
    again = [Act(80, "join", "bob", "a"), Act(90, "end", "bob", "a")]
    assert "served twice" in found(offered, *SERVED, *again, *DECLINED[:0])
    assert "lost" in found(offered, *SERVED, *DECLINED, a="accepted", b="waiting")
    assert "still there in the end" in found(a="waiting", b="waiting")


def doctor(
    number: int = 1, until: int = 120, busy: tuple[int, int] | None = None, *, answering: bool = False
) -> OnCall:
    since, to = ([NOW + timedelta(minutes=one)] for one in busy) if busy else ([], [])
    return OnCall(
        id=fixed(number), specialty="general", sites=None, until=NOW + timedelta(minutes=until),
        length=timedelta(minutes=15),
        answering=answering, taken_since=since, taken_until=to,
    )  # fmt: skip


def waiting(number: int, station: int = 0, handed_on: list[UUID] | None = None) -> Waiting:
    return Waiting(
        id=fixed(number), specialty="general", site=fixed(9), station=fixed(station or number),
        handed_on=handed_on or [],
        taken_since=[], taken_until=[],
    )  # fmt: skip


def waits(doctors: list[OnCall], *queue: Waiting) -> list[int | None]:
    return [start and minutes(NOW, start) for start in play(NOW, doctors, queue).values()]


def test_the_wait_is_foretold() -> None:
    assert waits([doctor()], waiting(11)) == [0]
    assert waits([doctor()], waiting(11), waiting(12), waiting(13)) == [0, 15, 30]
    assert waits([doctor(1), doctor(2)], waiting(11), waiting(12), waiting(13)) == [0, 0, 15]
    assert waits([doctor(answering=True)], waiting(11)) == [15]
    assert waits([doctor(busy=(3, 22))], waiting(11)) == [25], "three minutes are too little; said upwards"
    assert waits([doctor(busy=(10, 25))], waiting(11), waiting(12)) == [0, 25]
    assert waits([doctor(1), doctor(2)], waiting(11, 5), waiting(12, 5)) == [0, 15], "one room"
    assert waits([doctor(until=20)], waiting(11), waiting(12), waiting(13)) == [0, 15, None]
    assert waits([doctor()], waiting(11, handed_on=[fixed(1)])) == [None]
    assert waits([], waiting(11)) == [None]
