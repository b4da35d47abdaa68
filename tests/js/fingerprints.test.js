// Chromium opens a channel while our offer is still pending: the words hang on our certificate all the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Peer } from "../../telemed/static/js/call/peer.js";

globalThis.MediaStream = class {};
globalThis.RTCPeerConnection = class {
  localDescription = { type: "offer", sdp: "v=0\r\na=fingerprint:SHA-256 aa:bb\r\n" };
  currentLocalDescription = null;
};

test("our fingerprints are known from our offer on", () => {
  const seat = { seat: "patient", instance: "a-page", epoch: 1, polite: true };
  const peer = new Peer(seat, { servers: [], policy: "all" }, {}, { open: () => {} }, () => {}, () => {});
  assert.equal(peer.fingerprints.local, "sha-256 AA:BB");
});
