// What a page does with what its lines carry: from one connection to the next, and in what it says.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { notices, written } from "./page.js";

written({ words: { "line.still": "weak", "line.only_sound": "only sound", "line.phone": "take the telephone" } });
const { Quality } = await import("../../telemed/static/js/call/quality.js");

const SECOND = 1_000; // ms
let now = 0;
let received = 0; // of what grows as long as something comes
let peers, broken, levels, told, stills, doubled;

beforeEach(async () => {
  mock.restoreAll();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval"] });
  mock.method(performance, "now", () => now);
  now += 100 * SECOND;
  [peers, broken, levels, told, history.state] = [[], false, [], [], null];
  const mesh = {
    get peers() { return peers.map((peer) => ["patient", peer]); },
    peer: () => peers[0],
  };
  const channel = { bufferedAmount: 0, send: (said) => told.push(JSON.parse(said)) };
  const channels = { on: (_name, listener) => (stills = listener), to: () => channel };
  new Quality(mesh, channels, () => {}, () => "Alice", (level) => levels.push(level), () => broken);
  await pass(1); // without anybody: whatever was said before is over
});

/** A connection with a camera over a line that takes so much. */
function connection(kbit) {
  return {
    state: "connected",
    shaped: 0,
    hearTwice: (twice) => (doubled = twice),
    get senders() {
      this.shaped++;
      return { video: { track: { getSettings: () => ({}) } } };
    },
    stats: async () => {
      const pair = { type: "candidate-pair", nominated: true, state: "succeeded", availableOutgoingBitrate: 1_000 * kbit };
      return new Map([["pair", { ...pair, bytesReceived: kbit > 0 ? ++received : received, timestamp: now }]]);
    },
  };
}

async function pass(seconds) {
  for (; seconds > 0; seconds--) {
    now += SECOND;
    mock.timers.tick(SECOND);
    await new Promise(setImmediate);
  }
}

test("a new connection to somebody begins where the one before it stood", async () => {
  peers = [connection(60)];
  await pass(5);
  assert.equal(told.at(-1).sends, "still");
  told = [];
  peers = [];
  await pass(3);
  peers = [connection(60)];
  await pass(1);
  assert.deepEqual(told.map(({ sends }) => sends), ["still"]);
});

test("after an outage the next connection may be over another line", async () => {
  peers = [connection(60)];
  await pass(5);
  peers[0].stats = connection(0).stats;
  await pass(5);
  peers = [connection(2_000)];
  await pass(1);
  assert.equal(told.at(-1).sends, "tiny");
});

test("a connection that was closed while its figures came is left alone", async () => {
  const old = connection(60);
  peers = [old];
  await pass(5);
  const { shaped } = old;
  let came;
  old.stats = () => new Promise((done) => (came = done));
  await pass(1);
  peers = [connection(60)];
  await pass(1);
  came(new Map());
  await pass(1);
  assert.equal(old.shaped, shaped);
});

test("files hear at once what the line carries, people a little later, and of nothing outside a conversation", async () => {
  history.state = { most: "audio" };
  await pass(2);
  assert.deepEqual(notices(), []);
  peers = [connection(2_000)];
  await pass(1);
  assert.deepEqual(notices(), ["only sound"]);
  [history.state, peers] = [null, [connection(60)]];
  levels = [];
  await pass(5);
  assert.deepEqual([levels[0], levels.at(-1), notices()], ["full", "still", ["weak"]]);
  peers = [];
  await pass(1);
  assert.deepEqual([levels.at(-1), notices()], ["full", []]);
});

test("where nothing gets through, one notice names the telephone, and none does when it is over", async () => {
  peers = [connection(2_000)];
  await pass(5);
  peers[0].stats = connection(0).stats;
  await pass(20);
  assert.deepEqual(notices(), ["take the telephone"]);
  broken = true;
  await pass(10);
  assert.deepEqual([levels.at(-1), notices()], ["phone", []]);
  broken = false;
  peers[0].stats = connection(2_000).stats;
  for (let second = 0; second < 10; second++) {
    await pass(1);
    assert.deepEqual([levels.at(-1), notices()], ["full", []]);
  }
});

test("sound that loses packets, with a picture beside it, is wanted twice over", async () => {
  peers = [connection(2_000)];
  const { stats } = peers[0];
  let [came, gone] = [0, 0];
  peers[0].stats = async () => {
    const sound = { type: "inbound-rtp", kind: "audio", packetsReceived: came += 47, packetsLost: gone += 3 };
    return (await stats()).set("sound", sound);
  };
  await pass(12);
  assert.equal(doubled, false, "nobody knows what they send");
  stills.heard("patient", JSON.stringify({ sends: "full", number: 1 }));
  await pass(12);
  assert.equal(doubled, true);
});
