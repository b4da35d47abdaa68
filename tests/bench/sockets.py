"""Thousands of sockets: how long a message takes, what one costs while nothing happens, and all of them coming back."""

from __future__ import annotations

import asyncio
import resource
import secrets
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from telemed import pg
from telemed.settings import Settings
from tests.bench import world
from tests.bench.calls import CANDIDATE
from tests.bench.floors import floor, pids
from tests.bench.raw import Raw, connect
from tests.bench.relay import tickets
from tests.bench.report import Figure, percentile
from tests.brokers import brokers
from tests.processes import Server, serving

SOCKET = "/api/v1/socket"
IDLE, STORM, TALKING, TIMES = 9_000, 4_000, 20, 100
AT_ONCE = 64


class Seat:
    """A page: says hello, keeps its token and the greatest number, counts what it is told."""

    def __init__(self, port: int, ticket: str) -> None:
        self.port, self.ticket = port, ticket
        self.instance, self.token, self.seq, self.epoch = secrets.token_urlsafe(12), "", 0, 0
        self.heard: dict[str, list[int]] = {}
        self.latencies: list[float] = []
        self.sent_at = 0.0
        self.partner: Seat | None = None
        self.raw: Raw | None = None
        self.entered = asyncio.Event()
        self.met = asyncio.Event()
        self.got = asyncio.Event()

    async def enter(self) -> Seat:
        self.entered.clear()
        self.raw = await connect(self.port, SOCKET, self._told)
        await asyncio.wait_for(self.entered.wait(), 60)
        return self

    def _told(self, raw: Raw, message: dict[str, Any]) -> None:
        kind = message["type"]
        assert kind != "err", message
        self.seq = max(self.seq, message.get("seq", 0))
        self.heard.setdefault(kind, []).append(message.get("seq", 0))
        if kind == "welcome" and self.token:
            raw.send(type="resume", token=self.token, seq=self.seq, instance=self.instance)
        elif kind == "welcome":
            raw.send(type="hello", ticket=self.ticket, instance=self.instance, versions=[1])
        elif kind == "token":
            self.token = message["token"]
            self.entered.set()
        elif kind == "roster":
            for seat in message["seats"]:
                if seat["admitted"]:
                    self.epoch = seat["epoch"]
                    self.met.set()
        elif kind == "cand" and self.partner is not None:
            self.latencies.append(time.perf_counter() - self.partner.sent_at)
            self.got.set()

    def say(self, **message: object) -> None:
        assert self.raw is not None
        self.raw.send(id=secrets.token_hex(4), **message)


async def each(seats: list[Seat]) -> None:
    """Enters, a few at a time."""
    todo = iter(seats)

    async def some() -> None:
        for seat in todo:
            await seat.enter()

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def rooms(
    urls: pg.Urls, settings: Settings, nodes: list[Server], count: int, *, admitted: bool = True
) -> list[tuple[Seat, Seat]]:
    """So many calls, patient let in; the two of a call on different nodes, if there are two."""
    made = []
    for pair in await tickets(urls, settings, count):
        patient, doctor = Seat(nodes[0].port, pair["patient"]), Seat(nodes[-1].port, pair["practitioner"])
        patient.partner, doctor.partner = doctor, patient
        made.append((patient, doctor))
    await each([seat for pair in made for seat in pair])
    todo = iter(made if admitted else [])

    async def let_in() -> None:  # a doctor's hand each; a thousand at once is not what is measured here
        for patient, doctor in todo:
            doctor.say(type="admit", seat="patient")
            await asyncio.wait_for(asyncio.gather(patient.met.wait(), doctor.met.wait()), 60)

    await asyncio.gather(*(let_in() for _ in range(8)))
    return made


async def run(urls: pg.Urls, settings: Settings) -> list[Figure]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    await world.build(urls, 2, hours=(0, 24))
    settings = msgspec.structs.replace(settings, sockets_per_address=100_000)
    many = {"TELEMED_SOCKETS_PER_ADDRESS": "100000"}
    figures = []
    async with serving(settings, **many) as server:
        figures.append(await relayed(urls, settings, [server], "on one node", 10))
    async with AsyncExitStack() as stack:
        (broker,) = await stack.enter_async_context(brokers())
        nodes = [
            await stack.enter_async_context(serving(settings, TELEMED_NATS_URL=broker.url, **many)) for _ in range(2)
        ]  # fmt: skip
        figures.append(await relayed(urls, settings, nodes, "from node to node", 25))
    async with serving(settings, **many) as server:
        figures.append(await storm(urls, settings, server))
    async with serving(settings, **many) as server, floor(urls.app) as floor_url:
        figures.append(await idle(urls, settings, server, floor_url))
    return figures


async def relayed(urls: pg.Urls, settings: Settings, nodes: list[Server], where: str, aim: int) -> Figure:
    """Milliseconds from one page to the other."""
    calls = await rooms(urls, settings, nodes, TALKING)

    async def talk(patient: Seat, doctor: Seat) -> None:
        candidates = [{"candidate": CANDIDATE, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "abcd"}] * 2
        for _ in range(TIMES):
            doctor.got.clear()
            patient.sent_at = time.perf_counter()
            patient.say(type="cand", to="practitioner", epoch=patient.epoch, candidates=candidates)
            await asyncio.wait_for(doctor.got.wait(), 10)
            await asyncio.sleep(0.1)

    await asyncio.gather(*(talk(*call) for call in calls))
    took = [seconds * 1000 for _, doctor in calls for seconds in doctor.latencies]
    assert len(took) == TALKING * TIMES
    p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
    what = f"a message relayed {where}, {TALKING} calls at 10 a second: p50, p99"
    return Figure(what, f"{p50:.1f}, {p99:.1f} ms", "", None, f"p99 ≤ {aim} ms", p99 <= aim)


async def storm(urls: pg.Urls, settings: Settings, server: Server) -> Figure:
    """Every line is cut at once; the doctors mute themselves on coming back, and every patient must hear it once."""
    calls = await rooms(urls, settings, [server], STORM // 2)
    seats = [seat for call in calls for seat in call]
    for seat in seats:
        assert seat.raw is not None
        seat.raw.cut()
        seat.heard.clear()
    began = time.perf_counter()
    await each(seats)
    took = time.perf_counter() - began
    for _, doctor in calls:
        doctor.say(type="mode", mic=False, cam=True)
    async with asyncio.timeout(60):
        while not all("mode" in patient.heard for patient, _ in calls):
            await asyncio.sleep(0.1)
    assert all(len(patient.heard["mode"]) == 1 for patient, _ in calls), "doubled"
    assert all(seat.heard["resumed"] and "joined" not in seat.heard for seat in seats), "somebody had to begin anew"
    what = f"{STORM} seats lose their line at once and resume by token"
    return Figure(what, f"{took:.1f} s", "", None, "≤ 5 s", took <= 5)


async def idle(urls: pg.Urls, settings: Settings, server: Server, floor_url: str) -> Figure:
    """KiB of the server's memory for each socket that is joined and quiet."""
    before = _memory(server.pid)
    calls = await rooms(urls, settings, [server], IDLE // 2, admitted=False)
    await asyncio.sleep(2)
    ours = (_memory(server.pid) - before) / IDLE
    pid, port = pids[floor_url], urlsplit(floor_url).port or 0
    before = _memory(pid)
    bare = [await connect(port, f"/relay/{number // 2}", lambda _raw, _message: None) for number in range(IDLE)]
    await asyncio.sleep(2)
    least = (_memory(pid) - before) / IDLE
    for seat in (seat for call in calls for seat in call):
        assert seat.raw is not None
        seat.raw.cut()
    for raw in bare:
        raw.cut()
    what = f"{IDLE} joined sockets that say nothing, memory of each"
    return Figure(what, f"{ours:.1f} KiB", f"{least:.1f} KiB", ours / least, "≤ 30 KiB", ours <= 30)


def _memory(pid: int) -> int:
    """Resident KiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])
