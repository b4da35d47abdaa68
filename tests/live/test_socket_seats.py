"""Seats: taken over, freed, given up, and whoever is sent away or comes too late."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.live.conftest import ONE_AND_TWO, Visit
from tests.live.test_socket import admitted

NODES = ONE_AND_TWO


async def test_a_second_tab_takes_over_and_the_first_is_told(visit: Visit) -> None:
    async with visit.seated("alice", "first-tab-of-alice") as first:
        await first.hear("waiting")
        async with visit.seated("alice", "second-tab-of-alice"):
            assert (await first.hear())["type"] == "replaced"
            assert (await first.hear())["code"] == 4409
            async with visit.page() as old:
                await old.resume(await visit.ticket("alice"), first.heard[1]["seq"], "first-tab-of-alice")
                await old.refused("replaced", 4409)


async def test_a_room_is_not_open_on_ever_more_devices(visit: Visit) -> None:
    tickets = [await visit.ticket("bob") for _ in range(8 * len(visit.urls) + 1)]  # 8 on each node
    pages: list[Any] = []
    for ticket in tickets:
        context = visit.page()
        page = await context.__aenter__()
        pages.append(context)
        await page.say(type="resume", ticket=ticket, instance="a-page-of-tests", seq=1)
        if ticket == tickets[-1]:
            await page.refused("room_full", 4429)
        else:
            await page.refused("gone")
    for context in pages:
        await context.__aexit__(None, None, None)


async def test_kick_is_for_good_and_deny_is_not(visit: Visit) -> None:
    async with visit.seated("bob", "page-of-bob-1") as bob:
        async with visit.seated("alice") as alice:
            await bob.say(type="deny", id="1", seat="patient")
            assert (await alice.hear("denied", "closed"))["type"] == "denied"
            assert (await alice.hear("closed"))["code"] == 4403
        ticket = await visit.ticket("alice")
        async with visit.seated("alice") as alice:
            await admitted(bob)
            await bob.say(type="kick", id="2", seat="patient")
            await alice.hear("kicked")
            assert (await alice.hear("closed"))["code"] == 4403
        assert (await visit.ask("alice"))[1]["code"] == "kicked"
        async with visit.page() as page:
            await page.say(type="hello", ticket=ticket, instance="a-page-of-tests", versions=[1])
            await page.refused("kicked", 4403)
        await bob.say(type="kick", id="2", seat="patient")
        assert (await bob.hear("ok", "err"))["id"] == "2"  # repeated: done once, answered again


async def test_ending_what_never_began_is_refused(visit: Visit) -> None:
    async with visit.seated("bob") as bob:
        await bob.say(type="end", id="1")
        await bob.refused("not_here")


@pytest.mark.rule("V-09")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("status = 'cancelled', cancelled_by = 'patient', epoch = epoch + 1", "cancelled"),
        ("epoch = epoch + 1, admitted = NULL, status = 'booked'", "moved"),
        ("consented = NULL, consent_version = NULL, epoch = epoch + 1", "consent_withdrawn"),
    ],
)
async def test_what_changes_elsewhere_ends_the_room_within_a_second(visit: Visit, change: str, reason: str) -> None:
    async with visit.seated("alice") as alice, visit.seated("bob", "page-of-bob-1") as bob:
        await visit.announce()  # about something that does not concern the room
        await admitted(bob)
        await visit.change(change)
        await visit.announce()
        for page in (alice, bob):
            assert (await page.hear("ended", within=1))["reason"] == reason
            assert (await page.hear("closed"))["code"] == 4410


async def test_bye_frees_the_seat(visit: Visit) -> None:
    async with visit.seated("bob", "page-of-bob-1") as bob:
        async with visit.seated("alice") as alice:
            await bob.hear("roster")
            await alice.say(type="bye")
            assert (await alice.hear("closed"))["code"] == 1000
        assert (await bob.hear("roster"))["seats"] == []
    # Written after the socket is closed, by a task of its own.
    async with asyncio.timeout(5):
        while await visit.sql('SELECT count(*) FROM attendance WHERE "left" IS NULL'):
            await asyncio.sleep(0.05)


async def test_who_waits_and_vanishes_is_given_up(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemed.consultation.live.LOST_AFTER", 0.2)
    async with visit.seated("bob", "page-of-bob-1") as bob:
        async with visit.seated("alice"):
            assert (await bob.hear("roster"))["seats"][0]["state"] == "here"
        assert (await bob.hear("roster"))["seats"][0]["state"] == "away"
        assert (await bob.hear("roster"))["seats"] == []
