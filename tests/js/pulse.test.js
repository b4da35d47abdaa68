// When a connection counts as dead, and what is done about it, in the order in which it happens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Pulse } from "../../telemed/static/js/call/pulse.js";

const STEP = 100; // ms

/** A connection whose figures a test sets; it says what was advised from now on for so long, as [ms, advice]. */
class Line {
  now = 0;
  packets = 0;
  rate = 5; // packets at every look
  server = true;
  here = true;
  turns = 0;
  settled = true;
  failed = false;
  heard = 1;

  constructor(polite = false) {
    this.pulse = new Pulse(polite, 0);
  }

  run(ms, each = () => {}) {
    const said = [];
    const from = this.now;
    while (this.now < from + ms) {
      this.now += STEP;
      this.packets += this.rate;
      const { now, packets, here, turns, settled, failed } = this;
      if (this.server) this.heard = now;
      const advice = this.pulse.advise({ now, packets, heard: this.server ? this.heard : 0, here, turns, settled, failed });
      if (advice && advice !== said.at(-1)?.[1]) said.push([now - from, advice]);
      each(advice);
    }
    return said;
  }

  dies() {
    this.rate = 0;
  }

  /** Both sides agree on new candidates. */
  agree() {
    this.turns++;
    this.settled = true;
  }
}

function talking(polite = false) {
  const line = new Line(polite);
  assert.deepEqual(line.run(5_000), []);
  return line;
}

test("a line that is well is left alone, whatever the server does", () => {
  const line = talking();
  line.server = false;
  assert.deepEqual(line.run(60_000), []);
});

test("no packets for two seconds: a restart, and a new connection when what both agreed on stays silent", () => {
  const line = talking();
  line.dies();
  assert.deepEqual(line.run(3_000), [[2_000, "restart"]]);
  line.agree();
  assert.deepEqual(line.run(6_000), [[4_200, "renew"]]);
});

test("a restart that helps is the end of it", () => {
  const line = talking();
  line.dies();
  line.run(2_500);
  line.agree();
  line.run(1_000);
  line.rate = 5;
  assert.deepEqual(line.run(20_000), []);
  line.dies();
  assert.deepEqual(line.run(3_000), [[2_000, "restart"]], "the next failure is a new one");
});

test("the polite side waits for the other one", () => {
  const line = talking(true);
  line.dies();
  assert.deepEqual(line.run(3_000), []);
  line.agree();
  assert.deepEqual(line.run(5_000), [], "the other one has asked");
  assert.equal(line.run(2_000)[0][1], "renew");
  const alone = talking(true);
  alone.dies();
  assert.deepEqual(alone.run(4_000), [[3_500, "restart"]]);
});

test("nothing from the server either: first it is asked for, and nothing is torn down", () => {
  const line = talking();
  line.dies();
  line.server = false;
  assert.deepEqual(line.run(18_000), [[1_000, "ask"]]);
  line.server = true;
  assert.deepEqual(line.run(2_000).map(([, advice]) => advice), ["restart"], "as soon as it answers");
  line.settled = false;
  assert.deepEqual(line.run(4_000).map(([, advice]) => advice), ["renew"], "nobody answers the page whose line was dead");
});

test("the other page is away: nobody would answer", () => {
  const line = talking();
  line.dies();
  line.here = false;
  assert.deepEqual(line.run(30_000), []);
  line.here = true;
  assert.equal(line.run(500)[0][1], "restart");
});

test("told of another network it waits half a second, not two", () => {
  const line = talking();
  line.pulse.suspect(line.now);
  line.dies();
  assert.deepEqual(line.run(1_000), [[500, "restart"]]);
  const kept = talking();
  kept.pulse.suspect(kept.now);
  assert.deepEqual(kept.run(2_000), [], "it was the same path after all");
});

test("whose way to the relay has broken off knows it, and does not leave the start to the other one", () => {
  const line = talking(true);
  line.dies();
  line.failed = true;
  assert.deepEqual(line.run(1_000), [[500, "restart"]]);
  line.failed = false;
  line.agree();
  assert.deepEqual(line.run(4_000), [], "what both agreed on is given its time");
});

test("a page that sends neither sound nor picture is given the time between two checks", () => {
  const line = new Line();
  for (let check = 0; check < 8; check++) {
    line.packets += 1;
    line.rate = 0;
    const said = line.run(2_500);
    if (check > 1) assert.deepEqual(said, [], `check ${check}`);
  }
});

test("a new connection on a weak line may take ten seconds, then it is tried again", () => {
  const line = new Line();
  line.dies();
  assert.deepEqual(line.run(11_000), [[10_000, "restart"]]);
  line.agree();
  assert.equal(line.run(5_000)[0][1], "renew");
});
