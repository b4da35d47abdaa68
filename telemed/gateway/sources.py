"""A camera or a stethoscope, read in a thread of its own: what FFmpeg reads, it waits for."""

from __future__ import annotations

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import av
from av import AudioFrame, VideoFrame

from telemed.gateway.devices import Device
from telemed.gateway.pictures import Live
from telemed.gateway.sounds import Heard, Opus

AGAIN: Final = 2.0  # seconds before a device that is not there is looked for again


class Source(ABC):
    """One device. `works` says whether it is there; `changed` is called, in the loop, when that changes."""

    def __init__(self, device: Device, changed: Callable[[], None]) -> None:
        self.device = device
        self.works = False
        self._changed = changed
        self._over: threading.Event | None = None
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Opens the device; nothing happens if it is open."""
        if self._over is None:
            self._over = threading.Event()
            # As a daemon: a device that says nothing any more holds its thread for good.
            threading.Thread(target=self._run, args=(self._over,), name=self.device.label, daemon=True).start()

    def stop(self) -> None:
        if self._over is not None:
            self._over.set()
        self._over, self.works = None, False

    @abstractmethod
    def track(self) -> Live | Heard:
        """For one connection; it is silent until it is switched on."""

    @abstractmethod
    def _take(self, frame: VideoFrame | AudioFrame) -> None:
        """In the thread."""

    def _run(self, over: threading.Event) -> None:
        while not over.is_set():
            with suppress(av.FFmpegError, OSError):
                self._read(over)
            self._tell(over, works=False)
            over.wait(AGAIN)

    def _read(self, over: threading.Event) -> None:
        at = self.device
        with av.open(at.name, format=at.format, options=dict(at.options), mode="r") as container:
            began = time.monotonic()
            for frame in container.decode(**{at.kind: 0}):
                if not isinstance(frame, VideoFrame | AudioFrame):
                    continue
                if at.format == "lavfi":  # comes as fast as it is taken
                    over.wait(max(0.0, began + (frame.time or 0.0) - time.monotonic()))
                if over.is_set():
                    return
                self._take(frame)
                self._tell(over, works=True)

    def _tell(self, over: threading.Event, *, works: bool) -> None:
        with suppress(RuntimeError):  # the loop is closed, the process about to end
            self._loop.call_soon_threadsafe(self._told, over, works)

    def _told(self, over: threading.Event, works: bool) -> None:
        if over is self._over and works != self.works:
            self.works = works
            self._changed()


class Camera(Source):
    """Keeps the last picture, in full size."""

    latest: VideoFrame | None = None

    def track(self) -> Live:
        return Live(lambda: self.latest if self.works else None)

    def stop(self) -> None:
        super().stop()
        self.latest = None

    def _take(self, frame: VideoFrame | AudioFrame) -> None:
        if isinstance(frame, VideoFrame):
            self.latest = frame


class Stethoscope(Source):
    """Passes sound on to whoever listens."""

    def __init__(self, device: Device, changed: Callable[[], None]) -> None:
        super().__init__(device, changed)
        self._opus = Opus()
        self._heard: Heard | None = None

    def track(self) -> Heard:
        """The one before it hears nothing any more."""
        self._heard = Heard()
        return self._heard

    def _take(self, frame: VideoFrame | AudioFrame) -> None:
        heard = self._heard
        if isinstance(frame, AudioFrame):
            packets = self._opus.encode(frame, wanted=heard is not None and heard.wanted)
            if heard is not None and packets:
                with suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(heard.put, packets)


def source(device: Device, changed: Callable[[], None]) -> Source:
    return (Stethoscope if device.kind == "audio" else Camera)(device, changed)
