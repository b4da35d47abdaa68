"""What is said, shown and sent in a consultation is found nowhere but at its two ends.

One call through a real coturn, with everything in reach of the server recorded: a text and a file over a data channel,
a tone and a picture. Each search is shown to find what it looks for when it is put there on purpose.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from array import array
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import psutil  # type: ignore[import-untyped]
import pytest
from aiortc import MediaStreamTrack, RTCDataChannel, RTCPeerConnection
from aiortc.rtcdtlstransport import RTCDtlsTransport

from telemed import pg
from telemed.consultation import links, testcard
from telemed.consultation.peer import join
from telemed.db import Database
from telemed.identity.tokens import Keys
from tests import people, tap
from tests.canary import WatchedServer, canary, everything, files, tables, traces, watched
from tests.conftest import SECRET
from tests.live.conftest import Visit, booked
from tests.turn import LOOPBACK, relay

TONE = 1230.0  # Hz; 100 ms are whole waves
MARK = secrets.token_bytes(32)
FILE = (MARK + secrets.token_bytes(480)) * 64  # 32 KiB in which no packet can avoid the mark
TEXT = canary("Grüße aus Gerswalde")
CALM = 100  # 20 ms frames of sound each side hears before the searches


@dataclass
class Evidence:
    """What was recorded during one call, and what is still there to be looked at."""

    server: WatchedServer
    urls: pg.Urls
    datagrams: list[bytes]
    sockets: list[tap.Socket]
    heard: list[array[int]]
    received: list[str | bytes]
    packets: list[bytes]
    udp: list[Any] = field(default_factory=list)
    open_files: set[str] = field(default_factory=set)
    tables: tuple[dict[str, list[dict[str, Any]]], ...] = ()
    files: tuple[dict[Path, bytes], ...] = ()

    def frames(self, kind: str, sender: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The messages of this type that one socket sent, and those that the other one heard."""
        sent, heard = self.sockets[sender].sent, self.sockets[1 - sender].heard
        return tuple([m for m in map(json.loads, frames) if m["type"] == kind] for frames in (sent, heard))  # type: ignore[return-value]


@pytest.fixture(scope="module")
async def evidence(postgres: pg.Urls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Evidence]:
    place = tmp_path_factory.mktemp("canaries")
    with pytest.MonkeyPatch.context() as patch:
        async with relay(place, "127.0.0.1", *LOOPBACK) as turn, tap.tapped((turn.host, turn.port)) as wire:
            environment = {
                "TELEMED_TURN_URLS": f"turn:127.0.0.1:{wire.address[1]}?transport=udp",
                "TELEMED_TURN_SECRET": turn.secret,
                "TELEMED_ICE_POLICY": "relay",
            }
            async with watched(postgres, place / "server", "telemed_canaries", **environment) as (server, urls):
                found = Evidence(server, urls, wire.datagrams, [], [], [], [])
                plant(patch, found)
                await hold_a_call(found)
                yield found


def plant(patch: pytest.MonkeyPatch, found: Evidence) -> None:
    """The peers send the canaries; what leaves them before it is encrypted, and what arrives after, is kept."""
    attach, send_rtp, count = links.Links.attach, RTCDtlsTransport._send_rtp, testcard.count

    def on(channel: RTCDataChannel) -> None:
        channel.on("message", found.received.append)

    def with_data(self: links.Links, pc: RTCPeerConnection) -> None:
        attach(self, pc)
        pc.on("datachannel", on)
        if pc.signalingState == "stable":  # the one who offers
            channel = pc.createDataChannel("messages")
            channel.on("open", lambda: [channel.send(what) for what in (TEXT, FILE)])  # type: ignore[func-returns-value]

    def listen(track: MediaStreamTrack, received: testcard.Received) -> Any:
        found.heard.append(array("h"))
        return count(tap.Ear(track, found.heard[-1]), received)  # type: ignore[arg-type]

    async def plainly(transport: RTCDtlsTransport, data: bytes) -> None:
        found.packets.append(data)
        await send_rtp(transport, data)

    patch.setattr(aiohttp, "ClientSession", partial(aiohttp.ClientSession, ws_response_class=tap.Socket))
    patch.setattr(testcard, "TONE", TONE)
    patch.setattr(links.Links, "attach", with_data)
    patch.setattr(links, "count", listen)
    patch.setattr(RTCDtlsTransport, "_send_rtp", plainly)


async def hold_a_call(found: Evidence) -> None:
    db, owner = await Database.open(found.urls.app), await asyncpg.connect(found.urls.owner)
    await people.arrive(db)
    async with aiohttp.ClientSession() as session:
        visit = Visit([found.server.url], session, db, await Keys.load(db, SECRET), await booked(db))
        before = await tables(owner), files(found.server.home)
        tap.opened.clear()
        async with join(visit.url, visit.source("alice")) as alice, join(visit.url, visit.source("bob")) as bob:
            await bob.admit("patient")
            process = psutil.Process(found.server.pid)
            await asyncio.gather(alice.receives("practitioner", 30, CALM), bob.receives("patient", 30, CALM))
            async with asyncio.timeout(10):
                while len(found.received) < 2:
                    await asyncio.sleep(0.05)
            found.udp = process.net_connections(kind="udp")
            found.open_files = {file.path for file in process.open_files()}
            await bob.end()
            await alice.until(lambda: alice.over is not None, "the end")
        found.sockets = list(tap.opened)
        await asyncio.sleep(0.3)  # the last attendance is written
        found.tables, found.files = (before[0], await tables(owner)), (before[1], files(found.server.home))
    await db.close()
    await owner.close()


@pytest.mark.rule("V-01")
async def test_both_ends_saw_heard_and_read(evidence: Evidence) -> None:
    """Without this the searches below would prove nothing."""
    assert evidence.received == [TEXT, FILE]
    sounds = [heard[-24_000:] for heard in evidence.heard if len(heard) > 48_000]
    assert len(sounds) == 2
    for sound in sounds:
        assert tap.strength(sound, TONE) > 0.8 and tap.strength(sound, 440) < 0.01
    assert len(evidence.sockets) == 2 and sum(map(len, evidence.datagrams)) > 100_000
    assert psutil.Process().net_connections(kind="udp"), "the peers themselves use UDP"


@pytest.mark.rule("V-01")
@pytest.mark.rule("V-03")
async def test_the_server_had_none_of_it(evidence: Evidence) -> None:
    """Text, file, and every packet of sound and picture: not in frames, log, files, database or at the relay."""
    said = [packet[-32:] for packet in evidence.packets if len(packet) > 80][:400]
    assert len(said) > 200
    for where, place in places(evidence).items():
        assert traces([TEXT, MARK], place) == [], where
        assert not any(packet in place for packet in said), where


@pytest.mark.rule("V-01")
async def test_the_searches_find_what_is_there(evidence: Evidence) -> None:
    """The same searches, with the same canaries put into each place on purpose."""
    packet = next(packet for packet in evidence.packets if len(packet) > 80)
    with evidence.server.log.open("a") as log:
        log.write(f"event=chat text={json.dumps(TEXT)}\n")
    (evidence.server.home / "recording.webm").write_bytes(b"\x1aE\xdf\xa3" + FILE + packet)
    evidence.sockets[0].sent.append(json.dumps({"type": "chat", "text": TEXT, "file": FILE.hex()}))
    evidence.datagrams.append(b"\x40\x00\x10\x00" + TEXT.encode() + FILE[:600] + packet)
    owner = await asyncpg.connect(evidence.urls.owner)
    await owner.execute("UPDATE appointment SET email = $1, patient_key = $2", TEXT, FILE[:64])
    await owner.close()
    for where, place in places(evidence).items():
        assert TEXT in traces([TEXT], place), where
        if where != "log":
            assert MARK in traces([MARK], place), where
    for where in ("files", "datagrams"):
        assert packet[-32:] in places(evidence)[where], where


def places(evidence: Evidence) -> dict[str, bytes]:
    """Everything the server, and whoever runs the relay, could look at."""
    return {
        "frames": "\n".join(frame for one in evidence.sockets for frame in one.sent + one.heard).encode(),
        "log": evidence.server.log.read_bytes(),
        "files": b"".join(files(evidence.server.home).values()),
        "database": everything(evidence.urls.owner),
        "datagrams": b"\n".join(evidence.datagrams),
    }


@pytest.mark.rule("V-02")
async def test_the_server_takes_no_part(evidence: Evidence) -> None:
    """Each description arrives as it was sent, byte by byte, and the server has no socket that media could come to."""
    assert evidence.udp == []
    for sender in (0, 1):
        sent, heard = evidence.frames("desc", sender)
        assert len(sent) == 1
        assert [one["sdp"] for one in sent] == [one["sdp"] for one in heard]


@pytest.mark.rule("V-01")
async def test_descriptions_offer_nothing_but_dtls(evidence: Evidence) -> None:
    for sender in (0, 1):
        for message in evidence.frames("desc", sender)[0]:
            lines = message["sdp"].splitlines()
            media = [line.split() for line in lines if line.startswith("m=")]
            assert [line[0] for line in media] == ["m=audio", "m=video", "m=application"]
            assert {line[2] for line in media} == {"UDP/TLS/RTP/SAVPF", "UDP/DTLS/SCTP"}
            assert any(line.startswith("a=fingerprint:sha-256 ") for line in lines)
            assert not any(line.startswith("a=crypto:") for line in lines)
            assert all(" typ relay" in line for line in lines if line.startswith("a=candidate:"))


LIVE = {"status", "admitted", "epoch", "changed"}  # of an appointment


@pytest.mark.rule("V-03")
async def test_what_a_call_leaves_behind(evidence: Evidence) -> None:
    """Who came and went, who let whom in, that it took place; no other rows, no files, nothing that grows."""
    before, after = evidence.tables
    changed = {name for name in after if before[name] != after[name]}
    assert changed == {"appointment", "attendance", "seating", "audit"}
    (was,), (now) = before["appointment"], after["appointment"][0]
    assert {column for column in now if now[column] != was[column]} == LIVE
    assert (now["status"], len(after["appointment"])) == ("fulfilled", 1)
    assert sorted(row["seat"] for row in after["attendance"]) == ["patient", "practitioner"]
    assert [(row["seat"], row["state"]) for row in after["seating"]] == [("patient", "admitted")]
    told = [row["verb"] for row in after["audit"] if row not in before["audit"]]
    assert sorted(told) == ["consultation.end", "seat.admitted"]
    assert len(json.dumps(after)) - len(json.dumps(before)) < 2_000
    old, new = evidence.files
    assert set(old) == set(new) == {evidence.server.log}, "no file but the log"
    assert len(new[evidence.server.log]) - len(old[evidence.server.log]) < 500
    written = {path for path in evidence.open_files if path.startswith(("/tmp", str(evidence.server.home)))}
    assert written <= {str(evidence.server.log)}
