"""A call over a bad line: one page reaches its relay through tests/netem.py, and what both receive is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests import speech
from tests.browser.conftest import LEAN, QUIET

THROUGH = """
const port = %d;
const through = (config) => ({ ...config, iceServers: (config?.iceServers ?? []).map(
  (server) => ({ ...server, urls: `turn:127.0.0.1:${port}?transport=udp` })) });
const Straight = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Straight {
  constructor(config) { super(through(config)); }
  setConfiguration(config) { super.setConfiguration(through(config)); }
};
"""
COUNTS = """async () => {
  const found = { frames: 0, height: 0, freezes: 0, samples: 0, concealed: 0, rtt: 0 };
  for (const pc of window.connections) {
    if (pc.connectionState === "closed") continue;
    const stats = await pc.getStats();
    for (const one of stats.values()) {
      if (one.type === "inbound-rtp" && one.kind === "video") {
        found.frames += one.framesDecoded ?? 0;
        found.height = one.frameHeight ?? 0;
        found.freezes += one.freezeCount ?? 0;
      }
      if (one.type === "inbound-rtp" && one.kind === "audio") {
        found.samples += one.totalSamplesReceived ?? 0;
        found.concealed += one.concealedSamples ?? 0;
      }
      if (one.type === "transport")
        found.rtt = 1000 * (stats.get(one.selectedCandidatePairId)?.currentRoundTripTime ?? 0);
    }
  }
  return found;
}"""


@dataclass
class Span:
    """What a page received in some seconds."""

    seconds: float
    frames: int
    height: int
    freezes: int
    samples: int
    concealed: int
    rtt: float  # ms, as last measured

    @property
    def fps(self) -> float:
        return self.frames / self.seconds

    @property
    def made_up(self) -> float:
        """Share of the sound that was concealed, 0 to 1."""
        return self.concealed / self.samples if self.samples else 1.0


async def spans(pages: list[Page], seconds: float) -> list[Span]:
    """What each page receives from now on for so long."""
    first, started = await _counts(pages), asyncio.get_running_loop().time()
    await asyncio.sleep(seconds)
    last, took = await _counts(pages), asyncio.get_running_loop().time() - started
    return [
        Span(
            took,
            **{name: after[name] - before[name] for name in ("frames", "freezes", "samples", "concealed")},
            **{name: after[name] for name in ("height", "rtt")},
        )
        for before, after in zip(first, last, strict=True)
    ]


async def _counts(pages: list[Page]) -> list[dict[str, Any]]:
    return list(await asyncio.gather(*(page.evaluate(COUNTS) for page in pages)))


@asynccontextmanager
async def speaking(directory: Path, *flags: str) -> AsyncIterator[Browser]:
    """Chromium whose microphone speaks all the time, and which takes a relay on loopback."""
    sound = speech.write(directory / "speech.wav")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=LEAN,
            args=[*QUIET, "--allow-loopback-in-peer-connection", f"--use-file-for-fake-audio-capture={sound}", *flags],
        )
        yield browser
        await browser.close()


async def put_behind(context: BrowserContext, port: int) -> None:
    """From now on the context's pages find every relay behind the line at `port`."""
    await context.add_init_script(THROUGH % port)


async def reach(pages: list[Page], frames: int, height: int, seconds: float) -> float:
    """How long until every page has decoded so many more pictures, and the last are so high; at most `seconds`."""
    first, started = await _counts(pages), asyncio.get_running_loop().time()
    while (took := asyncio.get_running_loop().time() - started) < seconds:
        now = await _counts(pages)
        if all(
            after["frames"] - before["frames"] >= frames and after["height"] >= height
            for before, after in zip(first, now, strict=True)
        ):
            return took
        await asyncio.sleep(0.2)
    return seconds
