"""The log: order, de-duplication, a window that forgets without losing the state."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
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


async def take(log: MemoryLog, after: int, count: int) -> list[tuple[int, Entry]]:
    async with aclosing(log.follow("room", after)) as entries:
        return [await anext(entries) for _ in range(count)]


async def test_numbers_rise_and_a_repeated_id_gets_the_first_number() -> None:
    log = MemoryLog()
    first = await log.append("room", BOB, "a")
    assert await log.append("room", ALICE, "b") == first + 1
    assert await log.append("room", BOB, "a") == first
    assert await take(log, first - 1, 2) == [(first, BOB), (first + 1, ALICE)]
    assert await take(log, first, 1) == [(first + 1, ALICE)]


async def test_a_follower_waits_for_what_comes() -> None:
    log = MemoryLog()
    first = await log.append("room", BOB, "a")
    follower = asyncio.create_task(take(log, first, 2))
    await asyncio.sleep(0)
    await log.append("room", ALICE, "b")
    await log.append("elsewhere", BOB, "b")
    await asyncio.sleep(0)
    assert not follower.done()
    await log.append("room", mode(1), "c")
    assert [entry for _, entry in await follower] == [ALICE, mode(1)]


async def test_a_late_follower_folds_to_the_same_state() -> None:
    log = MemoryLog()
    entries = [BOB, ALICE, *(mode(number) for number in range(2 * WINDOW + 7))]
    state = EMPTY
    for number, entry in enumerate(entries):
        last = await log.append("room", entry, str(number))
        state = fold(state, last, entry)
    late = EMPTY
    seen = await take(log, 0, WINDOW + 1)
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
    (seq, snapshot), *_ = await take(log, 0, 1)
    assert isinstance(snapshot, Snapshot)
    assert (last - seq) * m.SDP_LIMIT <= WINDOW_BYTES


async def test_a_follower_left_behind_is_given_a_snapshot() -> None:
    log = MemoryLog()
    await log.append("room", BOB, "a")
    async with aclosing(log.follow("room", 0)) as entries:
        kinds = [type((await anext(entries))[1]) for _ in range(2)]
        for number in range(WINDOW + 1):
            await log.append("room", mode(number), str(number))
        kinds.append(type((await anext(entries))[1]))
    assert kinds == [Snapshot, Seated, Snapshot]


async def test_an_idle_room_is_forgotten_and_reborn_with_higher_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    log = MemoryLog()
    first = await log.append("room", BOB, "a")
    async with aclosing(log.follow("followed", 0)) as entries:
        await anext(entries)
        later = time.monotonic() + logs.FORGET_AFTER + 61
        monkeypatch.setattr(logs, "time", SimpleNamespace(monotonic=lambda: later, time_ns=time.time_ns))
        await log.append("other", BOB, "a")
        assert set(log._rooms) == {"followed", "other"}
    await asyncio.sleep(0.005)
    assert await log.append("room", BOB, "a") > first
