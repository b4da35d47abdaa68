"""A lost socket costs nothing: what was missed comes in order, once; what was not answered is done once."""

from __future__ import annotations

import asyncio

import pytest

from telemed.consultation import log as logs
from telemed.consultation import messages
from tests.live.conftest import ONE_AND_TWO, Visit
from tests.live.test_socket import admitted
from tests.peers import Page

NODES = ONE_AND_TWO


def relayed(page: Page) -> list[tuple[int, bool]]:
    return [(message["seq"], message["mic"]) for message in page.heard if message["type"] == "mode"]


async def test_a_page_gets_what_it_missed_in_order_and_once(visit: Visit) -> None:
    async with visit.seated("bob", "page-of-bob-1") as bob:
        async with visit.seated("alice") as alice:
            epoch = await admitted(bob)
            last = (await alice.hear("roster"))["seq"]
        assert (await bob.hear("roster"))["seats"][0]["state"] == "away"
        for number in range(5):
            await bob.say(type="mode", id=f"m{number}", mic=number % 2 == 0, cam=True)
        await bob.say(type="cand", id="c", to="patient", epoch=epoch, candidates=[{"candidate": ""}])
        await bob.hear("ok")
        async with visit.page() as alice:
            await alice.resume(await visit.ticket("alice"), last)
            await alice.hear("resumed")
            kinds = [message["type"] for message in alice.heard]
            assert kinds == ["welcome", *["mode"] * 5, "cand", "resumed"]
            numbers = [message["seq"] for message in alice.heard[1:]]
            assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers)
            assert (await alice.hear())["type"] == "ice"
            (doctor,) = (await alice.hear())["seats"]
            assert (doctor["epoch"], doctor["mic"]) == (epoch, True)
            roster = await bob.hear("roster")
            assert (roster["seats"][0]["state"], roster["seats"][0]["epoch"]) == ("here", epoch)


async def test_a_repeated_message_is_done_once_and_answered_again(visit: Visit) -> None:
    async with visit.seated("bob", "page-of-bob-1") as bob, visit.seated("alice") as alice:
        await admitted(bob)
        await alice.hear("roster")
        await bob.say(type="mode", id="again", mic=False, cam=True)
        first = await bob.hear("ok")
        await bob.ws.close()
        async with visit.page() as back:
            await back.resume(await visit.ticket("bob"), first["seq"] - 1, "page-of-bob-1")
            assert (await back.hear("ok"))["seq"] == first["seq"]  # out of the log: it was in doubt
            await back.hear("roster")
            await back.say(type="mode", id="again", mic=False, cam=True)
            assert await back.hear("ok") == first
            await alice.say(type="ping")
            await alice.hear("pong")
            assert relayed(alice) == [(first["seq"], False)]


async def test_a_socket_of_the_same_page_takes_over_from_its_dead_one(visit: Visit) -> None:
    async with visit.seated("bob", "page-of-bob-1") as bob, visit.seated("alice") as dead:
        epoch = await admitted(bob)
        last = (await dead.hear("roster"))["seq"]
        async with visit.page() as alive:
            await alive.resume(await visit.ticket("alice"), last)
            await alive.hear("resumed")
            assert (await dead.hear("closed", "replaced"))["type"] == "replaced"
            await alive.hear("roster")
            await asyncio.sleep(0.1)  # the dead one's end is told late
            await bob.say(type="mode", id="1", mic=True, cam=True)
            await bob.hear("ok")
            states = {seat["state"] for m in bob.heard if m["type"] == "roster" for seat in m["seats"]}
            assert states == {"here"}
            assert (await alive.hear("mode"))["from"] == "practitioner"
            assert epoch


@pytest.mark.parametrize("seq", [0, 1, 2**53 - 1], ids=["before", "long ago", "of another room"])
async def test_resume_from_a_place_the_log_does_not_have_is_gone_and_hello_helps(visit: Visit, seq: int) -> None:
    async with visit.page() as page:
        ticket = await visit.ticket("alice")
        await page.resume(ticket, seq)
        await page.refused("gone")
        assert (await page.hello(ticket))["type"] == "joined"
        await page.hear("waiting")
        async with visit.seated("bob", "page-of-bob-1") as bob:
            (patient,) = bob.heard[-1]["roster"]
            assert patient["state"] == "here"


async def test_who_was_given_up_in_the_waiting_room_is_gone_and_hello_helps(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemed.consultation.live.LOST_AFTER", 0.1)
    async with visit.seated("bob", "page-of-bob-1") as bob:
        async with visit.seated("alice") as alice:
            last = (await alice.hear("waiting"))["seq"]
        while (await bob.hear("roster"))["seats"]:
            pass
        async with visit.page() as page:
            await page.say(type="resume", token=alice.token, seq=last, instance="a-page-of-tests")
            await page.refused("gone")
            assert (await page.hello(await visit.ticket("alice")))["type"] == "joined"


async def test_who_was_away_longer_than_the_window_starts_anew(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "WINDOW", 8)
    async with visit.seated("bob", "page-of-bob-1") as bob:
        async with visit.seated("alice") as alice:
            epoch = await admitted(bob)
            last = (await alice.hear("roster"))["seq"]
        for number in range(12):
            await bob.say(type="mode", id=f"m{number}", mic=number % 2 == 0, cam=True)
            await bob.hear("ok")
        async with visit.page() as alice:
            ticket = await visit.ticket("alice")
            await alice.resume(ticket, last)
            await alice.refused("gone")
            joined = await alice.hello(ticket)
            assert (joined["admitted"], joined["roster"][0]["epoch"]) == (True, epoch)  # the state outlives the window


async def test_a_page_that_does_not_read_is_closed_and_nobody_waits_for_it(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemed.consultation.outbox.GOODBYE_WITHIN", 0.2)
    monkeypatch.setattr(messages, "RATE", 100_000)
    async with visit.seated("bob", "page-of-bob-1") as bob, visit.seated("alice") as alice:
        epoch = await admitted(bob)
        await alice.hear("roster")
        alice.ws._conn.protocol.pause_reading()  # type: ignore[union-attr]
        sdp = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=fingerprint:sha-256 AB\r\n" + f"a=x:{'y' * 1000}\r\n" * 29
        for number in range(5000):  # more than the machine keeps for her
            await bob.say(type="desc", id=f"d{number}", to="patient", epoch=epoch, kind="offer", sdp=sdp)
            message = await bob.hear("ok", "roster")
            if message["type"] == "roster":
                assert message["seats"][0]["state"] == "away"
                break
        else:
            raise AssertionError("the server kept waiting for a page that does not read")
        alice.ws._conn.transport.abort()  # type: ignore[union-attr]
