"""A consultation in two browsers: the ways in, and what the media are really doing."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, expect

from telemed.db import Database
from telemed.scheduling import changes, consent
from telemed.scheduling.types import Booking, Patient
from tests import booking, people

# The pages keep their connections to themselves; for looking inside, the browser keeps a list. Its camera is a small
# and slow one, for many browsers on two cores; after LARGE it is what the page asks for, as figures want it.
LARGE = "window.large = true;"
WATCHED = """
const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (ask) navigator.mediaDevices.getUserMedia = (wanted) => {
  const small = { width: { ideal: 320 }, height: { ideal: 240 }, frameRate: { ideal: 10 } };
  return ask(wanted.video && !window.large ? { ...wanted, video: { ...wanted.video, ...small } } : wanted);
};
window.connections = [];
window.frames = [];
const Native = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Native {
  constructor(...all) {
    super(...all);
    window.connections.push(this);
    const told = (what) => window.frames.push(["ice", what]);
    this.addEventListener("icecandidateerror", ({ errorCode, errorText }) => told(`${errorCode} ${errorText}`));
  }
};
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) { window.frames.push(["out", data]); return send.call(this, data); };
const Socket = window.WebSocket;
window.WebSocket = class extends Socket {
  constructor(...all) {
    super(...all);
    window.sockets = [...(window.sockets ?? []), this];
    this.addEventListener("message", ({ data }) => window.frames.push(["in", data]));
    this.addEventListener("close", ({ code }) => window.frames.push(["closed", `${code}`]));
  }
};
"""
FIGURES = """async () => {
  const found = { video: 0, energy: 0, pairs: [], states: [] };
  for (const pc of window.connections) {
    if (pc.connectionState === "closed") continue;
    found.states.push(pc.connectionState);
    const stats = await pc.getStats();
    for (const one of stats.values()) {
      if (one.type === "inbound-rtp" && one.kind === "video") found.video += one.framesDecoded ?? 0;
      if (one.type === "inbound-rtp" && one.kind === "audio") found.energy += one.totalAudioEnergy ?? 0;
      if (one.type === "transport" && one.selectedCandidatePairId) {
        const pair = stats.get(one.selectedCandidatePairId);
        const [local, remote] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
        found.pairs.push([local.candidateType, remote.candidateType]);
      }
    }
  }
  return found;
}"""
ALLOWED = "navigator.permissions.query({ name: 'camera' }).then(({ state }) => state === 'granted')"

SIZES = [(360, 740), (1280, 800), (640, 480)]  # a phone, a desk, and V-20

Visitor = Callable[..., Awaitable[BrowserContext]]


async def booked(db: Database, *, agreed: bool = True, who: Patient = booking.ALICE) -> Booking:
    """An appointment with Bob that is soon enough for its room to be open."""
    made = await booking.book(db, people.soon(), who)
    if agreed:
        await changes.give_consent(db, booking.guest(made.id), made.id, consent.VERSION)
    return made


async def guest(context: BrowserContext, made: Booking) -> Page:
    """Whoever has the code, at their appointment."""
    page = await context.new_page()
    await page.add_init_script(WATCHED)
    await page.goto("/appointment/code")
    await page.get_by_role("textbox").fill(made.code)
    await page.locator("main form button").click()
    await page.wait_for_url("**/appointment")
    return page


async def staff(context: BrowserContext, login: str = "bob") -> Page:
    """Somebody who works here, after their login."""
    page = await context.new_page()
    await page.add_init_script(WATCHED)
    await page.goto("/login")
    await page.locator("#login").fill(login)
    await page.locator("#password").fill(people.PASSWORD)
    await page.locator("main form button").click()
    await page.wait_for_url(lambda url: not url.endswith("/login"))
    return page


async def check_and_join(page: Page) -> None:
    """Through the device check: switch on (unless the browser has been allowed already), look, go on."""
    await page.locator("#join:enabled").wait_for()
    if not await page.evaluate(
        "navigator.permissions.query({ name: 'camera' }).then(({ state }) => state === 'granted')"
    ):
        await page.locator("#open").click()
    await expect(page.locator(".mirror .dark")).to_be_hidden()
    await page.locator("#join").click()


async def waiting(visitor: Visitor, made: Booking, **how: Any) -> Page:
    """The patient in the waiting room."""
    page = await guest(await visitor(**how), made)
    await page.goto("/appointment/room")
    await check_and_join(page)
    await page.locator("#waiting").wait_for()
    return page


async def on_call(visitor: Visitor, made: Booking, **how: Any) -> Page:
    """The doctor in the room."""
    page = await staff(await visitor(**how))
    await page.goto(f"/practice/appointments/{made.id}/room")
    await check_and_join(page)
    await page.locator("#talk").wait_for()
    return page


@asynccontextmanager
async def talking(visitor: Visitor, made: Booking, **how: Any) -> AsyncIterator[tuple[Page, Page]]:
    """Doctor and patient, seeing each other."""
    alice, bob = await asyncio.gather(waiting(visitor, made, **how), on_call(visitor, made, **how))
    await bob.locator("[data-act=admit]").click()
    await asyncio.gather(sees(alice), sees(bob))
    yield bob, alice


async def sees(page: Page, frames: int = 25, seconds: float = 30, *, sound: bool = True) -> dict[str, Any]:
    """Waits until so many more frames are decoded and sound, if any is played, is heard; the figures then."""
    first = await page.evaluate(FIGURES)
    until = time.monotonic() + seconds
    while True:
        now: dict[str, Any] = await page.evaluate(FIGURES)
        if now["video"] - first["video"] >= frames and (now["energy"] > first["energy"] or not sound):
            return now
        assert time.monotonic() < until, (
            now,
            await page.evaluate("window.frames.map(([way, text]) => [way, text.slice(0, 90)])"),
        )
        await asyncio.sleep(0.2)


async def looked_at(page: Page, name: str, inside: Callable[[Page, str], Awaitable[None]] | None = None) -> None:
    """Axe finds nothing (A-02); with `inside`, which says what else holds, on a phone, a desk and at 640 x 480.

    With TELEMED_TEST_SHOTS=<folder>, pictures for people to look at.
    """
    folder, before = os.environ.get("TELEMED_TEST_SHOTS"), page.viewport_size or {"width": 0, "height": 0}
    for width, height in SIZES if folder or inside else [(before["width"], before["height"])]:
        if width and page.viewport_size != {"width": width, "height": height}:
            await page.set_viewport_size({"width": width, "height": height})
        if folder:
            await page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        found = await Axe().run(page)
        assert found.violations_count == 0, f"{name} at {width}: {found.generate_report()}"
        if inside:
            await inside(page, name)
    if before["width"]:
        await page.set_viewport_size({"width": before["width"], "height": before["height"]})
