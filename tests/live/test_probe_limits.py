"""What the probe does not let pages do to it: stay, leave things behind, or have it ask for keys again and again."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiortc import RTCPeerConnection

from telemed import clock
from telemed.errors import Unavailable
from telemed.identity.tokens import Keys, TokenRefused
from telemed.precheck import keyset, peer, probe, tickets
from telemed.precheck.probe import build
from telemed.serving import listening
from telemed.settings import Settings
from tests.prober import connected
from tests.processes import free_port


async def test_nobody_stays_longer_than_a_check_takes(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "LIFE", 1.0)
    port = free_port()

    async def verify(self: object, token: str) -> dict[str, Any]:
        return {"jti": token, "exp": clock.now().timestamp() + 60}

    monkeypatch.setattr("telemed.precheck.keyset.KeySet.verify", verify)
    application = build(Settings(probe_url=f"http://localhost:{port}"))
    async with listening(application, "127.0.0.1", port) as url, connected(url, "a ticket") as page:
        closed = asyncio.Event()
        page.pc.on("connectionstatechange", lambda: page.pc.connectionState == "closed" and closed.set())
        await asyncio.wait_for(closed.wait(), 4)


async def test_a_page_that_hangs_up_while_it_is_answered_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else two dozen of them would keep everybody out until the next restart."""
    pc = RTCPeerConnection()
    pc.createDataChannel("control")
    await pc.setLocalDescription(await pc.createOffer())
    running = probe.Probe(Settings(probe_url="http://localhost"))
    offer = probe.Offer("ticket", pc.localDescription.sdp)
    answering = asyncio.create_task(running.answer("ticket", clock.now().timestamp() + 60, offer))
    await asyncio.sleep(0)
    assert len(running._open) == 1
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    assert running._open == {}
    await pc.close()


async def test_however_many_come_with_an_unknown_key_it_looks_once(keys: Keys) -> None:
    asked = 0

    async def no_keys(_request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.1)
        return web.json_response({"keys": []})

    pages = web.Application()
    pages.router.add_get("/keys", no_keys)
    ticket = tickets.mint(keys, Settings(probe_url="http://localhost"), "x").ticket
    async with listening(pages, "127.0.0.1", free_port()) as url, aiohttp.ClientSession() as session:
        known = keyset.KeySet(session, f"{url}/keys")
        told = await asyncio.gather(*(known.verify(ticket) for _ in range(20)), return_exceptions=True)
    assert asked == 1
    assert {type(one) for one in told} <= {Unavailable, TokenRefused}
