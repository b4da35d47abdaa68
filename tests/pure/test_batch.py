"""Askings that come while one is out go together; each gets its own answer, also when one goes wrong."""

from __future__ import annotations

import asyncio

import pytest

from telemed.consultation import batch
from telemed.consultation.batch import Batch


async def test_they_go_together_and_alone_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST", 5)
    asked: list[list[int]] = []

    async def double(numbers: list[int]) -> list[int]:
        asked.append(numbers)
        await asyncio.sleep(0.01)
        return [2 * number for number in numbers]

    both = Batch(double, key=lambda number: number % 10)
    assert await both(1) == 2
    assert asked == [[1]]
    first = asyncio.create_task(both(2))
    await asyncio.sleep(0)
    assert await asyncio.gather(*(both(number) for number in (3, 13, 4, 5, 6, 7, 8))) == [6, 26, 8, 10, 12, 14, 16]
    assert await first == 4
    assert asked[1:] == [[2], [3, 4, 5, 6, 7], [13, 8]], "the same key twice, or more than is good"


async def test_what_goes_wrong_is_told_and_the_next_go_on() -> None:
    async def half(numbers: list[int]) -> list[int]:
        await asyncio.sleep(0)
        return [10 // number for number in numbers]

    some = Batch(half, key=int)
    with pytest.raises(ZeroDivisionError):
        await some(0)
    waiting = asyncio.create_task(some(5))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await some(2) == 5
