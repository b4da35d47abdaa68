"""The doctor's browser and a gateway: what the doctor sees of a skin camera, and hears of a stethoscope."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import av
import pytest
from playwright.async_api import expect

from telemed.consultation.peer import join
from telemed.db import Database
from telemed.gateway import publisher, run, station
from telemed.gateway.devices import device
from telemed.identity.tokens import Keys
from telemed.stations import pairing
from tests import people
from tests.booking import CODES
from tests.browser.consulting import Visitor, looked_at, on_call
from tests.live.conftest import Visit, booked
from tests.people import CALLERS, STATION

pytestmark = pytest.mark.browser

# The peak of what the page plays at a frequency: Goertzel over two thirds of a second.
LOUD = """async () => {
  const context = new AudioContext({ sampleRate: 48000 });
  const ear = new AnalyserNode(context, { fftSize: 32768 });
  context.createMediaStreamSource(document.querySelector("#gateway audio").srcObject).connect(ear);
  await context.resume();
  const samples = new Float32Array(ear.fftSize);
  const peak = (hertz) => {
    const turn = 2 * Math.cos((2 * Math.PI * hertz) / context.sampleRate);
    let [one, two] = [0, 0];
    for (const sample of samples) [one, two] = [sample + turn * one - two, one];
    return (2 * Math.sqrt(one * one + two * two - turn * one * two)) / samples.length;
  };
  for (let tries = 0; tries < 40; tries++) { // until it is there, and on a busy machine has no gaps for once
    await new Promise((wake) => setTimeout(wake, 700));
    ear.getFloatTimeDomainData(samples);
    if (peak(40) > 0.1) break;
  }
  return [peak(40), peak(440)];
}"""
SHOT = """async () => {
  const picture = document.querySelector("#gateway-shots img");
  await picture.decode();
  return picture.naturalWidth;
}"""


async def test_a_doctor_looks_and_listens(
    visitor: Visitor, site: str, cast: Database, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stills: list[bytes] = []
    take = publisher.still

    def still(frame: av.VideoFrame) -> bytes:
        stills.append(take(frame))
        return stills[-1]

    monkeypatch.setattr(publisher, "still", still)
    for module in (run, station):
        monkeypatch.setattr(module, "LOOK", 0.2)
    appointment = await booked(cast)
    devices = [device("dermatoscope", "test"), device("stethoscope", "test")]
    code: asyncio.Queue[str] = asyncio.Queue()
    gateway = asyncio.create_task(run.run(site, tmp_path / "badge", devices, code.put_nowait))
    await pairing.pair(cast, CODES, CALLERS["petra"], STATION, (await code.get()).rpartition(" ")[2])
    made: Any = SimpleNamespace(id=appointment)
    await people.pair(cast)
    async with (
        aiohttp.ClientSession() as session,
        join(site, partial(Visit([site], session, cast, keys, appointment).ticket, "screen"), media=False),
    ):
        bob = await on_call(visitor, made)
        for name in ("Alice Ährenfeld", "Geräte der Station"):
            row = bob.locator("#door li", has_text=name)
            await row.locator("[data-act=admit]").click()
        panel = bob.locator("#gateway")
        await expect(panel.get_by_role("heading", name="Hautkamera")).to_be_visible(timeout=40_000)
        await expect(panel.get_by_role("heading", name="Stethoskop")).to_be_visible(timeout=40_000)
        assert await bob.locator(".tile").count() == 1, "a gateway is no person"

        await panel.get_by_role("switch", name="Hören").click()
        low, other = await bob.evaluate(LOUD)
        assert 0.7079 < low / 0.125 < 1.4126, f"40 Hz arrives as {low}, sent as 0.125: more than 3 dB off"
        assert other < low / 50
        await panel.get_by_role("switch", name="Bewegtes Bild").click()
        await expect(bob.locator(".tile.device video")).to_have_js_property("videoWidth", 640, timeout=40_000)
        await panel.get_by_role("button", name="Standbild aufnehmen").click()
        await expect(panel.locator("#gateway-shots a")).to_be_visible(timeout=60_000)
        assert await bob.evaluate(SHOT) == 1920
        async with bob.expect_download() as saving:
            await panel.get_by_role("link", name="Speichern").click()
        assert (await (await saving.value).path()).read_bytes() == stills[0]
        assert await panel.locator("code").text_content() == hashlib.sha256(stills[0]).hexdigest()
        await looked_at(bob, "gateway")
        await panel.get_by_role("switch", name="Bewegtes Bild").click()
        assert await bob.locator(".tile.device").count() == 0
        await pairing.unpair(cast, CALLERS["petra"], STATION, gateway=True)
        await expect(panel.get_by_role("heading", name="Stethoskop")).to_be_hidden()
        await expect(panel.locator("#gateway-shots a")).to_be_visible()  # what was taken is still there to be saved
    gateway.cancel()
    with suppress(asyncio.CancelledError):
        await gateway
