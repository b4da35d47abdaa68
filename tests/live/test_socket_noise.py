"""Noise on the socket: whatever comes, the answer is a documented one, and the room goes on."""

from __future__ import annotations

import json
import random
import socket
import struct
from typing import Any

import pytest
from yarl import URL

from tests.live.conftest import Visit
from tests.pure.test_room_messages import CLIENT

ROUNDS = 250
JUNK = [None, True, -1, 0, 2**63, 1.5, "", "patient", "practitioner", "\u202e", "x" * 5000, [], [None], {}, {"a": {}}]


def spoiled(chance: random.Random) -> str:
    """A sample with a field changed, dropped or added, or cut short."""
    message: dict[str, Any] = dict(chance.choice(CLIENT))
    for _ in range(chance.randint(0, 3)):
        field = chance.choice([*message, "extra"])
        if chance.random() < 0.3:
            message.pop(field, None)
        else:
            message[field] = chance.choice(JUNK)
    text = json.dumps(message)
    return text[: chance.randrange(len(text))] if chance.random() < 0.1 else text


async def test_noise_is_answered_and_harms_nobody(visit: Visit) -> None:
    chance = random.Random(20261122)
    codes = set()
    async with visit.seated("bob", "page-of-bob-1") as bob:
        for _ in range(ROUNDS):
            async with visit.page() as page:
                if chance.random() < 0.7:
                    await page.hello(await visit.ticket("alice"))
                await page.ws.send_str(spoiled(chance))
                await page.say(type="ping")
                while (message := await page.hear())["type"] not in ("closed", "pong"):
                    if message["type"] == "err":
                        codes.add(message["code"])
        await bob.say(type="ping")
        await bob.hear("pong")
    assert codes <= {
        "malformed", "hello_expected", "already_joined", "token_refused", "unsupported_version", "too_large",
        "not_admitted", "not_here", "forbidden", "sdp_refused", "sdp_insecure", "stale",
    }, codes  # fmt: skip
    assert len(codes) >= 5, codes


async def test_pages_that_hang_up_while_they_are_answered_are_no_errors(
    visit: Visit, caplog: pytest.LogCaptureFixture
) -> None:
    """A page on a line that is down gives its sockets up and comes again, many times."""
    url = URL(visit.url)
    ask = (
        f"GET /api/v1/socket HTTP/1.1\r\nHost: {url.authority}\r\nOrigin: {url.origin()}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    for _ in range(30):
        with socket.create_connection((str(url.host), int(url.port or 80))) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # ends with a reset
            line.sendall(ask.encode())
    async with visit.page() as page:
        await page.hello(await visit.ticket("alice"))
        await page.say(type="ping")
        await page.hear("pong")
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
