// Sound twice over: what a page puts into its descriptions, and when. The browser's part is played; tests/bench/lines.py
// has the real one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Peer } from "../../telemed/static/js/call/peer.js";

const WITH_RED = "v=0\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n";
const WITHOUT = "v=0\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:120 red/90000\r\n"; // that one is for video
const codec = (mimeType) => ({ mimeType, clockRate: 48_000 });

let known = ["audio/opus", "audio/red", "audio/G722"];
/** Of a connection: descriptions set and answered, as lists of the codecs in them. */
class Connection {
  signalingState = "stable";
  currentRemoteDescription = null;
  localDescription = null;
  preferred = ["the browser's own order"];

  addTransceiver(kind) {
    this.audio ??= {
      receiver: { track: { kind } }, sender: { track: null }, direction: "sendrecv",
      setCodecPreferences: (codecs) => { this.preferred = codecs.map(({ mimeType }) => mimeType); },
    };
  }

  getTransceivers() {
    return [this.audio];
  }

  async setLocalDescription() {
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    this.signalingState = type === "answer" ? "stable" : "have-local-offer";
    this.localDescription = { type, sdp: this.preferred.join(" ") };
  }

  async setRemoteDescription(description) {
    this.signalingState = description.type === "answer" ? "stable" : "have-remote-offer";
    this.currentRemoteDescription = description;
  }
}

globalThis.MediaStream = class {};
globalThis.RTCRtpReceiver = { getCapabilities: () => ({ codecs: known.map(codec) }) };

/** A page that has called and was answered so; `sent` are its descriptions. */
async function called(answer) {
  let pc;
  globalThis.RTCPeerConnection = class extends Connection { constructor() { super(); pc = this; } };
  const sent = [];
  const seat = { seat: "patient", instance: "a", epoch: 1, polite: false };
  const peer = new Peer(seat, { servers: [], policy: "all" }, { audio: null, video: null }, { open() {} },
    ({ kind, sdp }) => sent.push([kind, sdp]), () => {});
  await pc.onnegotiationneeded();
  const hears = (kind, sdp) => peer.describe({ epoch: 1, kind, sdp });
  if (answer) await hears("answer", answer);
  return { peer, pc, sent, hears };
}
const ONCE = "audio/opus audio/G722 audio/red";
const TWICE = "audio/red audio/opus audio/G722";

test("a page says from the start in which order it wants codecs, and anew only when that changes", async () => {
  const { peer, sent, hears } = await called(WITH_RED);
  assert.deepEqual(sent, [["offer", ONCE]]);
  peer.hearTwice(false);
  assert.equal(sent.length, 1);
  peer.hearTwice(true);
  peer.hearTwice(true);
  await null;
  assert.deepEqual(sent.slice(1), [["offer", TWICE]]);
  await hears("answer", WITH_RED);
  peer.hearTwice(false);
  await null;
  assert.deepEqual(sent.slice(2), [["offer", ONCE]]);
});

test("what the other page offers does not change what we want to hear", async () => {
  const { peer, sent, hears } = await called(WITH_RED);
  await hears("offer", WITH_RED);
  assert.deepEqual(sent.at(-1), ["answer", ONCE]);
  peer.hearTwice(true);
  await null;
  await hears("answer", WITH_RED);
  await hears("offer", WITH_RED);
  assert.deepEqual(sent.at(-1), ["answer", TWICE]);
});

test("what is under way comes first, and is not forgotten", async () => {
  const { peer, pc, sent, hears } = await called();
  peer.hearTwice(true);
  assert.equal(sent.length, 1, "nobody has answered yet");
  await hears("answer", WITH_RED);
  pc.signalingState = "have-remote-offer";
  peer.hearTwice(true);
  assert.equal(sent.length, 1);
  pc.signalingState = "stable";
  peer.hearTwice(true);
  await null;
  assert.deepEqual(sent.at(-1), ["offer", TWICE]);
});

test("nothing is offered to a page that cannot, and nothing is ordered by one that cannot", async () => {
  const { peer, sent } = await called(WITHOUT);
  peer.hearTwice(true);
  await null;
  assert.equal(sent.length, 1);
  known = ["audio/opus", "audio/G722"];
  assert.deepEqual((await called(WITHOUT)).sent, [["offer", "the browser's own order"]]);
});
