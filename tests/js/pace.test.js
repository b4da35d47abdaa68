// The pace of files on a line of our making: they fill it, but speech never waits long behind them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../../telemed/static/js/talk/pace.js";

/**
 * Sends for some seconds, a millisecond a step.
 * @param {{ kbit: number, rtt: number, seconds: number, others?: (s: number) => number, limit?: number }} line
 *   `others`: kbit/s that somebody else sends at that second
 * @returns {{ used: number, wait: number, longest: number }} share of the line's room in the last two thirds; mean and
 *   longest ms that a packet waits in them
 */
function drive({ kbit, rtt, seconds, others = () => 0, limit }) {
  const pace = new Pace();
  if (limit !== undefined) pace.limit(limit);
  const bytesPerMs = kbit / 8;
  let [queue, underWay, sent, room] = [0, 0, 0, 0];
  const [waits, back] = [[], []];
  for (let now = 0; now < seconds * 1_000; now++) {
    const foreign = others(now / 1_000) / 8;
    queue = Math.max(0, queue + foreign - bytesPerMs);
    while (back.length > 0 && back[0].at <= now) {
      const { bytes, from } = back.shift();
      underWay -= bytes;
      pace.arrived(bytes, now - from, now);
    }
    for (let bytes; (bytes = pace.allows(underWay, now)); ) {
      pace.sent(bytes);
      queue += bytes;
      underWay += bytes;
      back.push({ at: now + queue / bytesPerMs + rtt, bytes, from: now });
      if (now > seconds * 333) sent += bytes;
    }
    if (now > seconds * 333) {
      waits.push(queue / bytesPerMs);
      room += bytesPerMs - foreign;
    }
  }
  return { used: sent / room, wait: waits.reduce((all, one) => all + one, 0) / waits.length, longest: Math.max(...waits) };
}

for (const line of [{ kbit: 1_000, rtt: 40 }, { kbit: 10_000, rtt: 30 }, { kbit: 300, rtt: 100 }, { kbit: 50_000, rtt: 15 }]) {
  test(`uses ${line.kbit} kbit/s and lets nothing wait long`, () => {
    const { used, wait, longest } = drive({ ...line, seconds: 30 });
    assert.ok(used > 0.8, `${used} of the line used`);
    assert.ok(wait < 100 && longest < 200, `${wait} ms of waiting, at most ${longest}`);
  });
}

test("yields to others who want most of the line, and comes back", () => {
  const busy = drive({ kbit: 1_000, rtt: 40, seconds: 60, others: (s) => (s % 20 < 10 ? 800 : 100) });
  assert.ok(busy.wait < 120 && busy.longest < 400, JSON.stringify(busy));
  assert.ok(busy.used > 0.6, JSON.stringify(busy));
});

test("keeps to a limit, and to none at all", () => {
  const { used } = drive({ kbit: 1_000, rtt: 40, seconds: 30, limit: 4_000 });
  assert.ok(used > 0.028 && used < 0.034, `${used} of 1,000 kbit/s is not 32 kbit/s`);
  assert.equal(drive({ kbit: 1_000, rtt: 40, seconds: 10, limit: 0 }).used, 0);
});

test("on the weakest line a piece is small", () => {
  const pace = new Pace();
  pace.limit(1_500);
  assert.ok(pace.allows(0, 10_000) <= 600);
});

test("takes a longer line for what it is within a minute", () => {
  const pace = new Pace();
  for (let now = 0; now < 200_000; now += 200) pace.arrived(1_200, now < 10_000 ? 20 : 220, now);
  assert.ok(pace.allows(0, 200_000) > 1_200);
});
