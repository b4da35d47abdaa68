"""Two nodes of telemed and three of NATS, as processes: one of them dies in the middle of a consultation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import aiohttp
import pytest

from telemed.consultation import messages as m
from telemed.db import Database
from telemed.identity.tokens import Keys
from telemed.settings import Settings
from tests.clusters import Cluster, clustered
from tests.live.conftest import Visit, booked
from tests.peers import Peer, join


@dataclass
class Company:
    """A cluster, and who visits it."""

    cluster: Cluster
    visit: Visit


@pytest.fixture
async def company(cast: Database, settings: Settings, keys: Keys) -> AsyncIterator[Company]:
    # No kept connections: each request, like each socket, goes where the proxy sends it.
    async with (
        clustered(settings) as cluster,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session,
    ):
        yield Company(cluster, Visit([cluster.address], session, cast, keys, await booked(cast)))


def relayed(peer: Peer) -> list[int]:
    return [message.seq for message in peer.messages if isinstance(message, m.ModeFrom)]


async def talk(bob: Peer, alice: Peer, times: int, within: float) -> None:
    """Bob mutes and unmutes; Alice hears of each, once and in order."""
    before = len(relayed(alice))
    for number in range(times):
        await bob.command(m.Mode(bob.id(), mic=number % 2 == 0, cam=True), within)
    await alice.until(lambda: len(relayed(alice)) == before + times, "every message", within)
    assert relayed(alice) == sorted(set(relayed(alice))), "twice, or out of order"


@pytest.mark.parametrize("harm", ["a node", "a NATS server"])
async def test_one_dies_in_the_middle_and_the_consultation_goes_on(company: Company, harm: str) -> None:
    cluster, visit = company.cluster, company.visit
    leader = await cluster.leader()
    async with (
        join(visit.url, visit.source("bob")) as bob,
        join(visit.url, visit.source("alice")) as alice,
        join(visit.url, visit.source("petra"), media=False) as petra,
    ):
        nodes = {peer.messages[0].node for peer in (alice, bob) if isinstance(peer.messages[0], m.Welcome)}
        assert len(nodes) == 2, "both on one node: this proves nothing"
        await bob.admit("patient")
        await asyncio.gather(alice.receives("practitioner", 10, 10), bob.receives("patient", 10, 10))
        await talk(bob, alice, 10, 5)
        links = {peer: dict(peer.links._links) for peer in (alice, bob)}
        talking = asyncio.create_task(talk(bob, alice, 60, 25))
        await asyncio.sleep(0.05)
        if harm == "a node":
            await cluster.nodes[0].kill()
        else:
            await leader.kill()
        await talking
        for one, other in ((alice, "practitioner"), (bob, "patient")):
            got = one.links.received[other]
            await one.receives(other, got.video + 10, got.loud + 10)
            assert one.links._links == links[one], "the connection was made anew"
            assert not [message for message in one.messages if isinstance(message, m.Err) and message.fatal]

        # And the doctor's hand is as firm as before.
        await bob.command(m.Hold(bob.id(), "patient"))
        await alice.told(m.Held)
        await alice.until(lambda: not alice.links._links, "closed")
        await bob.admit("patient")
        await alice.receives("practitioner", 10, 10)
        await bob.until(lambda: "assistant" in bob.roster, "Petra waits", 25)
        await bob.command(m.Kick(bob.id(), "assistant"))
        await petra.until(lambda: petra.over == "kicked", "removed")
        assert (await visit.ask("petra"))[1]["code"] == "kicked"
        await alice.drop()
        await talk(bob, alice, 10, 10)
        await visit.change("status = 'cancelled', cancelled_by = 'patient', epoch = epoch + 1")
        await visit.announce()
        for peer in (alice, bob):
            assert (await peer.told(m.Ended, within=1)).reason == "cancelled"


async def test_a_node_that_died_with_a_page_shows_it_away_and_gives_up_who_waits(company: Company) -> None:
    cluster, visit = company.cluster, company.visit
    first, second = (replace(visit, urls=[node.url]) for node in cluster.nodes)
    async with second.seated("bob", "page-of-bob-1") as bob, first.seated("alice"), first.seated("petra"):
        await bob.say(type="admit", id="1", seat="patient")
        await bob.hear("ok")
        await cluster.nodes[0].kill()
        states: dict[str, str] = {}
        while states != {"patient": "away", "assistant": "away"}:
            states = {seat["seat"]: seat["state"] for seat in (await bob.hear("roster", within=15))["seats"]}
        while states != {"patient": "away"}:
            states = {seat["seat"]: seat["state"] for seat in (await bob.hear("roster", within=25))["seats"]}


async def test_a_node_that_is_stopped_sends_its_pages_to_the_other(company: Company) -> None:
    cluster, visit = company.cluster, company.visit
    async with (
        join(visit.url, visit.source("bob"), media=False) as bob,
        join(visit.url, visit.source("alice"), media=False) as alice,
    ):
        await bob.admit("patient")
        await talk(bob, alice, 3, 5)
        for node in cluster.nodes:  # rolling: one after the other
            talking = asyncio.create_task(talk(bob, alice, 40, 15))
            await node.stop()
            await talking
            await node.start()
            async with asyncio.timeout(20):
                while (await (await visit.session.get(f"{node.url}/health/ready")).json())["log"] != "ok":
                    await asyncio.sleep(0.1)
        drained = [message for peer in (alice, bob) for message in peer.messages if isinstance(message, m.Drain)]
        assert len(drained) >= 2
        fresh = [message for peer in (alice, bob) for message in peer.messages if isinstance(message, m.Joined)]
        assert len(fresh) == 2, "nobody had to begin anew"
