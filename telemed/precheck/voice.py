"""What arrives of sound and picture: counted and thrown away, but for three seconds of voice that are played back.

Those three seconds are a dozen kilobytes of Opus in this process's memory, gone when they have been played (V-03).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, AudioResampler, CodecContext
from av.audio.codeccontext import AudioCodecContext
from av.frame import Frame
from av.packet import Packet

SECONDS: Final = 3
RATE, SAMPLES = 48_000, 960  # 20 ms
_KEPT: Final = SECONDS * RATE // SAMPLES
_LOUD: Final = 300  # root mean square of 16-bit samples: softer than a whisper into a telephone
_SPOKEN: Final = 10  # loud frames that make a voice


class Echo(MediaStreamTrack):
    """Plays what was kept of a voice, once; silent before.

    Encoded here at 24 kbit/s, since aiortc's own encoder knows only 96, which a weak line would tear to pieces.
    """

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        encoder = CodecContext.create("libopus", "w")
        assert isinstance(encoder, AudioCodecContext)  # noqa: S101
        encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "s16"
        encoder.bit_rate, encoder.time_base = 24_000, Fraction(1, RATE)
        encoder.options = {"application": "voip"}
        self._encoder = encoder
        self._mono = AudioResampler("s16", "mono", RATE, SAMPLES)
        self._kept: list[Packet[Any]] = []
        self._listening = False
        self._loud = 0
        self.full, self._play, self.played = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._number, self._started = 0, 0.0

    def listen(self) -> None:
        self._listening = True

    @property
    def loud(self) -> bool:
        return self._loud >= _SPOKEN

    def hear(self, frame: AudioFrame) -> None:
        """Keeps it, if it is asked to and not full yet."""
        if not self._listening:
            return
        for part in self._mono.resample(frame):
            self._loud += loudness(part) > _LOUD
            self._kept += self._encoder.encode(part)
        if len(self._kept) >= _KEPT:
            self._listening = False
            self.full.set()

    def play(self) -> None:
        self._listening = False
        self._play.set()

    async def recv(self) -> Frame | Packet[Any]:
        """The next 20 ms, when it is time."""
        await self._play.wait()
        now = asyncio.get_running_loop().time()
        if self._number == 0:
            self._started = now
        if not self._kept:
            self.played.set()
            raise MediaStreamError
        packet = self._kept.pop(0)
        packet.pts, packet.time_base = self._number * SAMPLES, Fraction(1, RATE)
        self._number += 1
        await asyncio.sleep(max(0.0, self._started + self._number * SAMPLES / RATE - now))
        return packet


@dataclass
class Received:
    """20 ms of sound each, and decoded pictures."""

    audio: int = 0
    video: int = 0


async def take(track: MediaStreamTrack, received: Received, echo: Echo | None) -> None:
    """Takes every frame until the track ends: aiortc keeps what nobody takes, 14 MiB a second."""
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        if isinstance(frame, AudioFrame):
            received.audio += 1
            if echo is not None:
                echo.hear(frame)
        else:
            received.video += 1


def loudness(frame: AudioFrame) -> float:
    """Root mean square, of every eighth sample."""
    samples = memoryview(bytes(frame.planes[0])).cast("h")[: frame.samples : 8]
    return float((sum(sample * sample for sample in samples) / max(1, len(samples))) ** 0.5)
