"""The sound of a stethoscope: encoded as it is. aiortc's own Opus is for voices, and takes away what hearts sound like.

libopus in its application VOIP cuts everything below some 60 Hz; in AUDIO it only takes out what does not swing at all
(RFC 6716; opus_encoder.c: `hp_cutoff`, `dc_reject` at 3 Hz). Packets that a track hands over encoded, aiortc sends.
"""

from __future__ import annotations

import asyncio
import threading
from fractions import Fraction
from typing import Final

from aiortc import MediaStreamTrack
from av import AudioCodecContext, AudioFrame, AudioResampler, CodecContext
from av.audio import AudioStream
from av.packet import Packet

RATE: Final = 48_000
FRAME: Final = 960  # samples: 20 ms
BITRATE: Final = 96_000
MOST: Final = 25  # packets that wait; half a second


class Opus:
    """One voice, full band, no filter."""

    def __init__(self) -> None:
        codec = CodecContext.create("libopus", "w")
        assert isinstance(codec, AudioCodecContext)  # noqa: S101
        codec.sample_rate, codec.time_base, codec.bit_rate = RATE, Fraction(1, RATE), BITRATE
        codec.format, codec.layout = "s16", "mono"
        codec.options = {"application": "audio"}
        self._codec = codec
        self._resampler = AudioResampler("s16", "mono", RATE, FRAME)
        self._samples = 0
        self._turn = threading.Lock()  # a device that was opened anew has a new thread; the old one may be in here

    def encode(self, frame: AudioFrame, *, wanted: bool) -> list[Packet[AudioStream]]:
        """The packets that are full now. Unwanted sound passes by, and time with it."""
        packets: list[Packet[AudioStream]] = []
        with self._turn:
            for part in self._resampler.resample(frame):
                part.pts, part.time_base = self._samples, Fraction(1, RATE)
                self._samples += part.samples
                if wanted:
                    packets += self._codec.encode(part)
        return packets


class Heard(MediaStreamTrack):
    """What goes to one listener."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.wanted = False
        self._packets: asyncio.Queue[Packet[AudioStream]] = asyncio.Queue()

    def put(self, packets: list[Packet[AudioStream]]) -> None:
        for packet in packets:
            self._packets.put_nowait(packet)
        while self._packets.qsize() > MOST:
            self._packets.get_nowait()

    async def recv(self) -> Packet[AudioStream]:
        """The next 20 ms."""
        return await self._packets.get()
