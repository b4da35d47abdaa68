// Where a rung arrives: in what the browser's senders are told, whatever devices somebody has.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RUNGS } from "../../telemed/static/js/call/ladder.js";
import { Shaper } from "../../telemed/static/js/call/sender.js";

globalThis.RTCRtpSender = { getCapabilities: () => ({ codecs: [] }) };
const [SMALL, STILL] = ["small", "still"].map((wanted) => RUNGS.find(({ name }) => name === wanted));
const CAMERA = { kind: "video", getSettings: () => ({ width: 1280, height: 720 }) };
const MICROPHONE = { kind: "audio" };

class Sender {
  told = null;

  constructor(track, refuses = false) {
    Object.assign(this, { track, refuses });
  }

  getParameters() {
    return { encodings: [{}], codecs: [] };
  }

  async setParameters(parameters) {
    if (this.refuses) throw new DOMException("", "InvalidStateError");
    this.told = parameters;
  }
}

for (const [who, audio] of [
  ["a camera without a microphone", new Sender(null)],
  ["a camera whose sound is just being negotiated", new Sender(MICROPHONE, true)],
]) {
  test(`${who} sends no more than the line carries`, async () => {
    const video = new Sender(CAMERA);
    const shaper = new Shaper();
    await shaper.apply({ audio, video }, SMALL);
    assert.equal(video.told?.encodings[0].maxBitrate, SMALL.video);
    assert.equal(video.told.encodings[0].scaleResolutionDownBy, 2);
    await shaper.apply({ audio, video }, STILL);
    assert.equal(video.told.encodings[0].active, false);
  });
}

test("sound is capped before a camera is there, and what was refused is tried again", async () => {
  const [audio, video] = [new Sender(MICROPHONE), new Sender(null, true)];
  const shaper = new Shaper();
  await shaper.apply({ audio, video }, SMALL);
  assert.equal(audio.told.encodings[0].maxBitrate, SMALL.audio);
  video.refuses = false;
  await shaper.apply({ audio, video }, SMALL);
  assert.equal(video.told.encodings[0].maxBitrate, SMALL.video);
});
