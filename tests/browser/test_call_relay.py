"""The same conversation through a real coturn and nothing else: over UDP, and where only streams get out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from telemed.db import Database
from telemed.settings import Settings
from tests.browser.conftest import LEAN, QUIET
from tests.browser.consulting import Visitor, booked, on_call, sees, talking, waiting
from tests.processes import free_port
from tests.turn import LOOPBACK, Relay, relay

pytestmark = pytest.mark.browser
# What a firewall leaves of the relay.
ONLY = """
const passing = (config) => ({ ...config, iceServers: (config?.iceServers ?? []).map(
  (server) => ({ ...server, urls: "%s" })) });
const Open = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Open {
  constructor(config) { super(passing(config)); }
  setConfiguration(config) { super.setConfiguration(passing(config)); }
};
"""
PROTOCOL = """async () => {
  const stats = await window.connections[0].getStats();
  const transport = [...stats.values()].find((one) => one.type === "transport");
  return stats.get(stats.get(transport.selectedCandidatePairId).localCandidateId).relayProtocol;
}"""


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Without the first flag Chromium offers no relay on loopback, without the other none with our certificate."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=LEAN,
            args=[*QUIET, "--allow-loopback-in-peer-connection", "--ignore-certificate-errors"],
        )
        yield browser
        await browser.close()


@pytest.fixture
async def coturn(tmp_path: Path) -> AsyncIterator[Relay]:
    """In this test alone a peer may be on loopback: both ends of the relay are."""
    async with relay(tmp_path, "127.0.0.1", *LOOPBACK) as running:
        yield running


@pytest.fixture
def site_settings(settings: Settings, coturn: Relay) -> Settings:
    return msgspec.structs.replace(
        settings, port=free_port(), turn_urls=coturn.urls, turn_secret=coturn.secret, ice_policy="relay"
    )


@pytest.mark.rule("V-02")
async def test_through_the_relay_alone(cast: Database, visitor: Visitor, coturn: Relay) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        figures = await asyncio.gather(sees(bob), sees(alice))
        assert [one["pairs"] for one in figures] == [[["relay", "relay"]]] * 2
        for page in (bob, alice):
            offered: str = await page.evaluate("window.connections[0].localDescription.sdp")
            candidates = [line for line in offered.splitlines() if line.startswith("a=candidate")]
            assert candidates and all(" typ relay " in line for line in candidates), "no address of one's own is told"
            (server,) = await page.evaluate("window.connections[0].getConfiguration().iceServers")
            assert server["urls"] == list(coturn.urls) and server["username"].endswith(("-patient", "-practitioner"))


async def test_behind_firewalls_that_let_only_streams_out(cast: Database, visitor: Visitor, coturn: Relay) -> None:
    """The patient's network lets nothing but TLS out, the doctor's nothing but TCP."""
    made = await booked(cast)
    tcp, tls = coturn.streams

    async def visit(url: str) -> BrowserContext:
        context = await visitor()
        await context.add_init_script(ONLY % url)
        return context

    alice, bob = await asyncio.gather(waiting(lambda: visit(tls), made), on_call(lambda: visit(tcp), made))
    await bob.locator("[data-act=admit]").click()
    await asyncio.gather(sees(bob), sees(alice))
    assert [await page.evaluate(PROTOCOL) for page in (alice, bob)] == ["tls", "tcp"]
