"""The log: order, de-duplication, a window that forgets without losing the state."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest

from telemed.consultation import log as logs
from telemed.consultation import messages as m
from telemed.consultation.log import WINDOW, WINDOW_BYTES, MemoryLog
from telemed.consultation.room import EMPTY, Entry, Said, Seated, Snapshot, fold

BOB = Seated("practitioner", "bob-page-0001", "s-bob", admitted=True)
ALICE = Seated("patient", "alice-page-01", "s-alice", admitted=True)


def mode(number: int) -> Said:
    return Said("patient", ALICE.instance, m.Mode(str(number), mic=number % 2 == 0, cam=True))


async def take(log: MemoryLog, after: int) -> list[tuple[int, Entry]]:
    past, stop = await log.follow("room", lambda _seq, _entry: None, lambda: None)
    stop()
    return [(seq, entry) for seq, entry in past if seq > after]


async def test_numbers_rise_and_a_repeated_id_gets_the_first_number() -> None:
    log = MemoryLog()
    first = await log.append("room", BOB, "a")
    assert await log.append("room", ALICE, "b") == first + 1
    assert await log.append("room", BOB, "a") == first
    assert await take(log, first - 1) == [(first, BOB), (first + 1, ALICE)]
    assert await take(log, first) == [(first + 1, ALICE)]


async def test_a_follower_is_told_what_comes_until_it_stops() -> None:
    log = MemoryLog()
    first = await log.append("room", BOB, "a")
    told: list[tuple[int, Entry]] = []
    past, stop = await log.follow("room", lambda seq, entry: told.append((seq, entry)), lambda: None)
    assert past == [(first - 1, Snapshot(EMPTY)), (first, BOB)]
    for _ in range(2):
        await log.append("room", ALICE, "b")
        await log.append("elsewhere", BOB, "b")
    await log.append("room", mode(1), "c")
    assert told == [(first + 1, ALICE), (first + 2, mode(1))]
    stop()
    await log.append("room", mode(2), "d")
    assert len(told) == 2


async def test_a_late_follower_folds_to_the_same_state() -> None:
    log = MemoryLog()
    entries = [BOB, ALICE, *(mode(number) for number in range(2 * WINDOW + 7))]
    state = EMPTY
    for number, entry in enumerate(entries):
        last = await log.append("room", entry, str(number))
        state = fold(state, last, entry)
    late = EMPTY
    seen = await take(log, 0)
    assert isinstance(seen[0][1], Snapshot)
    for seq, entry in seen:
        late = fold(late, seq, entry)
    assert (seq, late) == (last, state)


async def test_the_window_is_bounded_in_bytes() -> None:
    log = MemoryLog()
    sdp = "v=0" + "x" * (m.SDP_LIMIT - 3)
    for number in range(40):
        desc = m.Desc(str(number), "patient", 1, "offer", sdp)
        last = await log.append("room", Said("practitioner", BOB.instance, desc), str(number))
    (seq, snapshot), *_ = await take(log, 0)
    assert isinstance(snapshot, Snapshot)
    assert (last - seq) * m.SDP_LIMIT <= WINDOW_BYTES


async def test_an_idle_room_is_forgotten_and_reborn_with_higher_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    log = MemoryLog()
    first = await log.append("room", BOB, "a")
    await log.follow("followed", lambda _seq, _entry: None, lambda: None)
    later = time.monotonic() + logs.FORGET_AFTER + 61
    monkeypatch.setattr(logs, "time", SimpleNamespace(monotonic=lambda: later, time_ns=time.time_ns))
    await log.append("other", BOB, "a")
    assert set(log._rooms) == {"followed", "other"}
    await asyncio.sleep(0.005)
    assert await log.append("room", BOB, "a") > first
