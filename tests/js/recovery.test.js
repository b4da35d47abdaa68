// What people are told while a connection is silent, and that it is repaired and at last built anew.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Recovery } from "../../telemed/static/js/call/recovery.js";

const STEP = 100; // ms
let now, packets, rate, heard, asked, restarts, renewals, told, peer, recovery;

beforeEach(() => {
  mock.restoreAll();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  [now, packets, rate, asked, restarts, renewals, told] = [1_000, 0, 5, 0, 0, 0, ["well"]];
  heard = () => now;
  mock.method(performance, "now", () => now);
  peer = {
    polite: false,
    talks: { turns: 0, settled: true },
    restart: () => restarts++,
    stats: async () => new Map([["audio", { type: "inbound-rtp", packetsReceived: packets }], ["codec", { type: "codec" }]]),
  };
  let here = peer;
  const mesh = {
    get peers() { return here ? [["patient", here]] : []; },
    peer: () => here, here: () => true, alive: () => here?.state === "connected", close: () => (here = null),
  };
  // Coming back takes two seconds, and brings another connection.
  const another = { ...peer, stats: async () => new Map() };
  const renew = () => renewals++ || setTimeout(() => (here = another), 2_000);
  const signalling = { get heard() { return heard(); }, hurry: () => asked++, renew };
  const tell = (seat, health) => health !== told.at(-1) && told.push(health);
  recovery = new Recovery(mesh, signalling, tell);
});

async function pass(ms) {
  for (const until = now + ms; now < until; now += STEP) {
    packets += rate;
    mock.timers.tick(STEP);
    await new Promise(setImmediate);
  }
}

test("a short silence is nothing to speak of, a longer one is, and after 25 seconds there is the telephone", async () => {
  await pass(3_000);
  rate = 0;
  await pass(2_500);
  assert.deepEqual(told, ["well"]);
  await pass(2_000);
  assert.deepEqual(told, ["well", "broken"]);
  await pass(25_000);
  assert.deepEqual(told, ["well", "broken", "long"]);
  rate = 5;
  await pass(1_000);
  assert.deepEqual(told, ["well", "broken", "long", "well"]);
});

test("with a server that answers it restarts once, and builds anew when what both agreed on stays silent", async () => {
  await pass(3_000);
  rate = 0;
  await pass(3_500);
  assert.deepEqual([restarts, renewals], [1, 0]);
  peer.talks = { turns: 1, settled: true };
  await pass(5_500);
  assert.equal(restarts, 1);
  assert.ok(renewals > 0);
});

test("a new connection that stays silent too is no reason to begin counting again", async () => {
  await pass(3_000);
  rate = 0;
  await pass(3_500);
  peer.talks = { turns: 1, settled: true };
  await pass(5_500);
  assert.equal(renewals, 1);
  await pass(15_500);
  assert.deepEqual(told, ["well", "broken"]);
  await pass(2_000);
  assert.deepEqual(told, ["well", "broken", "long"]);
});

test("forgotten by the server it keeps connections that live, and takes dead ones out of the way of new ones", async () => {
  await pass(1_000);
  peer.state = "connected";
  assert.equal(recovery.keeps(), true);
  assert.equal(recovery.keeps(), true, "and closes none");
  peer.state = "failed";
  assert.equal(recovery.keeps(), false);
  peer.state = "connected";
  assert.equal(recovery.keeps(), false, "it was closed");
});

test("a look that fails is not the last one", async () => {
  await pass(1_000);
  const { stats } = peer;
  peer.stats = async () => { throw new DOMException("closed", "InvalidStateError"); };
  await assert.rejects(recovery.look());
  peer.stats = stats;
  rate = 0;
  await pass(4_000);
  assert.deepEqual(told, ["well", "broken"]);
});

test("without the server it tries to reach that first", async () => {
  await pass(3_000);
  rate = 0;
  heard = () => 0;
  await pass(10_000);
  assert.ok(asked > 0);
  assert.deepEqual([restarts, renewals], [0, 0]);
  heard = () => now;
  await pass(1_000);
  assert.deepEqual([restarts, renewals], [1, 0]);
});
