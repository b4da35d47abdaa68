"""From packets to figures, and a rate that fills a line without choking it."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from telemed.precheck import measure
from telemed.precheck.measure import COUNTED, HEADERS, Arrival, Pace

OFFSET = 5_000_000.0  # ms between the clocks of the two ends


def paced(kbit: float, octets: int, ms: float, *, number: int = 0, since: float = 0) -> Iterator[Arrival]:
    """Packets that take 40 ms each, sent for a while at a rate."""
    every = octets * 8 / kbit
    for n in range(int(ms / every)):
        at = since + n * every
        yield Arrival(number + n, at + OFFSET, at + 40, octets)


def test_a_line_without_faults() -> None:
    found = measure.way(paced(400, 1_193, 2_000), 10_000, 0)
    assert found.kbit == pytest.approx(400, rel=0.01) and (found.loss, found.jitter) == (0, pytest.approx(0, abs=1e-6))


def test_only_what_came_under_load_says_the_rate() -> None:
    counted = paced(100, 200, 500, number=900, since=2_010)
    found = measure.way([*paced(800, 1_193, 2_000), *counted], 2_040, 0)
    assert found.kbit == pytest.approx(800, rel=0.02)


def test_acknowledgements_of_the_other_direction_took_their_room() -> None:
    assert measure.way(paced(400, 1_193, 2_000), 10_000, 100).kbit == pytest.approx(400 + 74.4, rel=0.01)
    assert measure.frequency([n * 20.0 for n in range(100)]) == pytest.approx(50)


def test_lost_small_packets_are_the_lines_loss() -> None:
    chance = random.Random(1)
    sent = list(paced(200, COUNTED + HEADERS, 8_000))
    came = [one for one in sent if chance.random() >= 0.1]
    assert measure.way(came, 10_000, 0).loss == pytest.approx(0.1, abs=0.03)


def test_what_a_full_queue_drops_is_not() -> None:
    """While packets wait, losses are our own doing; large ones may have been lost by half."""
    calm = list(paced(200, 200, 500))
    queued = [Arrival(100 + 2 * n, one.sent, one.came + 200, one.octets) for n, one in enumerate(paced(200, 200, 500))]
    large = [Arrival(one.number * 2 + 1_000, *one[1:]) for one in paced(1_000, 1_193, 500, since=500)]
    calm_again = list(paced(200, 200, 500, number=large[-1].number + 1, since=1_000))
    gap = [Arrival(n, calm[0].sent + n, calm[0].came + 200 + n, 200) for n in range(len(calm), 100)]
    assert measure.way([*calm, *gap, *queued, *large, *calm_again], 10_000, 0).loss == 0


def test_nothing_came() -> None:
    found = measure.way([], 10_000, 0)
    assert (found.kbit, found.loss, found.jitter) == (0, 1, 0)
    assert measure.round_trip([]) == 0 and measure.frequency([]) == 0


def test_the_round_trip_is_that_of_an_empty_line() -> None:
    assert measure.round_trip([60, 55, 58, 400, 500, 600, 700, 300]) <= 60


def driven(kbit: float, delay: float, ms: float = 2_000, queue: float = 300) -> tuple[Pace, list[float], float]:
    """A pace over a modelled line: it, how long each packet waited, and the rate of the last half second."""
    pace, now, free, octets, credit = Pace(), 0.0, 0.0, 0.0, 0.0
    pace.trip = 2 * delay
    waits: list[float] = []
    came: list[tuple[float, float, float]] = []  # at, delay, octets
    told = 0
    while now < ms and not pace.steady:
        packet = measure.size(pace.rate) + HEADERS
        credit = min(credit + pace.rate / 8, 2 * packet)
        if credit >= packet:
            credit -= packet
            starts = max(free, now)
            if starts - now <= queue:
                free = starts + packet * 8 / kbit
                waits.append(starts - now)
                came.append((free + delay, free + delay - now, packet))
        while told < len(came) and came[told][0] + delay <= now:  # the news travels back
            at, took, size = came[told]
            octets += size
            pace.tell(at, took, octets)
            told += 1
        now += 1
    last = [one for one in came if now - 500 < one[0] <= now]
    return pace, waits, sum(one[2] for one in last) * 8 / 500


@pytest.mark.parametrize("delay", [5, 40, 120])
@pytest.mark.parametrize("kbit", [60, 150, 300, 800])
def test_a_slow_line_is_filled_and_not_choked(kbit: float, delay: float) -> None:
    pace, waits, rate = driven(kbit, delay)
    assert not pace.steady and 0.75 * kbit <= rate <= 1.1 * kbit
    assert max(waits) <= 300 and sum(waits) / len(waits) < 160


def test_a_good_line_is_soon_known() -> None:
    pace, waits, _rate = driven(5_000, 25)
    assert pace.steady and pace.rate == measure.CAP and max(waits) < 10


@pytest.mark.parametrize("rate", [1.0, 40, 100, 300, 1_200])
def test_messages_fit_into_one_packet(rate: float) -> None:
    assert measure.SMALLEST - HEADERS <= measure.size(rate) <= measure.LARGEST


def test_a_long_way_takes_longer() -> None:
    assert measure.longest([50, 60]) == measure.LONGEST < measure.longest([620]) <= 2 * measure.LONGEST
