"""The pictures of a camera: small and moving for aiming, still and in full size for looking."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from aiortc import MediaStreamTrack
from av import CodecContext, VideoCodecContext, VideoFrame

FPS: Final = 10
WIDTH: Final = 640  # at most; who wants to see more takes a still picture
CLOCK: Final = 90_000
_FINEST: Final = 2  # of MPEG's quantizers, 2 to 31
_converting: Final = threading.Lock()  # a frame keeps its converter, and two threads in it crash the process


class Live(MediaStreamTrack):
    """The moving picture for one viewer. `latest` gives the camera's last frame, None while it is not there."""

    kind = "video"

    def __init__(self, latest: Callable[[], VideoFrame | None]) -> None:
        super().__init__()
        self.wanted = False
        self._latest = latest
        self._shown: VideoFrame | None = None
        self._next = 0.0

    async def recv(self) -> VideoFrame:
        """The next frame."""
        while True:
            await asyncio.sleep(max(0.005, self._next - time.monotonic()))
            self._next = time.monotonic() + 1 / FPS
            frame = self._latest() if self.wanted else None
            if frame is not None and frame is not self._shown:
                self._shown = frame
                return await asyncio.to_thread(_small, frame)


def _small(frame: VideoFrame) -> VideoFrame:
    width = min(WIDTH, frame.width) // 2 * 2
    with _converting:
        small = frame.reformat(width, frame.height * width // frame.width // 2 * 2, "yuv420p")
    small.pts, small.time_base = int(time.monotonic() * CLOCK), Fraction(1, CLOCK)
    return small


def still(frame: VideoFrame) -> bytes:
    """A JPEG of every pixel."""
    codec = CodecContext.create("mjpeg", "w")
    assert isinstance(codec, VideoCodecContext)  # noqa: S101
    codec.width, codec.height, codec.pix_fmt = frame.width, frame.height, "yuvj444p"
    codec.time_base, codec.qmin, codec.qmax = Fraction(1, FPS), _FINEST, _FINEST
    with _converting:
        picture = frame.reformat(format="yuvj444p")
    picture.pts, picture.time_base = 0, codec.time_base
    return b"".join(bytes(packet) for packet in [*codec.encode(picture), *codec.encode(None)])
