"""From being let in to the first picture of the other one, beside two RTCPeerConnections in one page.

The floor has no network, no server and no second page: nothing can be faster than that in this browser.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from telemed import pg
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.settings import Settings
from tests import booking, turn
from tests.bench import world
from tests.bench.report import Figure, percentile
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.consulting import LARGE, booked, on_call, waiting
from tests.conftest import SECRET
from tests.processes import free_port, serving

ROUNDS = 8
# The clock of the machine when the first frame of the other one is decoded.
FIRST = """
window.first = new Promise((done) => {
  const look = async () => {
    for (const pc of window.connections ?? []) {
      for (const one of (await pc.getStats()).values())
        if (one.type === "inbound-rtp" && one.kind === "video" && one.framesDecoded > 0)
          return done(performance.timeOrigin + performance.now());
    }
    setTimeout(look, 4);
  };
  look();
});
void 0  // else evaluate() would wait for the promise
"""
FLOOR = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720 } });
  const started = performance.now();
  const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
  let described;
  const both = new Promise((done) => { described = done; });
  for (const [from, to] of [[a, b], [b, a]])
    from.onicecandidate = async ({ candidate }) => { await both; if (candidate) await to.addIceCandidate(candidate); };
  for (const track of stream.getTracks()) a.addTrack(track, stream);
  for (const track of stream.getTracks()) b.addTrack(track, stream);
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
  described();
  for (;;) {
    let seen = 0;
    for (const pc of [a, b])
      for (const one of (await pc.getStats()).values())
        if (one.type === "inbound-rtp" && one.kind === "video" && one.framesDecoded > 0) seen += 1;
    if (seen === 2) break;
    await new Promise((later) => setTimeout(later, 4));
  }
  const took = performance.now() - started;
  for (const pc of [a, b]) pc.close();
  for (const track of stream.getTracks()) track.stop();
  return took;
}"""
CLICK = """() => {
  const now = performance.timeOrigin + performance.now();
  document.querySelector("[data-act=admit]").click();
  return now;
}"""


async def run(urls: pg.Urls, settings: Settings) -> list[Figure]:
    await world.build(urls, 2, hours=(0, 24))
    with tempfile.TemporaryDirectory() as directory:
        async with async_playwright() as playwright, turn.relay(Path(directory), "127.0.0.1", *turn.LOOPBACK) as relay:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=[*QUIET, "--allow-loopback-in-peer-connection"]
            )
            chosen = msgspec.structs.replace(settings, port=free_port(), secret=SECRET)
            floor = await _floor(browser, chosen)
            direct = await _ours(browser, urls, chosen)
            relayed = await _ours(browser, urls, chosen, TELEMED_TURN_URLS=relay.urls[0],
                                  TELEMED_TURN_SECRET=relay.secret, TELEMED_ICE_POLICY="relay")  # fmt: skip
            await browser.close()
    return [*_figures("directly", direct, floor), *_figures("relayed", relayed, floor)]


def _figures(how: str, ours: list[float], floor: list[float]) -> list[Figure]:
    figures = []
    for name, share, aim in (("p50", 0.5, 1.5), ("p95", 0.95, 2.0)):
        mine, least = percentile(ours, share), percentile(floor, share)
        figures.append(Figure(
            f"let in to first remote frame, both sides, {how}, {name} of {ROUNDS}", f"{mine:.0f} ms", f"{least:.0f} ms",
            mine / least, f"≤ {aim}", mine / least <= aim,
        ))  # fmt: skip
    return figures


async def _floor(browser: Browser, settings: Settings) -> list[float]:
    async with serving(settings) as server:
        context = await browser.new_context(base_url=server.url)
        page = await context.new_page()
        await page.goto("/imprint")  # any page of a secure origin
        times = [float(await page.evaluate(FLOOR)) for _ in range(ROUNDS + 1)][1:]
        await context.close()
    return times


async def _ours(browser: Browser, urls: pg.Urls, settings: Settings, **environment: str) -> list[float]:
    times = []
    async with serving(settings, **environment) as server:
        db = await Database.open(urls.app, size=2)
        for number in range(ROUNDS + 1):
            contexts: list[BrowserContext] = []
            times.append(await _call(browser, contexts, server.url, db, number))
            for context in contexts:
                await context.close()
        await db.close()
    return times[1:]


async def _call(browser: Browser, contexts: list[BrowserContext], url: str, db: Database, number: int) -> float:
    async def visitor(**_: Any) -> BrowserContext:
        context = await browser.new_context(base_url=url, locale="de")
        await context.add_init_script(LARGE)
        contexts.append(context)
        return context

    async with db.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE appointment SET status = 'cancelled'")
    made = await booked(db, who=booking.patient(f"Gast {chr(97 + number)}"))
    alice, bob = await asyncio.gather(waiting(visitor, made), on_call(visitor, made))
    # Chromium's test camera gives its first pictures to WebRTC only three seconds after two pages have opened it at
    # once. People wait longer than that before they are called.
    await asyncio.sleep(4)
    for page in (alice, bob):
        await page.evaluate(FIRST)
    let_in = await _click(bob)
    seen = [await page.evaluate("window.first") for page in (alice, bob)]
    return float(max(seen) - let_in)


async def _click(page: Page) -> float:
    await page.locator("[data-act=admit]").wait_for()
    return float(await page.evaluate(CLICK))
