"""Which ride fits an appointment, and when: on the wall clock of the site, on its days, and never at once."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from telemed.counter import rides as counter
from telemed.stations.rides import ASKING, Ride, fitting
from telemed.visit import rides as visit
from tests import people

START = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)  # a Wednesday, ten o'clock in Berlin
END = START + timedelta(minutes=15)
EARLY = START - timedelta(hours=3)


def ride(since: int, until: int, weekdays: frozenset[int] = frozenset({3})) -> Ride:
    return Ride(
        id=people.fixed(1), site=people.GERSWALDE, kind="bus", weekdays=weekdays, since=time(since), until=time(until),
        direction="Flieth", email="bus@example.org", phone="+4939841",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("it", "now", "at"),
    [
        (ride(8, 18), EARLY, "10:25"),  # ten minutes after the end
        (ride(13, 18), EARLY, "13:00"),  # who is done earlier waits for the bus
        (ride(8, 10), EARLY, None),  # that one is gone by then
        (ride(8, 18, frozenset({1, 2, 4})), EARLY, None),  # not on Wednesdays
        (ride(8, 18), END + timedelta(minutes=31), "11:20"),  # asked for afterwards, half an hour ahead, on the grid
        (ride(8, 11), END + timedelta(minutes=31), None),
        (ride(8, 18), END + timedelta(hours=4), "14:45"),
        (ride(8, 18, frozenset(range(1, 8))), END + timedelta(hours=4, minutes=1), None),  # they are at home
        (ride(8, 18, frozenset(range(1, 8))), END + timedelta(days=30), None),
    ],
)
def test_home(it: Ride, now: datetime, at: str | None) -> None:
    found = fitting([it], False, START, END, now)
    assert [f"{offer.leg} {offer.at:%H:%M}" for offer in found] == ([f"home {at}"] if at else [])


@pytest.mark.parametrize(
    ("it", "now", "legs"),
    [
        (ride(8, 18), EARLY, ["there 09:50", "home 10:25"]),
        (ride(10, 18), EARLY, ["home 10:25"]),  # none so early
        (ride(8, 18), START - timedelta(minutes=39), ["home 10:25"]),  # too late to ask
        (ride(8, 18), START - timedelta(minutes=40), ["there 09:50", "home 10:25"]),
    ],
)
def test_to_the_practice_and_back(it: Ride, now: datetime, legs: list[str]) -> None:
    assert [f"{offer.leg} {offer.at:%H:%M}" for offer in fitting([it], True, START, END, now)] == legs


def test_nobody_waits_until_the_morning() -> None:
    """Done late in the evening, asked shortly before midnight: a taxi of the night comes, the one at eight does not."""
    end = datetime(2026, 12, 2, 22, 15, tzinfo=UTC)  # a quarter past eleven in Berlin
    daily = frozenset(range(1, 8))
    found = fitting([ride(8, 18, daily), ride(0, 5, daily)], False, end, end, end + timedelta(minutes=20))
    assert [f"{offer.at:%d %H:%M}" for offer in found] == ["03 00:05"]


def test_nobody_asks_in_a_loop() -> None:
    assert all(route.limit is ASKING for route in (visit.ask, visit.call_off, counter.ask, counter.call_off))
