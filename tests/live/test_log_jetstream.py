"""The log over a real NATS: the same entries under the same numbers on every node, through kills and losses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from telemed.consultation import log_jetstream, replica
from telemed.consultation import messages as m
from telemed.consultation.log import WINDOW
from telemed.consultation.log_jetstream import JetStreamLog, opened
from telemed.consultation.refusals import LogDown
from telemed.consultation.room import EMPTY, Entry, Said, Seated, Snapshot, State, fold
from tests.brokers import Broker, brokers, url

BOB = Seated("practitioner", "bob-page-0001", "s-bob", admitted=True)
ALICE = Seated("patient", "alice-page-01", "s-alice", admitted=True)


def mode(number: int) -> Said:
    return Said("patient", ALICE.instance, m.Mode(str(number), mic=number % 2 == 0, cam=True))


class Follower:
    """Everything one node is told of a room."""

    def __init__(self) -> None:
        self.told: list[tuple[int, Entry]] = []
        self.lost = 0

    async def follow(self, log: JetStreamLog, room: str = "room") -> Follower:
        past, _ = await log.follow(room, lambda number, entry: self.told.append((number, entry)), self._lose)
        self.told[:0] = past
        return self

    def _lose(self) -> None:
        self.lost += 1

    def state(self) -> State:
        state = EMPTY
        for number, entry in self.told:
            state = fold(state, number, entry)
        return state

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.told) < count:
                await asyncio.sleep(0.01)


async def up(log: JetStreamLog, within: float = 15) -> None:
    async with asyncio.timeout(within):
        while not log.up:
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def nats() -> AsyncIterator[list[Broker]]:
    async with brokers() as servers:
        yield servers


async def test_two_nodes_follow_the_same_log_and_a_late_one_finds_it(nats: list[Broker]) -> None:
    async with opened(url(nats), "a") as one, opened(url(nats), "b") as other:
        assert one.up and other.up
        first = await one.append("room", BOB, "1")
        here, there = await Follower().follow(one), await Follower().follow(other)
        second = await other.append("room", ALICE, "2")
        assert second > first
        assert await other.append("room", ALICE, "2") == second, "repeated"
        assert await one.append("room", ALICE, "2") == second, "repeated on another node"
        await asyncio.gather(*(node.append("room", mode(n), f"m{n}") for n in range(40) for node in (one, other)))
        for follower in (here, there):
            await follower.until(43)
        assert here.told == there.told
        assert len(here.told) == 43, "done twice"
        async with opened(url(nats), "c") as late:
            assert (await Follower().follow(late)).told == here.told
        assert await one.append("elsewhere", BOB, "1") > second
        assert len(here.told) == 43


async def test_nobody_is_told_before_it_is_kept_and_what_is_appended_is_found_at_once(nats: list[Broker]) -> None:
    async with opened(url(nats), "a") as log:
        for number in range(50):
            seq = await log.append(f"r{number}", BOB, "1")
            assert (await Follower().follow(log, f"r{number}")).told[-1] == (seq, BOB)


async def test_a_long_room_is_known_from_its_snapshot(nats: list[Broker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_jetstream, "BEAT", 0.1)
    async with opened(url(nats), "a") as log:
        await log.append("long", BOB, "1")
        follower = await Follower().follow(log, "long")
        await log.append("long", ALICE, "2")
        for start in range(0, 5 * WINDOW, 64):
            await asyncio.gather(*(log.append("long", mode(n), f"m{n}") for n in range(start, start + 64)))
        await asyncio.sleep(0.3)
        held = await log._js.stream_info(log_jetstream.STREAM, subjects_filter="telemed.room.long")
        assert held.state.subjects and held.state.subjects["telemed.room.long"] == 4 * WINDOW, "bounded"
        async with opened(url(nats), "b") as late:
            seen = await Follower().follow(late, "long")
            assert isinstance(seen.told[0][1], Snapshot)
            assert len(seen.told) <= WINDOW + 1
            assert (seen.told[-1][0], seen.state()) == (follower.told[-1][0], follower.state())
            assert len(late._replica.rooms["long"].entries) <= WINDOW


async def test_rooms_are_forgotten_together_and_reborn_with_higher_numbers(
    nats: list[Broker], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(url(nats), "a") as one, opened(url(nats), "b") as other:
        first = await one.append("old", BOB, "1")
        monkeypatch.setattr(replica, "FORGET", 0.2)
        await asyncio.sleep(0.3)
        again = await other.append("old", ALICE, "2")
        for node in (one, other):
            async with asyncio.timeout(2):
                while node._replica.place + node._replica.base < again:
                    await asyncio.sleep(0.01)
            told = (await Follower().follow(node, "old")).told
            assert told == [(again - 1, Snapshot(EMPTY)), (again, ALICE)]
        assert again > first


async def test_a_stream_that_is_lost_begins_anew_above_every_old_number() -> None:
    async with brokers() as (server,), opened(server.url, "a") as one, opened(server.url, "b") as other:
        numbers = [await one.append("room", BOB, str(number)) for number in range(200)]
        followers = [await Follower().follow(node) for node in (one, other)]
        await server.kill()
        await server.start()
        for node in (one, other):
            await asyncio.sleep(1)
            await up(node)
        assert await one.append("room", ALICE, "new") > numbers[-1]
        assert [follower.lost for follower in followers] == [1, 1]
        assert (await Follower().follow(other)).state().members.keys() == {"patient"}, "the old room shines through"
        assert one._replica.base == other._replica.base


async def test_an_outage_is_told_and_nothing_is_lost_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_jetstream, "OUTAGE", 2.0)
    async with brokers() as (server,), opened(server.url, "a") as log:
        before = await log.append("room", BOB, "1")
        follower = await Follower().follow(log)
        server.pause()
        await asyncio.sleep(0.2)  # every thread of it has to
        began = time.monotonic()
        with pytest.raises(LogDown):
            await log.append("room", ALICE, "2")
        assert time.monotonic() - began < 5
        async with asyncio.timeout(5):
            while log.up:
                await asyncio.sleep(0.05)
        assert follower.lost == 1
        with pytest.raises(LogDown):
            await log.follow("room", lambda *_: None, lambda: None)
        server.go_on()
        await up(log)
        after = await log.append("room", ALICE, "2")
        assert after > before
        told = (await Follower().follow(log)).told
        assert [entry for _, entry in told[1:]] == [BOB, ALICE], "repeated under its id: once"


async def test_serving_does_not_wait_for_a_nats_that_is_not_there() -> None:
    async with brokers() as (server,):
        await server.kill()
        began = time.monotonic()
        async with opened(server.url, "a") as log:
            assert time.monotonic() - began < 8 and not log.up
            with pytest.raises(LogDown):
                await log.append("room", BOB, "1")
            await server.start()
            await up(log)
            await log.append("room", BOB, "1")


async def test_a_cluster_loses_a_server_and_nobody_notices() -> None:
    async with brokers(3) as servers, opened(url(servers), "a") as one, opened(url(servers[1:]), "b") as other:
        for node in (one, other):
            await up(node)
        info = await one._js.stream_info(log_jetstream.STREAM)
        assert info.config.num_replicas == 3
        await one.append("room", BOB, "first")
        here, there = await Follower().follow(one), await Follower().follow(other)
        leader = next(
            server for number, server in enumerate(servers) if info.cluster and info.cluster.leader == f"n{number}"
        )

        async def talk(node: JetStreamLog, name: str) -> list[int]:
            numbers = []
            for number in range(60):
                numbers.append(await node.append("room", mode(number), f"{name}{number}"))
                await asyncio.sleep(0.05)
            return numbers

        async with asyncio.TaskGroup() as group:
            talks = [group.create_task(talk(node, name)) for node, name in ((one, "a"), (other, "b"))]
            await asyncio.sleep(1)
            await leader.kill()
        await here.until(122)
        await there.until(122)
        assert here.told == there.told
        assert sorted(number for task in talks for number in task.result()) == [number for number, _ in here.told[2:]]
        assert here.lost == there.lost == 0
