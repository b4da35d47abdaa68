"""Two seats see and hear each other, with the package's own peer: directly, through coturn, and without the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest

from telemed.consultation import messages as m
from telemed.consultation.peer import Peer, join
from telemed.db import Database
from telemed.identity.tokens import Keys
from telemed.settings import Settings
from tests.live.conftest import Visit, booked
from tests.processes import Server, serving
from tests.turn import LOOPBACK, relay


class Call(NamedTuple):
    alice: Peer
    bob: Peer


@asynccontextmanager
async def call(visit: Visit) -> AsyncIterator[Call]:
    """Alice waits, Bob lets her in, both hear and see each other."""
    async with (
        join(visit.url, visit.source("alice")) as alice,
        join(visit.url, visit.source("bob")) as bob,
    ):
        assert not alice.roster
        await bob.admit("patient")
        await asyncio.gather(alice.receives("practitioner", 20, 40), bob.receives("patient", 20, 40))
        yield Call(alice, bob)


async def more(both: Call, video: int = 30, loud: int = 60) -> None:
    """Both go on seeing and hearing."""
    seen, heard = both.alice.links.received["practitioner"], both.bob.links.received["patient"]
    await asyncio.gather(
        both.alice.receives("practitioner", seen.video + video, seen.loud + loud),
        both.bob.receives("patient", heard.video + video, heard.loud + loud),
    )


async def test_two_seats_see_and_hear_each_other(visit: Visit) -> None:
    async with call(visit) as (alice, bob):
        assert alice.roster["practitioner"].polite and not bob.roster["patient"].polite
        sent = [message for message in bob.messages + alice.messages if isinstance(message, m.DescFrom)]
        assert [message.kind for message in sent] == ["answer", "offer"]
        await bob.end()
        for peer in (alice, bob):
            assert (await peer.told(m.Ended)).reason == "fulfilled"
    assert await visit.sql("SELECT status FROM appointment") == "fulfilled"


async def test_a_lost_socket_leaves_the_media_alone(visit: Visit) -> None:
    async with call(visit) as both:
        received = both.alice.links.received["practitioner"]
        await both.alice.drop()
        await both.bob.until(lambda: both.bob.roster["patient"].state == "away", "away")
        await both.bob.until(lambda: both.bob.roster["patient"].state == "here", "back")
        await more(both)
        assert both.alice.links.received["practitioner"] is received, "the connection was made anew"
        assert both.alice.connected == 2


async def test_a_new_page_of_the_patient_is_connected_anew(visit: Visit) -> None:
    async with call(visit) as both, join(visit.url, visit.source("alice")) as second:
        await both.alice.told(m.Replaced)
        await asyncio.gather(second.receives("practitioner", 10, 20), both.bob.receives("patient", 10, 20))


class Outside(NamedTuple):
    """A server process, and a visit to it."""

    server: Server
    visit: Visit


@asynccontextmanager
async def outside(cast: Database, keys: Keys, settings: Settings, **environment: str) -> AsyncIterator[Outside]:
    async with serving(settings, **environment) as server, aiohttp.ClientSession() as session:
        yield Outside(server, Visit([server.url], session, cast, keys, await booked(cast)))


async def test_a_call_outlives_its_server(cast: Database, keys: Keys, settings: Settings) -> None:
    async with outside(cast, keys, settings) as (server, visit), call(visit) as both:
        received = both.alice.links.received["practitioner"]
        await server.kill()
        await more(both)
        await server.start()
        for peer in both:
            await peer.until(lambda peer=peer: peer.connected == 2 and peer.roster, "back", within=10)  # type: ignore[misc]
        await more(both)
        assert both.alice.links.received["practitioner"] is received, "the connection was made anew"
        # And the restarted server can still be used to end it.
        await both.bob.end()
        assert (await both.alice.told(m.Ended)).reason == "fulfilled"


async def test_a_server_that_stops_says_so(cast: Database, keys: Keys, settings: Settings) -> None:
    async with outside(cast, keys, settings) as (server, visit), call(visit) as both:
        assert await server.stop() == 0
        for peer in both:
            await peer.told(m.Drain)
            assert peer.over is None
        await more(both)
        assert await visit.sql('SELECT count(*) FROM attendance WHERE "left" IS NULL') == 0


@pytest.mark.rule("V-02")
async def test_through_the_relay_alone(cast: Database, keys: Keys, settings: Settings, tmp_path: Path) -> None:
    async with relay(tmp_path, "127.0.0.1", *LOOPBACK) as turn:
        environment = {
            "TELEMED_TURN_URLS": turn.urls[0],
            "TELEMED_TURN_SECRET": turn.secret,
            "TELEMED_ICE_POLICY": "relay",
        }
        async with outside(cast, keys, settings, **environment) as (_, visit), call(visit) as both:
            await more(both)
            for peer in both:
                assert peer.links.ice.policy == "relay"
                assert peer.links.ice.servers[0].urls == turn.urls
                offered = [message for message in peer.messages if isinstance(message, m.DescFrom)]
                kinds = {
                    line.split(" typ ")[1].split()[0]
                    for message in offered for line in message.sdp.splitlines() if line.startswith("a=candidate")
                }  # fmt: skip
                assert kinds == {"relay"}
