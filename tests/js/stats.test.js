// Counts of a connection into figures for the ladder: as Chromium and as Firefox count.
import assert from "node:assert/strict";
import { test } from "node:test";
import { counts, Meter } from "../../telemed/static/js/call/stats.js";

const sound = (packets, samples, concealed) =>
  ({ id: "in", type: "inbound-rtp", kind: "audio", packetsReceived: packets, totalSamplesReceived: samples, concealedSamples: concealed });
const sent = (packets) => ({ id: "out", type: "outbound-rtp", kind: "audio", packetsSent: packets });
const told = (timestamp, packetsLost) => ({ id: "remote", type: "remote-inbound-rtp", kind: "audio", timestamp, packetsLost, roundTripTime: 0.08 });
const pictures = { id: "video", type: "inbound-rtp", kind: "video", packetsReceived: 900, totalSamplesReceived: undefined };
const pair = (bytesReceived) => ({ id: "pair", type: "candidate-pair", timestamp: 1_000, bytesSent: 0, nominated: true, state: "succeeded", bytesReceived,
  availableOutgoingBitrate: 312_000, currentRoundTripTime: 0.07 });
const transport = (bytesReceived) => ({ id: "transport", type: "transport", timestamp: bytesReceived / 10, selectedCandidatePairId: "pair",
  bytesReceived, bytesSent: 3 * bytesReceived });
const report = (...all) => new Map(all.map((one) => [one.id, one]));

test("figures of one second", () => {
  const meter = new Meter();
  assert.equal(meter.read(counts(report(pictures, sound(100, 96_000, 960), sent(100), told(1, 0), pair(5), transport(10_000)))), null);
  const figures = meter.read(counts(report(pictures, sound(150, 144_000, 5_760), sent(150), told(2, 5), pair(5), transport(20_000))));
  assert.deepEqual(figures, { available: 312, sending: 240, rtt: 70, loss: 0.1, dark: false, heard: 0.1, losing: null });
});

test("a report about losses holds until the next one", () => {
  const meter = new Meter();
  const losses = [[1, 0], [1, 0], [2, 5], [2, 5], [3, 5]].map(([timestamp, lost], second) =>
    meter.read(counts(report(sent(50 * second), told(timestamp, lost), transport(second))))?.loss);
  assert.deepEqual(losses, [undefined, null, 0.05, 0.05, 0]);
});

/** The figure, second by second, when so many packets [came, were gone]. */
function losing(...seconds) {
  const meter = new Meter();
  let [all, lost] = [0, 0];
  meter.read(counts(report(sound(0, 0, 0), transport(0))));
  return seconds.map(([came, gone]) => {
    [all, lost] = [all + came, lost + gone];
    return meter.read(counts(report({ ...sound(all, 0, 0), packetsLost: lost }, transport(all)))).losing;
  });
}

test("what they send and we miss, over four seconds", () => {
  assert.deepEqual(losing([45, 5], [50, 0], [50, 0], [45, 5], [50, 0]), [null, null, null, 0.05, 0.025]);
  assert.deepEqual(losing([50, 1], [50, 0], [50, 0], [50, -1]).at(-1), 0, "late is not lost");
  assert.deepEqual(losing([1, 1], [1, 0], [1, 0], [1, 0]).at(-1), null, "too few to tell");
  assert.deepEqual(losing([50, 0], [50, 0], [50, 0], [50, 0], [0, 0], [20, 500], [50, 0]).at(-1), 0, "an outage");
});

test("silence is not the line's fault unless nothing arrives at all", () => {
  const meter = new Meter();
  meter.read(counts(report(sound(100, 96_000, 0), transport(1_000))));
  const muted = meter.read(counts(report(sound(100, 144_000, 48_000), transport(1_200))));
  assert.deepEqual([muted.heard, muted.dark], [0, false]);
  const gone = meter.read(counts(report(sound(100, 192_000, 96_000), transport(1_200))));
  assert.deepEqual([gone.heard, gone.dark], [0, true]);
});

test("Firefox: no transport, no estimate", () => {
  const firefox = (bytesReceived) => ({ id: "p", type: "candidate-pair", selected: true, nominated: true, state: "succeeded", bytesReceived, bytesSent: 0, timestamp: bytesReceived });
  const other = { id: "o", type: "candidate-pair", selected: false, nominated: false, state: "failed", bytesReceived: 0 };
  const meter = new Meter();
  meter.read(counts(report(other, firefox(100), told(1, 0))));
  const figures = meter.read(counts(report(other, firefox(200), told(1, 0))));
  assert.deepEqual(figures, { available: null, sending: 0, rtt: 80, loss: null, dark: false, heard: 0, losing: null });
  assert.equal(meter.read(counts(report(other, firefox(200), told(1, 0)))).dark, true);
});

test("a connection that counts nothing yet", () => {
  const meter = new Meter();
  meter.read(counts(report()));
  assert.deepEqual(meter.read(counts(report())), { available: null, sending: 0, rtt: null, loss: null, dark: true, heard: 0, losing: null });
});
