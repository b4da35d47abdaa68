"""The waiting room: how long it may be, for everybody who waits for the same doctor, and nothing about the others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from telemed.consultation import lobby
from tests import people
from tests.live.conftest import Visit, booked
from tests.peers import Page


@pytest.fixture
async def earlier(visit: Visit) -> Visit:
    """Berta's appointment with the same doctor, before Alice's."""
    berta = await booked(visit.db, name="Berta Beispiel", minutes=-15)
    return Visit(visit.urls, visit.session, visit.db, visit.keys, berta)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def stands(page: Page) -> tuple[str, int, int, str]:
    """What a page is told next."""
    told = await page.hear("lobby")
    return told["doctor"], told["ahead"], told["late_minutes"], told["note"]


async def test_the_doctor_is_not_there_is_there_and_is_busy(
    visit: Visit, earlier: Visit, stack: AsyncExitStack
) -> None:
    alice = await stack.enter_async_context(visit.seated("alice"))
    assert await stands(alice) == ("away", 0, 0, "")
    berta = await stack.enter_async_context(earlier.seated("alice"))
    assert await stands(berta) == ("away", 0, 0, "")
    assert await stands(alice) == ("away", 1, 0, "")
    bob = await stack.enter_async_context(earlier.seated("bob", "page-of-the-doctor"))
    assert await stands(berta) == ("ready", 0, 0, "")
    await bob.say(type="admit", id="1", seat="patient")
    assert await stands(alice) == ("busy", 0, 0, "")
    await bob.say(type="end", id="2")
    assert await stands(alice) == ("away", 0, 0, "")
    after = await stack.enter_async_context(visit.seated("bob", "page-of-the-doctor"))
    assert await stands(alice) == ("ready", 0, 0, "")
    await after.say(type="admit", id="1", seat="patient")
    await alice.hear("admitted")


@pytest.mark.rule("V-16")
async def test_who_waits_learns_how_many_and_nothing_else(visit: Visit, earlier: Visit, stack: AsyncExitStack) -> None:
    await stack.enter_async_context(earlier.seated("alice"))
    alice = await stack.enter_async_context(visit.seated("alice"))
    assert (await stands(alice))[1] == 1
    heard = json.dumps(alice.heard)
    assert "Berta" not in heard and str(earlier.appointment) not in heard


async def test_a_place_outlives_a_reload_and_a_lost_line(visit: Visit, earlier: Visit, stack: AsyncExitStack) -> None:
    """Whoever is away for a moment is still before the others; whoever comes back is where they were."""
    alice = await stack.enter_async_context(visit.seated("alice"))
    assert (await stands(alice))[1] == 0
    async with earlier.seated("alice", "berta-before-reload"):
        assert (await stands(alice))[1] == 1
    await alice.silence(1)
    berta = await stack.enter_async_context(earlier.seated("alice", "berta-after-reload"))
    assert await stands(berta) == ("away", 0, 0, "")
    await alice.silence(1)


async def test_late_is_said_at_once_and_taken_back(visit: Visit, stack: AsyncExitStack) -> None:
    alice = await stack.enter_async_context(visit.seated("alice"))
    assert await stands(alice) == ("away", 0, 0, "")
    carla = people.CALLERS["carla"]
    for minutes, note in ((20, "Ein Notfall."), (0, "Ein Notfall.")):
        async with visit.db.transaction(carla) as tx:
            await lobby.say_late(tx, carla, people.PRENZLAU, people.DR_BOB, minutes, note)
        assert await stands(alice) == ("away", 0, minutes, note if minutes else "")


async def test_nobody_says_it_of_another_practice(visit: Visit) -> None:
    charlie = people.CALLERS["charlie"]
    with pytest.raises(lobby.NotFound):
        async with visit.db.transaction(charlie) as tx:
            await lobby.say_late(tx, charlie, people.TEMPLIN, people.DR_BOB, 20, "")
