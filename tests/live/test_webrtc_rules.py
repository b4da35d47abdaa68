"""The twelve lines of OWASP ASVS 5.0, chapter V17 (WebRTC): relay, media, signalling.

A consultation has no media server: picture and sound go from browser to browser. The lines about one are shown twice:
that no process which serves can take media, and that the one Python peer there is (aiortc, for the precheck, the demo
and these tests) keeps them. All but the ClientHello race, which aiortc is open to: it takes packets from anywhere. So
that line holds only because nothing of it stands in a consultation's way.
"""

from __future__ import annotations

import ast
import asyncio
import json
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from telemed.consultation.testcard import Picture, Received, Tone, count
from telemed.consultation.turn import credentials
from tests.live.conftest import ONE_AND_TWO, Visit
from tests.live.test_socket import DESC, MALFORMED, admitted
from tests.processes import ROOT
from tests.turn import Relay, Turn, relay

NODES = ONE_AND_TWO
PACKAGE = ROOT / "telemed"


@pytest.fixture(scope="module")
async def turn(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Relay]:
    async with relay(tmp_path_factory.mktemp("turn")) as running:
        yield running


# The relay.

SPECIAL = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "0.0.0.0",
    "255.255.255.255",
]  # fmt: skip


@pytest.mark.rule("ASVS-V17.1.1")
@pytest.mark.parametrize("address", SPECIAL)
async def test_the_relay_leads_to_no_special_address(turn: Relay, address: str) -> None:
    async with Turn.to(turn, *credentials(turn.secret, secrets.token_hex(8), timedelta(hours=1))) as client:
        assert await client.allocate() == 0
        assert await client.permit(address) == 403
        assert await client.permit("8.8.8.8") == 0


@pytest.mark.rule("ASVS-V17.1.2")
async def test_nobody_takes_all_ports_of_the_relay(turn: Relay) -> None:
    owner = secrets.token_hex(8)
    async with asyncio.timeout(30):
        clients = [Turn.to(turn, *credentials(turn.secret, owner, timedelta(hours=1))) for _ in range(16)]
        answers = [await (await client.__aenter__()).allocate() for client in clients]
        async with Turn.to(turn, *credentials(turn.secret, secrets.token_hex(8), timedelta(hours=1))) as other:
            assert await other.allocate() == 0, "an honest one gets none any more"
        for client in clients:
            await client.__aexit__(None, None, None)
    assert answers.count(0) <= 12 and 486 in answers, answers  # Allocation Quota Reached (RFC 8656)


# Media: no process that serves takes any.


@pytest.mark.rule("ASVS-V17.2.2")
@pytest.mark.rule("ASVS-V17.2.3")
@pytest.mark.rule("ASVS-V17.2.5")
@pytest.mark.rule("ASVS-V17.2.6")
def test_what_serves_cannot_take_media() -> None:
    program = (
        "import sys, telemed.app, telemed.serving;"
        "print([m for m in sys.modules if m.split('.')[0] in ('aiortc', 'aioice', 'av', 'pylibsrtp')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.rule("ASVS-V17.2.7")
def test_nothing_can_record() -> None:
    for file in PACKAGE.rglob("*.py"):
        names = {node.id for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Name)}
        assert not names & {"MediaRecorder", "MediaBlackhole", "MediaRelay"}, file
    for script in PACKAGE.rglob("*.js"):
        assert "MediaRecorder" not in script.read_text("utf-8"), script


@pytest.mark.rule("ASVS-V17.2.1")
async def test_no_key_is_kept_and_each_connection_has_its_own() -> None:
    held = [file for file in [*PACKAGE.rglob("*"), *Path(ROOT / "deploy").rglob("*")] if file.is_file()]
    assert not [file for file in held if b"PRIVATE KEY-----" in file.read_bytes()]
    async with called() as first, called() as second:
        prints = {
            line for pc in (*first.peers, *second.peers) for line in pc.localDescription.sdp.splitlines()
            if line.startswith("a=fingerprint:sha-256")
        }  # fmt: skip
    assert len(prints) == 4


# Media: the Python peer.


class Called:
    def __init__(self, one: RTCPeerConnection, other: RTCPeerConnection, received: Received) -> None:
        self.peers, self.received = (one, other), received

    def ports(self) -> list[tuple[str, int]]:
        """Where the second one takes packets."""
        lines = re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", self.peers[1].localDescription.sdp)
        return [(address, int(port)) for address, port in lines if ":" not in address]

    async def more(self, frames: int) -> None:
        """So many more frames and tones arrive."""
        video, loud = self.received.video + frames, self.received.loud + frames
        async with asyncio.timeout(20):
            while self.received.video < video or self.received.loud < loud:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def called(forge: bool = False) -> AsyncIterator[Called]:
    """One sends picture and tone to the other; `forge`: the answer comes with another one's fingerprint."""
    one, other = RTCPeerConnection(RTCConfiguration([])), RTCPeerConnection(RTCConfiguration([]))
    received, tasks = Received(), list[asyncio.Task[None]]()
    other.on("track", lambda track: tasks.append(asyncio.create_task(count(track, received))))
    one.addTrack(Tone())
    one.addTrack(Picture())
    await one.setLocalDescription(await one.createOffer())
    await other.setRemoteDescription(one.localDescription)
    await other.setLocalDescription(await other.createAnswer())
    sdp = other.localDescription.sdp
    if forge:
        swapped = ":".join(["AB"] * 32)
        sdp = re.sub(r"(a=fingerprint:sha-256 )\S+", rf"\g<1>{swapped}", sdp)
        sdp = re.sub(r"a=fingerprint:sha-(384|512) \S+\r\n", "", sdp)
    await one.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
    try:
        yield Called(one, other, received)
    finally:
        await asyncio.gather(one.close(), other.close())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def throw(places: list[tuple[str, int]], packets: list[bytes], times: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(times):
            for place in places:
                for packet in packets:
                    sender.sendto(packet, place)


RTP = b"\x80\x60" + bytes(10)
MALFORMED_SRTP = [
    b"", b"\x80", RTP, RTP + secrets.token_bytes(40), b"\xff" * 1400, b"\x90\x60" + bytes(10) + b"\xbe\xde\xff\xff",
    b"\x80\xc8" + secrets.token_bytes(60), b"\xbf\x60" + bytes(8),
]  # fmt: skip


@pytest.mark.rule("ASVS-V17.2.3")
@pytest.mark.rule("ASVS-V17.2.4")
@pytest.mark.rule("ASVS-V17.2.5")
async def test_foreign_malformed_and_many_packets_stop_no_media_and_insert_none() -> None:
    async with called() as call:
        await call.more(5)
        for _ in range(20):
            throw(call.ports(), [packet for packet in MALFORMED_SRTP if packet], 10)
            await asyncio.sleep(0.02)
        await call.more(10)
        assert call.received.video < 20 * 30, "more frames than were ever sent"
        assert all(pc.connectionState == "connected" for pc in call.peers)


@pytest.mark.rule("ASVS-V17.2.2")
async def test_strong_ciphers_and_profiles_are_agreed_on() -> None:
    async with called() as call:
        await call.more(1)
        for pc in call.peers:
            dtls = pc.getTransceivers()[0].receiver.transport
            assert dtls._ssl.get_protocol_version_name() in ("DTLSv1.2", "DTLSv1.3")
            assert re.search("GCM|CHACHA20", dtls._ssl.get_cipher_name() or "")
            profile = dtls._ssl.get_selected_srtp_profile().decode()
            assert profile in ("SRTP_AEAD_AES_256_GCM", "SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_SHA1_80")


@pytest.mark.rule("ASVS-V17.2.8")
async def test_a_certificate_that_is_not_the_one_of_the_description_ends_the_media() -> None:
    async with called(forge=True) as call:
        async with asyncio.timeout(20):
            while call.peers[0].connectionState not in ("failed", "closed"):
                await asyncio.sleep(0.05)
        assert (call.received.video, call.received.loud) == (0, 0)


# Signalling.


@pytest.mark.rule("ASVS-V17.3.1")
async def test_a_flood_stops_nobody_else(visit: Visit) -> None:
    async with visit.seated("bob", "page-of-bob-1") as bob, visit.seated("alice") as alice:
        epoch = await admitted(bob)
        await alice.hear("roster")
        async with visit.seated("petra", "page-of-petra") as petra:
            flood = [petra.ws.send_str(json.dumps({"type": "ping"})) for _ in range(2000)]
            flooding = asyncio.gather(*flood, return_exceptions=True)
            for number in range(10):
                await alice.say(**{**DESC, "to": "practitioner", "epoch": epoch, "id": f"d{number}"})
                assert (await bob.hear("desc", within=10))["from"] == "patient"
            await flooding
            heard = [message async for message in until_closed(petra)]
            assert heard[-2]["code"] == "too_many"
            assert heard[-1]["code"] == 4429
        await alice.say(**{**DESC, "to": "practitioner", "epoch": epoch, "id": "after"})
        await bob.hear("desc")


async def until_closed(page: Any) -> AsyncIterator[dict[str, Any]]:
    while True:
        message = await page.hear()
        yield message
        if message["type"] == "closed":
            return


@pytest.mark.rule("ASVS-V17.3.2")
async def test_malformed_messages_stop_nobody_else(visit: Visit) -> None:
    refused = json.loads((ROOT / "tests" / "data" / "messages" / "refused.json").read_text("utf-8"))
    async with visit.seated("bob", "page-of-bob-1") as bob, visit.seated("alice") as alice:
        epoch = await admitted(bob)
        await alice.hear("roster")
        for number, frame in enumerate([*refused.values(), *MALFORMED.values()]):
            async with visit.page() as page:
                await page.ws.send_str(frame.encode("utf-8", "replace").decode())
                await page.hear("closed")
            await alice.say(**{**DESC, "to": "practitioner", "epoch": epoch, "id": f"d{number}"})
            assert (await bob.hear("desc", within=10))["from"] == "patient"
