"""The socket: who gets in, what a page hears, and a clear answer to everything that should not be sent."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import msgspec
import pytest
from aiohttp import WSMsgType
from aiohttp.test_utils import TestServer

from telemed import app
from telemed.consultation import connection, messages
from telemed.db import Database
from telemed.settings import Settings
from tests.live.conftest import ONE_AND_TWO, Visit
from tests.peers import Page, open_page
from tests.second_client import SDP

NODES = ONE_AND_TWO

DESC = {"type": "desc", "to": "patient", "epoch": 1, "kind": "offer", "sdp": SDP}


async def admitted(bob: Page) -> int:
    """Bob lets the patient in; the pair's epoch."""
    await bob.say(type="admit", id="admit", seat="patient")
    while True:
        roster = await bob.hear("roster")
        for seat in roster["seats"]:
            if seat["seat"] == "patient" and seat["admitted"]:
                return int(seat["epoch"])


async def test_the_way_in_and_out(visit: Visit) -> None:
    async with visit.seated("alice") as alice:
        assert (await alice.hear("waiting"))["practitioner_here"] is False
        assert await visit.sql("SELECT status FROM appointment WHERE id = $1", visit.appointment) == "arrived"
        async with visit.seated("bob", "page-of-bob-1") as bob:
            (patient,) = bob.heard[-1]["roster"]
            assert (patient["name"], patient["about"]) == ("Alice Ährenfeld", "")
            assert (await alice.hear("waiting"))["practitioner_here"] is True
            epoch = await admitted(bob)
            news = ["ice", "admitted", "roster"]
            assert [(await alice.hear(*news))["type"] for _ in news] == news
            (doctor,) = alice.heard[-1]["seats"]
            assert (doctor["epoch"], doctor["polite"], doctor["about"]) == (epoch, True, "Praxis am Uckersee, Prenzlau")
            assert await visit.sql("SELECT admitted FROM appointment WHERE id = $1", visit.appointment)
            await bob.say(**{**DESC, "id": "1", "epoch": epoch})
            offer = await alice.hear("desc")
            assert (offer["from"], offer["kind"], offer["sdp"]) == ("practitioner", "offer", SDP)
            await alice.say(
                type="cand", id="1", to="practitioner", epoch=epoch, candidates=[{"candidate": "", "sdpMid": "0"}]
            )  # fmt: skip
            assert (await bob.hear("cand"))["from"] == "patient"
            await bob.say(type="end", id="end")
            for page in (alice, bob):
                assert (await page.hear("ended"))["reason"] == "fulfilled"
                assert (await page.hear("closed"))["code"] == 4410
    row = await visit.sql("SELECT (status, epoch)::text FROM appointment WHERE id = $1", visit.appointment)
    assert row == "(fulfilled,2)"
    trail = await visit.sql("SELECT array_agg(verb || ' ' || detail ORDER BY id) FROM audit WHERE person IS NOT NULL")
    assert trail == ["seat.admitted patient", "consultation.end "]
    assert await visit.sql('SELECT count(*) FROM attendance WHERE "left" IS NULL') == 0
    assert (await visit.ask("alice"))[1]["reason"] == "fulfilled"


@pytest.mark.rule("V-16")
async def test_who_waits_learns_nothing_of_the_others(visit: Visit) -> None:
    async with (
        visit.seated("alice") as alice,
        visit.seated("petra", "page-of-petra") as petra,
        visit.seated("bob", "page-of-bob-1") as bob,
    ):
        await bob.say(type="mode", id="m", mic=False, cam=True)
        await bob.hear("ok")
        for page in (alice, petra):
            await page.say(type="ping")
            await page.hear("pong")
            heard = {message["type"] for message in page.heard}
            assert heard - {"lobby"} == {"welcome", "joined", "waiting", "pong"}  # their place in the queue, in time
        assert not any(name in json.dumps(alice.heard) for name in ("Petra", "Bob", "assistant"))
        assert not any(name in json.dumps(petra.heard) for name in ("Alice", "Bob", '"patient"'))
        await admitted(bob)
        await alice.hear("roster")
        assert "Petra" not in json.dumps(alice.heard)


@pytest.mark.rule("V-09")
async def test_a_message_to_somebody_not_admitted_or_not_there_is_refused(visit: Visit) -> None:
    async with visit.seated("alice") as alice, visit.seated("bob", "page-of-bob-1") as bob:
        await bob.say(**DESC, id="1")
        assert (await bob.refused("not_admitted"))["id"] == "1"
        await bob.say(**{**DESC, "to": "assistant"}, id="2")
        await bob.refused("not_here")
        await alice.say(**{**DESC, "to": "practitioner"}, id="3")
        await alice.refused("not_admitted")
        await alice.say(type="admit", id="4", seat="patient")
        await alice.refused("forbidden")
        await alice.say(type="end", id="5")
        await alice.refused("forbidden")
        epoch = await admitted(bob)
        await bob.say(**DESC, id="6")
        await bob.refused("stale")
        await bob.say(**{**DESC, "epoch": epoch, "sdp": SDP.replace("a=fingerprint", "a=x")}, id="7")
        await bob.refused("sdp_insecure")
        await alice.hear("roster")
        await alice.silence()


MALFORMED: dict[str, str] = {
    "not json": "{",
    "unknown type": '{"type": "shout"}',
    "unknown field": '{"type": "ping", "room": "another"}',
    "no text": "\ud800",
    "nested": "[" * 5000,
}


@pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_frames_are_refused_before_and_after_hello(visit: Visit, frame: str) -> None:
    raw = frame.encode("utf-8", "surrogatepass")
    for hello in (False, True):
        async with visit.page() as page:
            if hello:
                await page.hello(await visit.ticket("bob"))
            await page.ws._writer.send_frame(raw, WSMsgType.TEXT)
            if frame == MALFORMED["no text"]:
                assert (await page.hear("closed"))["code"] == 1007  # the WebSocket layer itself: RFC 6455 section 8.1
            else:
                await page.refused("malformed", 4400)


async def test_binary_and_oversized_frames_are_refused(visit: Visit) -> None:
    async with visit.page() as page:
        await page.ws.send_bytes(b'{"type": "ping"}')
        await page.refused("binary_refused", 4400)
    async with visit.seated("bob") as page:
        await page.say(**DESC, id="x" * messages.FRAME_LIMIT)
        await page.refused("malformed", 4400)
    async with visit.seated("bob") as page:
        await page.ws.send_str('{"type": "ping"}' + " " * messages.FRAME_LIMIT)
        await page.refused("too_large", 4413)
    async with visit.seated("bob") as page:
        wide = {**DESC, "id": "1", "sdp": SDP + "ä" * (messages.SDP_LIMIT // 2)}  # bytes count, not characters
        await page.ws.send_str(json.dumps(wide, ensure_ascii=False))
        await page.refused("too_large", 4413)
    async with visit.seated("bob") as page:
        await page.ws.send_str("x" * 100_000)
        assert (await page.hear("closed"))["code"] == 1009
    async with visit.seated("bob") as page:
        await page.say(**{**DESC, "sdp": SDP + "a=x:" + "y" * 20_000}, id="1")
        await page.refused("not_here")  # a large description is fine


async def test_hello_comes_first_once_and_in_time(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    async with visit.page() as page:
        await page.say(type="mode", id="1", mic=True, cam=True)
        await page.refused("hello_expected", 4400)
    async with visit.page() as page:
        await page.say(type="hello", ticket=await visit.ticket("bob"), instance="a-page-of-tests", versions=[2, 99])
        await page.refused("unsupported_version", 4406)
    async with visit.seated("bob") as page:
        assert (await page.hello(await visit.ticket("bob")))["code"] == "already_joined"
        await page.say(type="ping")
        await page.hear("pong")
    monkeypatch.setattr(connection, "HELLO_WITHIN", 0.1)
    async with visit.page() as page:
        await page.refused("hello_late", 4408)


async def test_a_flood_is_stopped(visit: Visit) -> None:
    async with visit.seated("bob") as page:
        for _ in range(messages.BURST + 10):
            await page.ws.send_str('{"type": "ping"}')
        while (await page.hear())["type"] == "pong":
            pass
        assert page.heard[-1]["code"] == "too_many"
        assert (await page.hear("closed"))["code"] == 4429


async def test_another_site_may_not_open_the_socket(visit: Visit) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with visit.page(Origin="https://evil.example"):
            pass
    assert refused.value.status == 403
    for url in visit.urls:
        async with open_page(visit.session, url, Origin=url):
            pass


async def test_one_address_opens_only_so_many_sockets(cast: Database, settings: Settings) -> None:
    few = msgspec.structs.replace(settings, sockets_per_address=2, behind_proxy=True)
    async with TestServer(app.build(few)) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url("")).rstrip("/")
        async with (
            open_page(session, url, **{"X-Forwarded-For": "203.0.113.7"}),
            open_page(session, url, **{"X-Forwarded-For": "203.0.113.7"}),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with open_page(session, url, **{"X-Forwarded-For": "203.0.113.7"}):
                    pass
            assert refused.value.status == 429
            async with open_page(session, url, **{"X-Forwarded-For": "203.0.113.8"}):
                pass
        async with asyncio.timeout(5):
            while True:
                try:
                    async with open_page(session, url, **{"X-Forwarded-For": "203.0.113.7"}):
                        return
                except aiohttp.WSServerHandshakeError:
                    await asyncio.sleep(0.05)
