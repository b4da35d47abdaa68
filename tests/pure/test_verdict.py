"""What follows from a line's figures: each threshold, and that a worse line never gets a better verdict."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemed.precheck.types import LEVELS, Level, Measured, Path, PathName, Verdict, Way
from telemed.precheck.verdict import DELAY, LOSS, RATE, judge, level

GOOD = Way(1_200, 0.0, 1)


def path(up: Way = GOOD, down: Way = GOOD, rtt: float = 50, name: PathName = "direct") -> Path:
    return Path(name, rtt, up, down)


def measured(*paths: Path, heard: bool | None = None, seen: bool | None = None) -> Measured:
    return Measured(("direct", "udp", "tls"), paths, heard, seen)


@pytest.mark.parametrize(
    ("kbit", "expected"),
    [
        (1_200, "full"), (780, "full"), (779, "small"), (280, "small"), (170, "small"), (169, "still"), (90, "still"),
        (89, "audio"), (45, "audio"), (25, "audio"), (24, "phone"), (0, "phone"),
    ],
)  # fmt: skip
def test_by_rate(kbit: float, expected: Level) -> None:
    """In whichever direction it is low."""
    slow = msgspec.structs.replace(GOOD, kbit=kbit)
    assert level(path(slow)) == level(path(GOOD, slow)) == expected


@pytest.mark.parametrize(
    ("loss", "expected"),
    [(0, "full"), (0.04, "full"), (0.05, "small"), (0.1, "small"), (0.2, "small"), (0.21, "audio"), (0.3, "audio"),
     (0.31, "phone"), (1, "phone")],
)  # fmt: skip
def test_by_loss(loss: float, expected: Level) -> None:
    bad = msgspec.structs.replace(GOOD, loss=loss)
    assert level(path(bad)) == level(path(GOOD, bad)) == expected


@pytest.mark.parametrize(
    ("rtt", "jitter", "expected"),
    [(50, 1, "full"), (620, 5, "full"), (996, 1, "full"), (997, 1, "audio"), (200, 300, "audio"), (1_996, 1, "audio"),
     (1_997, 1, "phone"), (50, 500, "phone")],
)  # fmt: skip
def test_by_delay(rtt: float, jitter: float, expected: Level) -> None:
    """A satellite is still good enough for video."""
    assert level(path(msgspec.structs.replace(GOOD, jitter=jitter), rtt=rtt)) == expected


def test_the_best_path_counts_and_of_two_alike_the_shorter() -> None:
    weak = Way(45, 0.0, 5)
    found = judge(measured(path(weak, name="direct"), path(name="tls"), path(name="udp")))
    assert (found.level, found.path) == ("full", "udp")
    assert judge(measured(path(weak), path(weak, name="udp"))).path == "direct"


def test_nothing_works() -> None:
    assert judge(measured()) == Verdict("phone", None)


@pytest.mark.parametrize(
    ("heard", "seen", "expected"),
    [(None, None, "full"), (True, True, "full"), (True, None, "full"), (True, False, "audio"), (None, False, "audio"),
     (False, True, "phone"), (False, False, "phone")],
)  # fmt: skip
def test_what_does_not_arrive_is_not_promised(heard: bool | None, seen: bool | None, expected: Level) -> None:
    assert judge(measured(path(), heard=heard, seen=seen)).level == expected


def test_the_tables_go_down() -> None:
    """The first row that fits is the best one that fits."""
    for table, reverse in ((RATE, True), (LOSS, False), (DELAY, False)):
        figures, levels = [row[0] for row in table], [LEVELS.index(row[1]) for row in table]
        assert figures == sorted(figures, reverse=reverse) and levels == sorted(levels, reverse=True)


ways = st.builds(Way, st.floats(0, 3_000), st.floats(0, 1), st.floats(0, 2_000))
paths = st.builds(Path, st.sampled_from(["direct", "udp", "tcp", "tls"]), st.floats(0, 5_000), ways, ways)
worse = st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))


def worsened(way: Way, by: tuple[float, float, float]) -> Way:
    less, lost, later = by
    return Way(way.kbit * less, way.loss + (1 - way.loss) * lost, way.jitter + 1_000 * later)


@given(
    st.lists(paths, max_size=3), st.lists(st.tuples(worse, worse, st.floats(0, 1)), min_size=3, max_size=3),
    st.integers(0, 3), st.sampled_from([None, True, False]), st.sampled_from([None, True, False]),
)  # fmt: skip
def test_a_worse_line_never_gets_a_better_verdict(
    before: list[Path],
    by: list[tuple[tuple[float, float, float], tuple[float, float, float], float]],
    keep: int,
    heard: bool | None,
    seen: bool | None,
) -> None:
    """Whatever gets worse: rate, loss or delay of any path, a path that is gone, sound or picture that did not come."""
    after = [
        Path(one.name, one.rtt + 3_000 * later, worsened(one.up, up), worsened(one.down, down))
        for one, (up, down, later) in zip(before, by, strict=False)
    ][:keep]
    for was, now in permutations([None, True, False], 2):
        if now is False:
            assert rank(measured(*after, heard=now, seen=seen)) <= rank(measured(*before, heard=was, seen=seen))
            assert rank(measured(*after, heard=heard, seen=now)) <= rank(measured(*before, heard=heard, seen=was))
    assert rank(measured(*after, heard=heard, seen=seen)) <= rank(measured(*before, heard=heard, seen=seen))


def rank(what: Measured) -> int:
    return LEVELS.index(judge(what).level)
