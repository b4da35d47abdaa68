"""A peer's media: at most one aiortc connection per other seat, kept while that seat's page is the same."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from typing import NamedTuple, Protocol

from aiortc import MediaStreamTrack, RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy, RTCIceTransportPolicy
from aiortc.sdp import candidate_from_sdp

from telemed.consultation import messages as m
from telemed.consultation.testcard import Picture, Received, Tone, count


class Signalling(Protocol):
    async def send(self, message: m.ClientMessage) -> None: ...
    def id(self) -> str: ...


class Link(NamedTuple):
    """The connection to one other seat, and the page it was made for."""

    pc: RTCPeerConnection
    instance: str


class Links:
    """What PROTOCOL.md calls *connecting two pages*, for a client whose WebRTC knows no rollback."""

    def __init__(self, signalling: Signalling, *, media: bool = True) -> None:
        self._signalling, self._media = signalling, media
        self._links: dict[m.Seat, Link] = {}
        self._awaited: set[m.Seat] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: list[asyncio.Task[None]] = []
        self.ice = m.IceConfig()
        self.roster: dict[m.Seat, m.RosterSeat] = {}
        self.received: defaultdict[m.Seat, Received] = defaultdict(Received)

    @property
    def connected(self) -> bool:
        """Whether every link there is works."""
        return all(link.pc.connectionState == "connected" for link in self._links.values())

    async def rejoin(self, seats: tuple[m.RosterSeat, ...]) -> None:
        """Joined again: a seat that is missing is perhaps only not back yet. Its link lives as long as its media."""
        self._awaited = set(self._links)
        await self.see(seats)

    async def see(self, seats: tuple[m.RosterSeat, ...]) -> None:
        """Closes and makes links so that they fit the roster."""
        self.roster = {seat.seat: seat for seat in seats}
        self._awaited -= set(self.roster)
        for seat, link in list(self._links.items()):
            known = self.roster.get(seat)
            if seat in self._awaited and link.pc.connectionState == "connected":
                continue
            if known is None or not known.admitted or known.instance != link.instance:
                del self._links[seat]
                # Never broken off halfway: aiortc's decoder threads would stay and keep the process alive.
                self._closing.append(asyncio.create_task(link.pc.close()))
                await asyncio.shield(self._closing[-1])
        for known in seats:
            if known.admitted and self._media and known.seat not in self._links:
                self._links[known.seat] = Link(self._connection(known.seat), known.instance)
                if not known.polite:
                    self._spawn(self._offer(known))

    def _connection(self, seat: m.Seat) -> RTCPeerConnection:
        # Without servers of ours none at all: aiortc's own default is a third party's (V-05).
        servers = [RTCIceServer(list(s.urls), s.username, s.credential) for s in self.ice.servers]
        pc = RTCPeerConnection(
            RTCConfiguration(servers, RTCIceTransportPolicy(self.ice.policy), RTCBundlePolicy.MAX_BUNDLE)
        )
        received = self.received[seat] = Received()

        @pc.on("track")
        def counted(track: MediaStreamTrack) -> None:
            self._spawn(count(track, received))

        return pc

    async def _offer(self, known: m.RosterSeat) -> None:
        pc = self._links[known.seat].pc
        self.attach(pc)
        await pc.setLocalDescription(await pc.createOffer())
        await self._send(known.seat, pc, "offer")

    async def describe(self, message: m.DescFrom) -> None:
        """Takes an offer and answers it, or takes an answer. Another epoch's is ignored."""
        known, link = self.roster.get(message.from_), self._links.get(message.from_)
        if known is None or link is None or message.epoch != known.epoch:
            return
        pc = link.pc
        if message.kind == "offer" and pc.signalingState != "stable" and not known.polite:
            return  # both offered; the other one is polite and rolls back
        await pc.setRemoteDescription(RTCSessionDescription(message.sdp, message.kind))
        if message.kind == "offer":
            self.attach(pc)
            await pc.setLocalDescription(await pc.createAnswer())
            await self._send(message.from_, pc, "answer")

    async def attempt(self, message: m.CandFrom) -> None:
        """Takes candidates; mDNS names are left out, since only browsers of one network can read them."""
        known, link = self.roster.get(message.from_), self._links.get(message.from_)
        if known is None or link is None or message.epoch != known.epoch:
            return
        for candidate in message.candidates:
            if candidate.candidate and ".local" not in candidate.candidate:
                parsed = candidate_from_sdp(candidate.candidate.removeprefix("candidate:"))
                parsed.sdpMid, parsed.sdpMLineIndex = candidate.sdp_mid, candidate.sdp_m_line_index
                await link.pc.addIceCandidate(parsed)

    async def _send(self, seat: m.Seat, pc: RTCPeerConnection, kind: m.Kind) -> None:
        # The epoch of now: gathering took a while, and the roster may have moved on.
        known = self.roster.get(seat)
        if known is not None:
            sdp = pc.localDescription.sdp
            await self._signalling.send(m.Desc(self._signalling.id(), seat, known.epoch, kind, sdp))

    def attach(self, pc: RTCPeerConnection) -> None:
        """Puts what is sent into a connection, audio first, once: here a test picture and a tone."""
        if not any(sender.track for sender in pc.getSenders()):
            pc.addTrack(Tone())
            pc.addTrack(Picture())

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drop(self) -> None:
        """Closes every link."""
        self._awaited.clear()
        await self.see(())

    async def close(self) -> None:
        """Closes every link and waits for its tasks."""
        await self.drop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._closing, return_exceptions=True)
