"""The Monday storm, and what every storm is asked in the end."""

from __future__ import annotations

import asyncio
from collections import Counter

import asyncpg

from tests.crowd import Crowd
from tests.history import complaints


async def monday(crowd: Crowd, patients: int, clients: int = 64) -> None:
    """The week is released: everybody holds, many walk away. Their holds run out, and the others come back for them
    until nothing is left.
    """
    queue = iter(range(patients))

    async def client() -> None:
        for number in queue:
            await crowd.queue_up()
            if number % 100 == 99:
                await crowd.expire(most=10)

    await asyncio.gather(*(client() for _ in range(clients)))
    for _again in range(20):
        if len({it.id for it in crowd.booked}) == len(crowd.doctors) * len(crowd.starts):
            return
        await crowd.expire(most=10_000)
        await crowd.run(clients, 2, ["queue_up"])
    raise AssertionError("free times nobody got, although everybody wanted them")


async def judge(
    crowd: Crowd, owner: asyncpg.Connection, deadlocks: int, took: float, *, may_lose: bool = False
) -> list[float]:
    """No overlap, no deadlock since there were so many, nobody unanswered, nobody lied to. Seconds of each answer."""
    assert crowd.failures == []
    found = complaints(crowd.events, await crowd.rows(owner), may_lose=may_lose, most=crowd.most)
    assert found == [], f"{len(found)} complaints, the first: {found[0]}"
    assert await count_deadlocks(owner) == deadlocks
    delays = sorted(event.answered - event.sent for event in crowd.events if event.answered is not None)
    outcomes = Counter(f"{event.verb} {event.outcome}" for event in crowd.events)
    print(
        f"\n{len(delays)} requests in {took:.1f} s, p50 {delays[len(delays) // 2] * 1000:.0f} ms,"
        f" p99 {delays[len(delays) * 99 // 100] * 1000:.0f} ms, longest {delays[-1] * 1000:.0f} ms; {dict(outcomes)}"
    )
    return delays


async def count_deadlocks(owner: asyncpg.Connection) -> int:
    await owner.execute("SELECT pg_stat_clear_snapshot()")
    found = await owner.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert isinstance(found, int)
    return found
