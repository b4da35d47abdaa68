"""What of picture and sound arrives: high tones, moving pictures, lips and voice together (EN 301 549, 6.1 and 6.5)."""

from __future__ import annotations

import time
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page

from telemed.db import Database
from tests.browser.consulting import Visitor, booked, talking

pytestmark = pytest.mark.browser

# In place of camera and microphone: once a second a white flash and, with it, a tone of 6.9 kHz.
CLIP = """
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const context = window.clip ??= new AudioContext({ sampleRate: 48000 });
  document.addEventListener("click", () => context.resume());
  context.resume();
  const second = context.createBuffer(1, 48000, 48000);
  const tone = second.getChannelData(0);
  for (let at = 0; at < 9600; at += 1) tone[at] = Math.sin(2 * Math.PI * 6900 * at / 48000) / 2;
  const played = new AudioBufferSourceNode(context, { buffer: second, loop: true });
  const microphone = context.createMediaStreamDestination();
  played.connect(microphone);
  played.start(1);
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const pen = canvas.getContext("2d");
  setInterval(() => {
    const at = (context.currentTime + 9) % 1;
    pen.fillStyle = at < 0.2 ? "#fff" : "#123";
    pen.fillRect(0, 0, 640, 480);
    pen.fillStyle = "#f80";
    pen.fillRect(20 + at * 500, 220, 60, 60);
  }, 1000 / 30);
  const stream = wanted.video ? canvas.captureStream(30) : new MediaStream();
  if (wanted.audio) stream.addTrack(microphone.stream.getAudioTracks()[0]);
  window.sent ??= stream;
  return stream;
};
"""

# For some seconds: when each picture was shown and how bright it was; every few milliseconds, how loud the tone was.
SEEN_AND_HEARD = """async ([which, seconds]) => {
  let video = document.querySelector(".tile video");
  if (which === "sent") {
    video = Object.assign(document.createElement("video"), { srcObject: window.sent, muted: true });
    document.body.append(video);
    await video.play();
  }
  const stream = video.srcObject;
  const context = new AudioContext();
  const ear = new AnalyserNode(context, { fftSize: 1024, smoothingTimeConstant: 0 });
  new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream(stream.getAudioTracks()) }).connect(ear);
  const bin = Math.round(6900 * ear.fftSize / context.sampleRate), bins = new Float32Array(ear.frequencyBinCount);
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const pictures = [], sounds = [];
  const look = (now, { width, height }) => {
    pen.drawImage(video, 0, 0, width / 8, height / 8, 0, 0, 1, 1);
    pictures.push([now / 1000, pen.getImageData(0, 0, 1, 1).data[0], width, height]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  const listening = setInterval(() => {
    ear.getFloatFrequencyData(bins);
    const [tone, rest] = [bins.slice(bin - 2, bin + 3), bins.slice(10, bin - 20)];
    sounds.push([performance.now() / 1000, Math.max(...tone), Math.max(...rest)]);
  }, 5);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  clearInterval(listening);
  await context.close();
  return { pictures, sounds };
}"""

BRIGHT, AUDIBLE = 140, -60  # of 255; dB of full scale


def onsets(series: list[list[float]], threshold: float) -> list[float]:
    """When a value rises over the threshold, in seconds."""
    return [now[0] for before, now in pairwise(series) if before[1] <= threshold < now[1]]


def apart(flashes: list[float], beeps: list[float]) -> float:
    """How long after its sound a picture is seen, in seconds; of many, the one in the middle."""
    return median(min((flash - beep for beep in beeps), key=abs) for flash in flashes)


async def watched(page: Page, which: str, seconds: float) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate(SEEN_AND_HEARD, [which, seconds])
    return found


@pytest.mark.rule("A-04")
@pytest.mark.rule("A-05")
async def test_a_high_tone_moving_pictures_and_both_together(cast: Database, visitor: Visitor) -> None:
    async def playing(**how: Any) -> BrowserContext:
        context = await visitor(**how)
        await context.add_init_script(CLIP)
        return context

    async with talking(playing, await booked(cast)) as (bob, alice):
        # The ways from a clip into the page, and from the page into this test, take their time too: without a call.
        own = await watched(alice, "sent", 4)
        aside = apart(onsets(own["pictures"], BRIGHT), onsets(own["sounds"], AUDIBLE))
        until = time.monotonic() + 40
        while True:  # both pages, both encoders and the tests beside this one share two cores
            found = await watched(bob, "received", 6)
            pictures, sounds = found["pictures"], found["sounds"]
            rate, flashes, beeps = len(pictures) / 6, onsets(pictures, BRIGHT), onsets(sounds, AUDIBLE)
            late = apart(flashes, beeps) - aside if flashes and beeps else 1
            told = rate, late, aside, flashes, beeps, pictures[-1:]
            if rate >= 20 and len(flashes) >= 4 and len(beeps) >= 4 and abs(late) < 0.1:
                break
            assert time.monotonic() < until, told
        assert pictures[-1][2] >= 320 and pictures[-1][3] >= 240, told
        tone = [loud - rest for _, loud, rest in sounds if loud > AUDIBLE]
        assert median(tone) > 20, "the tone is not what is heard"
        print(f"{rate:.1f} pictures a second, {1000 * late:+.0f} ms from sound to picture ({1000 * aside:+.0f} here)")
