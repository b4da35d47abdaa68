"""`telemed probe` as it runs: whom it lets in, what it measures, the voice it plays back; and nothing stays of it."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiortc import RTCIceServer
from aiortc.mediastreams import MediaStreamTrack
from av import AudioFrame

from telemed import clock
from telemed.consultation.testcard import Picture, Received, Tone, count
from telemed.db import Database
from telemed.identity.tokens import Keys, TokenRefused
from telemed.precheck import keyset, tickets
from telemed.relay import credentials
from telemed.serving import serving
from telemed.settings import Settings
from tests import netem, prober
from tests.prober import Refused, connected
from tests.processes import Probe, free_port
from tests.turn import RELAYED_HERE, relay

SDP = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, port=free_port())


@pytest.fixture
async def pages(cast: Database, settings: Settings) -> AsyncIterator[str]:
    """The pages' server, which has the public keys."""
    async with serving(settings):
        yield settings.origin


@pytest.fixture
async def probe(pages: str, home: Path) -> AsyncIterator[Probe]:
    async with Probe(pages, home, TELEMED_PROBE_AT_ONCE="2") as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the probe lives; whatever it left behind would lie here."""
    made = tmp_path / "probe"
    made.mkdir()
    return made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


def ticket(keys: Keys, typ: str = tickets.TYP, audience: str = tickets.AUDIENCE, seconds: float = 60) -> str:
    return keys.sign(typ, audience, {}, timedelta(seconds=seconds))


def another_id(token: str) -> str:
    """Its payload changed, its signature not."""
    head, body, signature = token.split(".")
    claims = json.loads(urlsafe_b64decode(body + "==")) | {"jti": "another"}
    return ".".join((head, urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode(), signature))


async def test_strangers_are_refused(probe: Probe, keys: Keys, session: aiohttp.ClientSession) -> None:
    """RFC 8725: one algorithm, one typ, one audience; a ticket for a seat, or of somebody else's making, is none."""
    strangers = Keys("another secret, long enough to be taken")
    strangers.adopt("stranger")
    forged = Keys("another secret, long enough to be taken")
    forged.adopt(next(key.kid for key in keys.jwks().keys))
    for bad in (
        "", "x", "a.b.c", ticket(keys, seconds=-1), ticket(keys, typ="ticket+jwt"),
        ticket(keys, audience="telemed/room"), ticket(strangers), ticket(forged), another_id(ticket(keys)),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            await prober.offer(session, probe.url, ticket=bad, sdp=SDP)
        assert (refused.value.status, refused.value.code) == (401, "token_refused"), bad


async def test_what_is_no_offer_is_refused(probe: Probe, keys: Keys, session: aiohttp.ClientSession) -> None:
    audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
    for sdp in ("", "hello", SDP, SDP + audio, SDP + audio * 5, SDP + "m=x 9 y z\r\n", "\0" * 100, "v=0\r\n" * 6000):
        with pytest.raises(Refused) as refused:
            await prober.offer(session, probe.url, ticket=ticket(keys), sdp=sdp)
        assert refused.value.status == 400, sdp[:40]
    for body, status in (
        (b"{", 422), (b"[]", 422), (b'{"ticket": 1, "sdp": ""}', 422), (b'{"ticket": "", "sdp": "", "more": 1}', 422),
        (b"\xff", 422), (json.dumps({"ticket": "", "sdp": "x" * 40_000}).encode(), 422), (b"x" * 60_000, 413),
    ):  # fmt: skip
        async with session.post(f"{probe.url}/offers", data=body) as answer:
            assert answer.status == status, body[:40]
    async with session.get(f"{probe.url}/health") as answer:  # and it is none the worse for it
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_only_our_pages_may_ask(probe: Probe, pages: str, keys: Keys, session: aiohttp.ClientSession) -> None:
    url = f"{probe.url}/offers"
    async with session.post(
        url, json={"ticket": ticket(keys), "sdp": SDP}, headers={"Origin": "https://elsewhere.example"}
    ) as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, "forbidden")
    wish = {"Origin": pages, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    async with session.options(url, headers=wish) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == pages
        assert answer.headers["Access-Control-Allow-Headers"] == "content-type"


async def test_a_ticket_is_good_for_five_connections(probe: Probe, keys: Keys, session: aiohttp.ClientSession) -> None:
    token = ticket(keys)
    for _ in range(5):
        with pytest.raises(Refused) as refused:
            await prober.offer(session, probe.url, ticket=token, sdp=SDP)
        assert refused.value.status == 400
    with pytest.raises(Refused) as refused:
        await prober.offer(session, probe.url, ticket=token, sdp=SDP)
    assert (refused.value.status, refused.value.code) == (429, "too_many")


async def test_a_probe_that_is_busy_says_so(probe: Probe, keys: Keys) -> None:
    """Two checks at once are let in here, over as many paths as they have; the third waits until one is gone."""
    first, second, third = (ticket(keys) for _ in range(3))
    async with connected(probe.url, second):
        async with connected(probe.url, first), connected(probe.url, first):
            with pytest.raises(Refused) as refused:
                async with connected(probe.url, third):
                    pass
            assert (refused.value.status, refused.value.code) == (503, "busy")
            assert refused.value.headers["Retry-After"]
        async with asyncio.timeout(5):
            while True:
                try:
                    async with connected(probe.url, third):
                        break
                except Refused:
                    await asyncio.sleep(0.1)


async def test_it_learns_of_new_keys(
    pages: str, cast: Database, keys: Keys, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The main server made another key meanwhile; who names a key that nobody has makes it look only now and then."""
    monkeypatch.setattr(keyset, "_PAUSE", 0.3)
    known = keyset.KeySet(session, f"{pages}/.well-known/jwks.json")
    await known.verify(ticket(keys))
    await keys.rotate(cast, after=timedelta())
    with pytest.raises(TokenRefused):
        await known.verify(ticket(keys))
    async with asyncio.timeout(5):
        while True:
            with suppress(TokenRefused):
                await known.verify(ticket(keys))
                break
            await asyncio.sleep(0.05)


async def test_without_the_keys_nobody_is_let_in(keys: Keys, tmp_path: Path, session: aiohttp.ClientSession) -> None:
    async with Probe(f"http://localhost:{free_port()}", tmp_path) as lonely:
        with pytest.raises(Refused) as refused:
            await prober.offer(session, lonely.url, ticket=ticket(keys), sdp=SDP)
        assert (refused.value.status, refused.value.code) == (503, "unavailable")


async def test_a_line_without_faults(probe: Probe, keys: Keys) -> None:
    for _ in range(4):  # the line is without faults; a machine that is busy is not
        async with connected(probe.url, ticket(keys)) as page:
            found = await page.measure()
        if min(found[way]["kbit"] for way in ("up", "down")) > 780:
            break
    assert found["rtt"] < 60
    for way in ("up", "down"):
        assert found[way]["kbit"] > 780 and found[way]["loss"] < 0.04, found


@pytest.mark.parametrize(("kbit", "loss", "least", "most"), [(300, 0.0, 150, 330), (2_000, 0.1, 120, 1_300)])
async def test_through_the_relay_on_a_bad_line(
    probe: Probe, keys: Keys, tmp_path: Path, kbit: float, loss: float, least: float, most: float
) -> None:
    """A client that is no browser, by what wire.py says."""
    async with (
        relay(tmp_path, "127.0.0.1", *RELAYED_HERE) as turn,
        netem.udp((turn.host, turn.port), seed=4) as line,
    ):
        name, password = credentials(turn.secret, "check", timedelta(minutes=1))
        server = RTCIceServer(f"turn:127.0.0.1:{line.port}?transport=udp", name, password)
        line.shape(delay=0.02, kbit=kbit, loss=loss)
        for _ in range(4):  # a machine that is busy measures less than the line carries
            async with connected(probe.url, ticket(keys), servers=[server], relayed=True) as page:
                found = await page.measure()
            if min(found[way]["kbit"] for way in ("up", "down")) >= least:
                break
        assert line.up.passed > 50, "it really went through the relay"
    assert 40 <= found["rtt"] < 150
    for way in ("up", "down"):
        assert least <= found[way]["kbit"] <= most, found
    # Of some 70 packets each way; the verdict goes by the worse one.
    worse = max(found["up"]["loss"], found["down"]["loss"])
    assert 0.02 < worse < 0.25 if loss else worse == 0, found


async def test_what_arrives_is_counted(probe: Probe, keys: Keys) -> None:
    async with connected(probe.url, ticket(keys), Tone(), Picture()) as page:
        async with asyncio.timeout(10):
            while True:
                page.say(type="count")
                found = await page.hear("counted")
                if found["audio"] > 50 and found["video"] > 5:
                    return
                await asyncio.sleep(0.1)


class Silence(Tone):
    """A microphone that nobody speaks into."""

    async def recv(self) -> Any:
        frame = await super().recv()
        assert isinstance(frame, AudioFrame)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        return frame


def remembered(pid: int) -> tuple[int, list[str]]:
    """Bytes that the process has caused to be written to storage, and the files that it holds open."""
    proc = Path(f"/proc/{pid}")
    written = next(line for line in (proc / "io").read_text().splitlines() if line.startswith("write_bytes"))
    links = [str(fd.readlink()) for fd in (proc / "fd").iterdir()]
    ours = ("socket:", "pipe:", "anon_inode:", "/dev/")
    return int(written.split()[1]), [link for link in links if not link.startswith(ours)]


@pytest.mark.rule("V-03")
async def test_three_seconds_of_voice_come_back_and_nothing_stays(probe: Probe, keys: Keys, home: Path) -> None:
    """Two at once, and each hears itself alone."""
    before = remembered(probe.pid)
    await asyncio.gather(hears_itself(probe, keys, Tone), hears_itself(probe, keys, Silence))
    assert remembered(probe.pid) == before, "no file was opened, and nothing was written"
    assert list(home.rglob("*")) == []


async def hears_itself(probe: Probe, keys: Keys, voice: type[MediaStreamTrack]) -> None:
    heard = Received()
    async with connected(probe.url, ticket(keys), voice(), voice=True) as page:
        listening = asyncio.create_task(count(page.pc.getReceivers()[0].track, heard))
        await asyncio.sleep(1)
        assert heard.audio == 0, "nothing is echoed before it is asked for"
        page.say(type="speak")
        told = await page.hear("voice")
        assert (told["state"], told["loud"]) == ("listen", voice is Tone)
        assert (await page.hear("voice"))["state"] == "played"
        await asyncio.sleep(0.5)
        assert 130 <= heard.audio <= 160, "three seconds of it"
        assert (heard.loud > 120) == (voice is Tone)
        page.say(type="speak")
        await asyncio.sleep(1)
        assert heard.audio <= 160, "once"
        listening.cancel()


async def test_it_stops_in_the_middle(pages: str, keys: Keys, tmp_path: Path) -> None:
    async with Probe(pages, tmp_path) as probe, connected(probe.url, ticket(keys)) as page:
        measuring = asyncio.create_task(page.measure())
        await asyncio.sleep(0.5)
        async with asyncio.timeout(5):
            assert await probe.stop() == 0
        measuring.cancel()


async def test_a_ticket_runs_out(probe: Probe, keys: Keys, session: aiohttp.ClientSession) -> None:
    token = tickets.mint(keys, Settings(probe_url=probe.url), "203.0.113.7").ticket
    with pytest.raises(Refused, match="400"):
        await prober.offer(session, probe.url, ticket=token, sdp=SDP)
    with clock.shifted(timedelta(seconds=-61)):
        old = tickets.mint(keys, Settings(probe_url=probe.url), "203.0.113.7").ticket
    with pytest.raises(Refused, match="401"):
        await prober.offer(session, probe.url, ticket=old, sdp=SDP)
