"""Many askings of the same kind as one statement: what is asked while the last answer is still out goes together.

Alone, nobody waits. In a storm (a node is restarted, and thousands of pages come back) Postgres commits a few dozen
times instead of thousands of times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")
MOST = 200  # in one statement


class Batch(Generic[T, R]):
    """`ask` takes different questions, by `key`, and gives an answer for each."""

    def __init__(self, ask: Callable[[list[T]], Awaitable[list[R]]], key: Callable[[T], Hashable]) -> None:
        self._ask, self._key = ask, key
        self._open: list[tuple[T, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, question: T) -> R:
        """The answer; what went wrong is raised to everybody who was asked about together."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._open.append((question, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._open:
                together = self._take()
                try:
                    answers = await self._ask([question for question, _ in together])
                except Exception as error:
                    for _, future in together:
                        if not future.done():
                            future.set_exception(error)
                    continue
                for (_, future), answer in zip(together, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)
        finally:
            self._running = None

    def _take(self) -> list[tuple[T, asyncio.Future[R]]]:
        """The next ones; of two with the same key, the second waits."""
        together: dict[Hashable, tuple[T, asyncio.Future[R]]] = {}
        later = []
        for question, future in self._open:
            key = self._key(question)
            if len(together) < MOST and key not in together:
                together[key] = question, future
            else:
                later.append((question, future))
        self._open = later
        return list(together.values())
