"""The conversation itself, in two real browsers: seen, heard, muted, introduced, ended; and nobody else near it."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest
from playwright.async_api import expect

from telemed.db import Database
from telemed.scheduling.types import Patient
from tests import booking
from tests.browser.consulting import (
    Visitor,
    booked,
    check_and_join,
    guest,
    on_call,
    sees,
    staff,
    talking,
)  # fmt: skip

pytestmark = pytest.mark.browser
TOLD = """window.frames.filter(([way, text]) => way === "in" && !text.includes('"pong"')).length"""


@pytest.mark.rule("V-15")
async def test_they_meet_talk_and_part(cast: Database, visitor: Visitor, owner: asyncpg.Connection) -> None:
    made = await booked(cast)
    async with talking(visitor, made) as (bob, alice):
        await expect(alice.locator("#intro")).to_contain_text("Sie sprechen mit")
        await expect(alice.locator("#who")).to_have_text("Dr. med. Bob Buchfink, Praxis am Uckersee, Prenzlau")
        await expect(bob.locator("#who")).to_have_text("Alice Ährenfeld")
        await expect(bob.locator("#door")).to_contain_text("geboren am 17.5.1948")
        await alice.locator("#mic").click()
        await expect(bob.locator(".tile .muted")).to_be_visible()
        await alice.locator("#cam").click()
        await expect(bob.locator(".tile .veil")).to_be_visible()
        await alice.locator("#cam").click()
        await alice.locator("#mic").click()
        await expect(bob.locator(".tile .muted")).to_be_hidden()
        await asyncio.gather(sees(bob, 20), sees(alice, 20))
        await bob.locator("#hangup").click()
        await bob.locator("#ending [value=end]").click()
        await bob.wait_for_url("**/after")
        await alice.wait_for_url("**/appointment/after")
    assert await owner.fetchval("SELECT status FROM appointment WHERE id = $1", made.id) == "fulfilled"


@pytest.mark.rule("V-01")
@pytest.mark.rule("V-02")
async def test_media_go_encrypted_from_browser_to_browser(cast: Database, visitor: Visitor) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        for page in (bob, alice):
            figures = await sees(page, 1)
            assert figures["states"] == ["connected"] and figures["pairs"] == [["host", "host"]]
            sdp: str = await page.evaluate("window.connections.map((pc) => pc.localDescription.sdp).join('')")
            media = [line for line in sdp.splitlines() if line.startswith("m=")]
            assert [line.split()[0] for line in media] == ["m=audio", "m=video", "m=application"], "audio comes first"
            assert [line.split()[2] for line in media] == ["UDP/TLS/RTP/SAVPF"] * 2 + ["UDP/DTLS/SCTP"]
            assert "a=fingerprint:sha-256" in sdp and "a=crypto" not in sdp
            peers = await page.evaluate("window.connections.length")
            assert peers == 1, "a connection for each other person and none for the server"
        frames = [text for page in (alice, bob) for _way, text in await page.evaluate("window.frames")]
        assert len(frames) <= 35 and sum(map(len, frames)) <= 30_000, (len(frames), sum(map(len, frames)))


@pytest.mark.rule("V-05")
@pytest.mark.rule("V-06")
async def test_nobody_else_is_asked_for_anything(cast: Database, visitor: Visitor, site: str) -> None:
    made = await booked(cast)
    alice, bob = await guest(await visitor(), made), await on_call(visitor, made)
    asked: dict[str, str] = {}
    received: dict[str, int] = {}
    network = await alice.context.new_cdp_session(alice)
    network.on("Network.requestWillBeSent", lambda event: asked.update({event["requestId"]: event["request"]["url"]}))
    network.on("Network.webSocketCreated", lambda event: asked.update({event["requestId"]: event["url"]}))
    network.on(
        "Network.loadingFinished", lambda event: received.update({event["requestId"]: event["encodedDataLength"]})
    )
    await network.send("Network.enable")
    await network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await alice.goto("/appointment/room")
    await check_and_join(alice)
    await bob.locator("[data-act=admit]").click()
    await asyncio.gather(sees(alice), sees(bob))

    assert {url.split("/")[2] for url in asked.values()} == {site.split("/")[2]}
    addresses = set(asked.values())  # with a cache the arms, which are picture and icon, come once
    assert len(addresses) <= 15, sorted(addresses)
    assert sum(received.values()) <= 100_000
    assert sum(size for one, size in received.items() if asked[one].endswith(".js")) <= 40_000
    servers = await alice.evaluate("window.connections.at(-1).getConfiguration().iceServers")
    assert servers == [], "without a relay of our own nobody is asked for an address"
    assert {cookie.get("name") for cookie in await alice.context.cookies()} <= {"__Host-guest", "language"}
    assert await alice.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.mark.rule("V-10")
async def test_who_organises_takes_no_seat(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    for login, status in (("carla", 403), ("charlie", 404), ("petra", 403)):
        page = await staff(await visitor(), login)
        answer = await page.goto(f"/practice/appointments/{made.id}/room")
        assert answer is not None and answer.status == status, login
        refused = await page.evaluate(
            """(address) => fetch(address, { method: "POST", body: '{"seat": "practitioner"}',
            headers: { "Content-Type": "application/json", "Telemed-Session": "staff" } }).then((r) => r.status)""",
            f"/api/v1/appointments/{made.id}/tickets",
        )
        assert refused in (403, 404), login


@pytest.mark.rule("V-11")
@pytest.mark.rule("V-16")
async def test_others_who_come_disturb_nobody(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    async with talking(visitor, made) as (bob, alice):
        await bob.locator("#mic").focus()
        await alice.locator("#hangup").focus()
        told = await alice.evaluate(TOLD)
        clara = await booking.book(cast, made.end, Patient("Clara Cremer", made.birth_date or made.start.date()))
        page = await guest(await visitor(), clara)
        await page.goto("/appointment/consent")
        await page.locator("#agree").check()
        await page.locator("main form .button").first.click()
        await check_and_join(page)
        await expect(page.locator("#waiting-state")).to_contain_text("spricht noch mit jemand anderem", timeout=15_000)
        await asyncio.sleep(1)
        assert await bob.evaluate("document.activeElement.id") == "mic"
        assert await alice.evaluate("document.activeElement.id") == "hangup"
        assert await alice.evaluate(TOLD) == told
        for other in (alice, bob):
            assert "Clara" not in json.dumps(await other.evaluate("window.frames"))
            assert "Clara" not in await other.content()
        heard = json.dumps(await page.evaluate("window.frames")) + await page.content()
        assert "Alice" not in heard and "Ährenfeld" not in heard


async def test_a_second_window_takes_over(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    async with talking(visitor, made) as (bob, alice):
        second = await alice.context.new_page()
        await second.goto("/appointment/room")
        await check_and_join(second)
        await expect(alice.locator("#over-title")).to_have_text("Die Sprechstunde läuft in einem anderen Fenster")
        await expect(second.locator("#talk")).to_be_visible()
        await sees(bob)


async def test_sent_back_let_in_again_and_removed(cast: Database, visitor: Visitor) -> None:
    made = await booked(cast)
    async with talking(visitor, made) as (bob, alice):
        await bob.locator("[data-act=hold]").click()
        await expect(alice.locator("#waiting")).to_be_visible()
        assert await alice.evaluate("window.connections.at(-1).connectionState") == "closed"
        await bob.locator("[data-act=admit]").click()
        await asyncio.gather(sees(alice), sees(bob))
        bob.on("dialog", lambda dialog: dialog.accept())
        await bob.locator("[data-act=kick]").click()
        await expect(alice.locator("#over-title")).to_have_text("Sie sind nicht mehr in dieser Sprechstunde")
        await expect(bob.locator("#empty")).to_be_visible()
