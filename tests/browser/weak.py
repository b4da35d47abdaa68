"""A patient whose line fails: page and relay behind tests/netem.py, and when picture and sound are back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import BrowserContext, Page

from tests import netem
from tests.netem import Line

THROUGH = """
const relay = "%s:127.0.0.1:%d?transport=%s";
const through = (config) => ({ ...config,
  iceServers: (config?.iceServers ?? []).map((server) => ({ ...server, urls: relay })) });
const Straight = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Straight {
  constructor(config) { super(through(config)); }
  setConfiguration(config) { super.setConfiguration(through(config)); }
};
"""
# Every 50 ms: the time, all frames decoded so far, all seconds of sound that came over the line and were not made up.
DIARY = """
if (!window.diary) {
  window.diary = [];
  const gone = { frames: 0, sound: 0 };
  const counts = new Map();
  setInterval(async () => {
    let [frames, sound] = [0, 0];
    for (const pc of window.connections) {
      const one = counts.get(pc) ?? { frames: 0, sound: 0 };
      counts.set(pc, one);
      if (pc.connectionState !== "closed")
        for (const stat of (await pc.getStats()).values()) {
          if (stat.type !== "inbound-rtp") continue;
          if (stat.kind === "video") one.frames = stat.framesDecoded ?? 0;
          else one.sound = ((stat.totalSamplesReceived ?? 0) - (stat.concealedSamples ?? 0)) / 48000;
        }
      frames += one.frames;
      sound += one.sound;
    }
    window.diary.push([Date.now() / 1000, frames, sound]);
  }, 50);
}
void 0
"""
STEADY = 2.0  # seconds that picture and sound must go on before they count as back
FRAMES, SOUND = 5, 0.5  # in each of these seconds


@dataclass
class Access:
    """The two ways of one subscriber: to the relay and to the site."""

    media: Line
    pages: Line

    @property
    def url(self) -> str:
        return f"http://localhost:{self.pages.port}"

    def cut(self) -> None:
        self.media.cut()
        self.pages.cut()

    def mend(self) -> None:
        self.media.mend()
        self.pages.mend()

    def move(self, source: str = "127.0.0.2") -> None:
        self.media.move(source)
        self.pages.move(source)


@asynccontextmanager
async def access(relay: netem.Address, site_port: int, *, stream: bool = False) -> AsyncIterator[Access]:
    """`stream`: the relay is spoken to over TCP or TLS."""
    async with (netem.tcp if stream else netem.udp)(relay) as media, netem.tcp(("127.0.0.1", site_port)) as pages:
        for line in (media, pages):
            line.shape(kbit=4_000, delay=0.02)
        yield Access(media, pages)


async def put_behind(context: BrowserContext, line: Line, scheme: str = "turn", transport: str = "udp") -> None:
    """From now on the context's pages find every relay behind the line."""
    await context.add_init_script(THROUGH % (scheme, line.port, transport))


async def back(pages: list[Page], since: float, within: float) -> list[float]:
    """Seconds from `since` (Unix time) until each page has picture and sound for good; TimeoutError: it has not."""
    async with asyncio.timeout(within + STEADY + 1):
        while True:
            found = [_back(await page.evaluate("window.diary"), since) for page in pages]
            if all(one is not None for one in found):
                return [one for one in found if one is not None]
            await asyncio.sleep(0.2)


def _back(diary: list[list[float]], since: float) -> float | None:
    """When both moved again, once they have gone on for STEADY seconds."""
    diary = [entry for entry in diary if entry[0] >= since]
    for number, (at, frames, sound) in enumerate(diary):
        later = next((entry for entry in diary[number:] if entry[0] >= at + STEADY), None)
        if later is None:
            return None
        if later[1] - frames >= FRAMES * STEADY and later[2] - sound >= SOUND * STEADY:
            return next(entry[0] for entry in diary[number:] if entry[1] > frames and entry[2] > sound) - since
    return None


async def keep_diary(*pages: Page) -> None:
    for page in pages:
        await page.evaluate(DIARY)
