"""The gateway's connection to the doctor: its devices as sections that only send, and two channels (PROTOCOL.md)."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from aiortc import RTCDataChannel, RTCPeerConnection, RTCRtpTransceiver

from telemed.consultation import messages as m
from telemed.consultation.links import Links, Signalling
from telemed.gateway import wire
from telemed.gateway.devices import Device
from telemed.gateway.pictures import Live, still
from telemed.gateway.sending import Sender
from telemed.gateway.sounds import Heard
from telemed.gateway.sources import Camera, Source, source
from telemed.wording import HERE

_TEXT: Final = 1  # the numbers of the channels
_FILES: Final = 3


class Publisher(Links):
    """Devices are open while a doctor is connected, and send while the doctor wants to see or hear them."""

    def __init__(self, signalling: Signalling, devices: list[Device]) -> None:
        super().__init__(signalling)
        self._sources = [source(device, self._announce) for device in devices]
        self._sections: list[tuple[RTCRtpTransceiver, Source]] = []
        self._told: list[m.Track] | None = None

    @property
    def broken(self) -> bool:
        """Whether a connection has died. aiortc cannot restart ICE, so everything is built anew."""
        return any(link.pc.connectionState in ("failed", "closed") for link in self._links.values())

    async def see(self, seats: tuple[m.RosterSeat, ...]) -> None:
        await super().see(seats)
        for one in self._sources:
            if self._links:
                one.start()
            else:
                one.stop()

    def attach(self, pc: RTCPeerConnection) -> None:
        self._told = None
        self._sections = [
            (pc.addTransceiver(one.track(), direction="sendonly"), one)
            for one in sorted(self._sources, key=lambda one: one.device.kind)
        ]
        text = pc.createDataChannel("text", negotiated=True, id=_TEXT)
        files = pc.createDataChannel("files", negotiated=True, id=_FILES)
        sender = Sender(lambda offer: _send(text, wire.encode(offer)), lambda piece: _send(files, piece),
                        lambda: files.bufferedAmount)  # fmt: skip
        text.on("message", lambda frame: self._hear(frame, sender))
        text.on("close", sender.stop)
        text.on("open", self._announce)

    def _announce(self) -> None:
        """Which device stands in which section, as far as it is there."""
        there = [(section.mid, one.device.label) for section, one in self._sections if one.works]
        tracks = [m.Track(mid, label) for mid, label in there if mid]
        if tracks != self._told:
            self._told = tracks
            self._spawn(self._signalling.send(m.Tracks(self._signalling.id(), tracks)))

    def _hear(self, frame: str | bytes, sender: Sender) -> None:
        match wire.decode(frame):
            case wire.Show(mids=mids):
                for section, _ in self._sections:
                    track = section.sender.track
                    if isinstance(track, Live | Heard):
                        track.wanted = section.mid in mids
            case wire.Still(mid=mid):
                camera = next((one for section, one in self._sections if section.mid == mid), None)
                if isinstance(camera, Camera):
                    self._spawn(self._still(camera, sender))
            case wire.Accept() | wire.Refuse() | wire.Have() | wire.Done() as message:
                sender.hear(message)

    async def _still(self, camera: Camera, sender: Sender) -> None:
        frame = camera.latest
        if frame is not None and not sender.busy:
            taken = datetime.now(HERE)
            picture = await asyncio.to_thread(still, frame)
            await sender.send(f"{camera.device.label}-{taken:%Y%m%d-%H%M%S}.jpg", picture)


def _send(channel: RTCDataChannel, data: str | bytes) -> None:
    """Nothing once the channel is closed: the page that wanted it has gone."""
    if channel.readyState == "open":
        channel.send(data)
