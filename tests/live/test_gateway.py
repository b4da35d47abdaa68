"""A gateway at the station: sound as low as hearts are, pictures to the last bit, and never a way to listen."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import av
import pytest
from aioice import ice
from aiortc import MediaStreamTrack, RTCDataChannel, RTCPeerConnection
from aiortc.mediastreams import MediaStreamError

from telemed.consultation import messages as m
from telemed.consultation.links import Links, Signalling
from telemed.consultation.peer import Peer, join
from telemed.gateway import publisher, run, station
from telemed.gateway.devices import device
from telemed.stations import pairing
from tests import logins, people
from tests.booking import CODES
from tests.live.conftest import Visit
from tests.peers import Page
from tests.people import CALLERS, GATEWAY, STATION

DEVICES = [device("dermatoscope", "test"), device("stethoscope", "test")]
LOUDNESS = 4096  # peak of the test tone: libavfilter's sine is an eighth of what 16 bits hold


class Doctor(Links):
    """What a doctor's page does with a gateway, without a browser."""

    def __init__(self, signalling: Signalling) -> None:
        super().__init__(signalling)
        self.samples: list[int] = []
        self.text: RTCDataChannel | None = None
        self.said: list[dict[str, Any]] = []
        self.file = b""

    def attach(self, pc: RTCPeerConnection) -> None:
        """A page sends a gateway neither sound nor picture. (aiortc wants its channels after the offer.)"""
        gateway = self._links.get("gateway")
        if gateway is not None and pc is gateway.pc:
            self.text = pc.createDataChannel("text", negotiated=True, id=1)
            self.text.on("message", lambda frame: self.said.append(json.loads(frame)))
            files = pc.createDataChannel("files", negotiated=True, id=3)
            files.on("message", self._piece)

    def _connection(self, seat: m.Seat) -> RTCPeerConnection:
        pc = super()._connection(seat)
        pc.remove_all_listeners("track")
        pc.on("track", lambda track: self._spawn(self._take(track)))
        return pc

    async def _take(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, av.AudioFrame):
                    self.samples += memoryview(bytes(frame.planes[0])).cast("h")[: 2 * frame.samples : 2]
                else:
                    self.received["gateway"].video += 1

    def _piece(self, piece: bytes) -> None:
        self.file += piece[4:]
        self.tell(type="have", id=int.from_bytes(piece[:4]), bytes=len(self.file))

    def loses(self, seat: m.Seat) -> None:
        """The network between the two is gone, and neither is told."""
        sctp = self._links[seat].pc.sctp
        assert sctp is not None
        for protocol in sctp.transport.transport._connection._protocols:
            protocol.transport.close()

    def tell(self, **message: object) -> None:
        assert self.text is not None
        self.text.send(json.dumps(message))


def strength(samples: list[int], hertz: float) -> float:
    """The peak of the wave of this frequency (Goertzel 1958)."""
    turn = 2 * math.cos(2 * math.pi * hertz / 48_000)
    one = two = 0.0
    for sample in samples:
        one, two = sample + turn * one - two, one
    return 2 * math.sqrt(one * one + two * two - turn * one * two) / len(samples)


async def until(true: Any, what: str, within: float = 40) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within, what
        await asyncio.sleep(0.05)


@asynccontextmanager
async def running(visit: Visit, folder: Path, said: list[str]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(run.run(visit.url, folder / "badge", DEVICES, said.append))
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def gateway_of(bob: Peer) -> m.RosterSeat:
    await bob.until(lambda: bool(bob.roster.get("gateway")), "a gateway", 30)
    return bob.roster["gateway"]


async def test_a_whole_visit(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paired by a code, let in by the doctor; 40 Hz within 3 dB, and a full still with the same checksum."""
    stills: list[bytes] = []
    take = publisher.still

    def still(frame: av.VideoFrame) -> bytes:
        stills.append(take(frame))
        return stills[-1]

    monkeypatch.setattr(publisher, "still", still)
    for module in (run, station):
        monkeypatch.setattr(module, "LOOK", 0.2)
    monkeypatch.setattr(ice, "CONSENT_INTERVAL", 0.3)  # a dead path is found out in 2 seconds, not in 30
    said: list[str] = []
    await people.pair(visit.db)
    async with (
        running(visit, tmp_path, said),
        join(visit.url, partial(visit.ticket, "screen"), media=False),
        join(visit.url, visit.source("bob"), links=Doctor) as bob,
    ):
        await until(lambda: said, "a code")
        await pairing.pair(visit.db, CODES, CALLERS["petra"], STATION, said[0].rpartition(" ")[2])
        await bob.admit("patient")
        await bob.until(lambda: "gateway" in bob.roster, "a gateway", 30)
        await bob.admit("gateway")
        doctor = bob.links
        assert isinstance(doctor, Doctor)
        news = await bob.told(m.TracksFrom, within=40)
        while len(news.tracks) < 2:  # the second device was a moment later
            bob.messages.remove(news)
            news = await bob.told(m.TracksFrom, within=40)
        mids = {track.label: track.mid for track in news.tracks}
        assert news.from_ == "gateway" and set(mids) == {"dermatoscope", "stethoscope"}
        await until(lambda: doctor.text is not None and doctor.text.readyState == "open", "a channel")

        assert (len(doctor.samples), doctor.received["gateway"].video) == (0, 0), "sent before it was wanted"
        doctor.tell(type="show", mids=list(mids.values()))
        await until(lambda: len(doctor.samples) > 2.5 * 48_000 and doctor.received["gateway"].video > 3, "both")
        heard = doctor.samples[24_000:][:96_000]
        off = 20 * math.log10(strength(heard, 40) / LOUDNESS)
        assert abs(off) < 3, f"{off:.2f} dB"
        assert strength(heard, 440) < strength(heard, 40) / 100

        doctor.tell(type="show", mids=[])
        doctor.tell(type="still", mid=mids["dermatoscope"])
        await until(lambda: doctor.said, "an offer")
        (offer,) = doctor.said
        doctor.tell(type="accept", id=offer["id"])
        await until(lambda: len(doctor.file) == offer["size"], "the picture")
        doctor.tell(type="done", id=offer["id"], ok=True)
        assert doctor.file == stills[0] and hashlib.sha256(doctor.file).hexdigest() == offer["sha256"]
        with av.open(io.BytesIO(doctor.file)) as picture:
            frame = next(picture.decode(video=0))
            assert (frame.width, frame.height) == (1920, 1080)

        doctor.loses("gateway")
        await until(lambda: "Out of the room: connection lost." in said, "nobody hears it any more")
        before = doctor.text
        await until(lambda: doctor.text not in (None, before) and doctor.text.readyState == "open", "it is back")
        assert len(doctor.samples) > 0
        doctor.tell(type="show", mids=list(mids.values()))
        video = doctor.received["gateway"].video
        await until(lambda: doctor.received["gateway"].video > video, "a picture again, and nobody had to let it in")

        count = len(doctor.samples)
        await bob.command(m.Hold(bob.id(), "patient"))
        await bob.until(lambda: "gateway" not in bob.roster, "nobody sits in front of it any more")
        await asyncio.sleep(0.5)
        assert len(doctor.samples) < count + 48_000, "it went on in an empty room"
        await pairing.unpair(visit.db, CALLERS["petra"], STATION, gateway=True)
        await until(lambda: said[-1].startswith("Enter this code"), "unpaired")


# A gateway that would like to do more than it may.

FINGERPRINT = f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}\r\n"
PICTURE = f"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n{FINGERPRINT}"  # of no direction: it goes both ways
SDP = f"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n{FINGERPRINT}a=%s\r\n"


async def ask(visit: Visit, **wish: str) -> tuple[int, dict[str, Any]]:
    """A ticket for the cast's gateway."""
    async with visit.session.post(
        f"{visit.url}/api/v1/appointments/{visit.appointment}/tickets", json=wish,
        headers={"Authorization": f"Bearer {logins.badge(GATEWAY)}"},
    ) as answer:  # fmt: skip
        return answer.status, await answer.json()


async def refused(page: Page, code: str, **message: object) -> None:
    await page.say(id=code, **message)
    err = await page.hear("err")
    assert (err["code"], err["fatal"], bool(err["sentence"])) == (code, False, True), err


@pytest.mark.rule("V-10")
async def test_a_gateways_ticket_is_not_for_listening(visit: Visit) -> None:
    await people.pair(visit.db)
    await people.pair(visit.db, GATEWAY)
    assert (await ask(visit))[0] == 404, "the patient has not come yet"
    async with (
        visit.seated("bob") as bob, visit.seated("alice", "her-own-telephone"), visit.page() as page,
        visit.page() as alice,
    ):  # fmt: skip
        for seat in ("patient", "assistant", "practitioner"):
            assert (await ask(visit, seat=seat))[0] == 403
        status, told = await ask(visit)
        assert (status, told["seat"]) == (201, "gateway")
        assert not (await page.hello(told["ticket"], "gateway-of-tests"))["admitted"]
        await bob.say(type="admit", id="1", seat="patient")
        await bob.say(type="admit", id="2", seat="gateway")
        assert (await page.hear("roster"))["seats"] == [], "she is at home: somebody else may sit at the station"
        await alice.hello(await visit.ticket("screen"), "the-screen-of-tests")
        roster = await page.hear("roster")
        assert [seat["seat"] for seat in roster["seats"]] == ["practitioner"]
        epoch = roster["seats"][0]["epoch"]
        assert roster["seats"][0]["polite"] is False, "it makes the offer"

        offer: dict[str, Any] = {"type": "desc", "to": "practitioner", "epoch": epoch, "kind": "offer"}
        for way in ("sendrecv", "recvonly", "x-unknown"):
            await refused(page, "publish_only", **offer, sdp=SDP % way)
        await refused(page, "publish_only", **offer, sdp=SDP % "sendonly" + PICTURE)
        await refused(page, "not_here", **offer | {"to": "patient"}, sdp=SDP % "sendonly")
        for message in (
            {"type": "admit", "seat": "patient"}, {"type": "kick", "seat": "patient"}, {"type": "end"},
            {"type": "lock", "locked": True}, {"type": "ask", "to": "patient", "what": "leave"},
            {"type": "sas", "epoch": epoch, "match": True},
        ):  # fmt: skip
            await refused(page, "forbidden", **message)
        await page.say(id="good", **offer, sdp=SDP % "sendonly")
        assert (await page.hear("ok"))["id"] == "good"
        assert (await bob.hear("desc"))["from"] == "gateway"
        answer: dict[str, Any] = {"type": "desc", "to": "gateway", "epoch": epoch, "kind": "answer"}
        await refused(bob, "publish_only", **answer, sdp=SDP % "sendrecv")
        await bob.say(id="answer", **answer, sdp=SDP % "recvonly")
        assert (await page.hear("desc"))["sdp"]
        await refused(alice, "not_here", **answer, sdp=SDP % "sendonly")
        assert all(seat["seat"] != "gateway" for one in alice.heard for seat in one.get("seats", []))

        await alice.say(type="bye")
        while (await bob.hear("roster"))["seats"]:
            pass
        assert (await page.hear("roster"))["seats"] == [], "the room in front of it is empty"
        await refused(page, "not_here", **offer, sdp=SDP % "sendonly")
