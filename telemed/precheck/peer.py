"""One connection of a check, from offer to end: it answers, never calls, and is gone after seconds."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

import msgspec
import structlog
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError

from telemed.errors import BadRequest
from telemed.precheck import wire
from telemed.precheck.trial import Trial
from telemed.precheck.voice import SECONDS, Echo, Received, take

log = structlog.get_logger()

LIFE: Final = 20.0  # s: a check takes 12 at most
_LAST_WORD: Final = 0.4  # s in which SCTP notices that the figures were lost
_SPARE: Final = 1.0  # s beyond the three, for a line that loses much of the voice
_SECTIONS: Final = 3
_ADDRESS: Final = re.compile(r"^(a=candidate:\S+ \d+ udp \d+ )(\S+)( .*)$", re.IGNORECASE | re.MULTILINE)
# What aiortc's parser stumbles over in an offer that is none.
_NO_OFFER: Final = (
    ValueError, LookupError, AttributeError, TypeError, AssertionError,
    InternalError, InvalidAccessError, InvalidStateError, OperationError,
)  # fmt: skip


class Connection:
    """Made for one offer. `turns` is how many may be measured at the same time; `ended` is called once."""

    def __init__(self, turns: asyncio.Semaphore, ended: Callable[[], None], *, voice: bool) -> None:
        # Nobody's server is asked for an address (V-05); pages come to us.
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._turns, self._ended = turns, ended
        self._echo = Echo() if voice else None
        self._received = Received()
        self._control: RTCDataChannel | None = None
        self._trial: Trial | None = None
        self._told = asyncio.Event()
        self._over, self._gone = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pc.on("track", self._track)
        self._pc.on("datachannel", self._channel)
        self._pc.on("connectionstatechange", self._watch)

    async def answer(self, offer: str, address: str) -> str:
        """The answer's SDP, and a life of `LIFE` at most. Raises BadRequest."""
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(without_candidates(offer), "offer"))
            if self._echo is not None:
                self._pc.addTrack(self._echo)
            await self._pc.setLocalDescription(await self._pc.createAnswer())
        except BaseException as error:  # also of a page that hangs up meanwhile: nothing else would end it
            await self._end()
            if isinstance(error, _NO_OFFER):
                raise BadRequest from error
            raise
        self._start(self._live())
        return announced(self._pc.localDescription.sdp, address)

    async def stop(self) -> None:
        """Before its time."""
        self._over.set()
        await self._gone.wait()

    async def _live(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), LIFE)
        await self._end()

    async def _end(self) -> None:
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()
        await self._pc.close()
        self._gone.set()
        self._ended()

    def _watch(self) -> None:
        if self._pc.connectionState in ("failed", "closed"):
            self._over.set()

    def _track(self, track: MediaStreamTrack) -> None:
        self._start(take(track, self._received, self._echo))

    def _channel(self, channel: RTCDataChannel) -> None:
        if channel.label == "measure":
            self._trial = trial = Trial(channel)
            channel.once("message", lambda _data: self._start(self._measure(trial)))
            channel.on("message", lambda data: trial.receive(data) if isinstance(data, bytes) else None)
        elif channel.label == "control":
            self._control = channel
            channel.on("message", self._hear)
            channel.on("close", self._over.set)

    async def _measure(self, trial: Trial) -> None:
        async with self._turns:
            await trial.run()
        await trial.keep_up(self._told)

    def _hear(self, text: str | bytes) -> None:
        try:
            message = wire.decode(text)
        except msgspec.DecodeError:
            self._over.set()
            return
        match message:
            case wire.Heard() if self._trial is not None and not self._told.is_set():
                self._start(self._sum_up(self._trial, message))
            case wire.Count():
                self._say(wire.Counted(self._received.audio, self._received.video))
            case wire.Speak() if self._echo is not None:
                self._start(self._play(self._echo))

    async def _sum_up(self, trial: Trial, heard: wire.Heard) -> None:
        self._say(trial.figures(heard))
        await asyncio.sleep(_LAST_WORD)
        self._told.set()

    async def _play(self, echo: Echo) -> None:
        echo.listen()
        with suppress(TimeoutError):
            await asyncio.wait_for(echo.full.wait(), SECONDS + _SPARE)
        self._say(wire.Voice("listen", echo.loud))
        echo.play()
        await echo.played.wait()
        self._say(wire.Voice("played", echo.loud))

    def _say(self, message: wire.Figures | wire.Counted | wire.Voice) -> None:
        if self._control is not None and self._control.readyState == "open":
            self._control.send(wire.encode(message))

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None or isinstance(error, InvalidStateError):
            return  # the page has gone in the middle
        log.error("probe_broken", exc_info=error)
        self._over.set()


def without_candidates(sdp: str) -> str:
    """The offer without the page's addresses: we wait for who comes, so nobody can point us at a third address.

    Raises ValueError for one without data channels, or with more than one sound and one picture beside them.
    """
    if "\nm=application " not in sdp or sdp.count("\nm=") > _SECTIONS:
        raise ValueError
    return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith(("a=candidate:", "a=end-of-")))


def announced(sdp: str, address: str) -> str:
    """The answer as the world sees us: behind NAT, `address` in place of the machine's own of that version."""
    if not address:
        return sdp
    version = ip_address(address).version

    def public(match: re.Match[str]) -> str:
        own = ip_address(match[2])
        return f"{match[1]}{address}{match[3]}" if own.version == version else match[0]

    return _ADDRESS.sub(public, sdp)
