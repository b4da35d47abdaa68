"""A test picture and a tone for peers that are not people, and a sink that counts what arrives."""

from __future__ import annotations

import asyncio
import math
from array import array
from dataclasses import dataclass
from fractions import Fraction

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame
from av.frame import Frame

WIDTH, HEIGHT, FPS = 320, 240, 15
TONE = 440.0  # Hz
SAMPLE_RATE, SAMPLES = 48_000, 960  # 20 ms
LOUD = 500  # root mean square of 16-bit samples above which a frame is not silence; the tone's is 5,800


class Picture(MediaStreamTrack):
    """A bright bar that walks across a grey ground."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._pace = _Pace(1 / FPS)

    async def recv(self) -> Frame:
        """The next frame, when it is time."""
        number = await self._pace.next()
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        at = number * 4 % (WIDTH - 32)
        row = bytearray(b"\x50" * frame.planes[0].line_size)
        row[at : at + 32] = b"\xd0" * 32
        frame.planes[0].update(bytes(row) * HEIGHT)
        for plane in frame.planes[1:]:
            plane.update(b"\x80" * plane.buffer_size)
        frame.pts, frame.time_base = number * 90_000 // FPS, Fraction(1, 90_000)
        return frame


class Tone(MediaStreamTrack):
    """A steady 440 Hz."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._pace = _Pace(SAMPLES / SAMPLE_RATE)
        # 20 ms are no whole number of waves; 100 ms are 44.
        wave = array("h", (int(8200 * math.sin(2 * math.pi * TONE * n / SAMPLE_RATE)) for n in range(5 * SAMPLES)))
        self._parts = [wave[n * SAMPLES : (n + 1) * SAMPLES].tobytes() for n in range(5)]

    async def recv(self) -> Frame:
        """The next 20 ms, when it is time."""
        number = await self._pace.next()
        frame = AudioFrame(format="s16", layout="mono", samples=SAMPLES)
        frame.planes[0].update(self._parts[number % 5])
        frame.pts, frame.sample_rate, frame.time_base = number * SAMPLES, SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
        return frame


class _Pace:
    def __init__(self, every: float) -> None:
        self._every, self._start, self._number = every, 0.0, -1

    async def next(self) -> int:
        now = asyncio.get_running_loop().time()
        if self._number < 0:
            self._start = now
        self._number += 1
        await asyncio.sleep(max(0.0, self._start + self._number * self._every - now))
        return self._number


@dataclass
class Received:
    """What came from one other seat: decoded video frames, 20 ms audio frames, and how many of those had sound."""

    video: int = 0
    audio: int = 0
    loud: int = 0


async def count(track: MediaStreamTrack, received: Received) -> None:
    """Takes every frame until the track ends: aiortc keeps what nobody takes, 14 MiB a second."""
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        if isinstance(frame, AudioFrame):
            received.audio += 1
            received.loud += _loudness(frame) > LOUD
        else:
            received.video += 1


def _loudness(frame: AudioFrame) -> float:
    samples = memoryview(bytes(frame.planes[0])).cast("h")[: frame.samples * len(frame.layout.channels)]
    return math.sqrt(sum(sample * sample for sample in samples) / max(1, len(samples)))
