// The ladder on lines that are good, narrow, lossy, bloated, flapping, and away.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Calm, Ladder, RUNGS, Twice } from "../../telemed/static/js/call/ladder.js";

const QUIET = { available: null, sending: 60, capacity: null, loss: 0, rtt: 60, hurt: 0, dark: false };
const VIDEO = ["full", "small", "tiny"];

/** What Chromium says of a line of so many kbit/s while it sends what the rung allows; as seen in real calls. */
function chromium(kbit, rung, loss = 0) {
  if (kbit === 0) return { ...QUIET, dark: true };
  const sound = rung.audio / 1000 + 16; // with headers
  const least = rung.video ? 30 + sound : sound; // an encoder stops at 30 kbit/s
  const sends = Math.max(least, Math.min(rung.video / 1000 + sound, 0.85 * kbit));
  return {
    ...QUIET,
    loss,
    sending: sends,
    available: rung.video ? Math.max(least, Math.min(0.85 * kbit, 2.2 * sends)) : 1_900, // without video an old guess
    capacity: rung.name === "still" ? kbit : null,
    hurt: sends > kbit ? 1 - kbit / sends : loss / 2,
  };
}

/** A browser without an estimate of its own (Firefox): too much shows in the round trip, then in losses. */
function firefox(kbit, rung) {
  const sends = rung.video / 1000 + rung.audio / 1000 + 16;
  const over = Math.max(0, sends - kbit);
  return { ...QUIET, rtt: over ? 60 + 2_000 : 60, loss: over ? Math.min(0.5, over / sends) : 0, capacity: rung.name === "still" ? kbit : null };
}

let now = 0;

/** One ladder on a line that is so wide for so many seconds, and so on; the rungs, second by second. */
function climb(spans, says = chromium, ladder = new Ladder("full", now)) {
  const rungs = [];
  for (const [seconds, kbit, loss] of spans) {
    for (let second = 0; second < seconds; second++) {
      now += 1_000;
      ladder.step(says(kbit, ladder.rung, loss), now);
      rungs.push(ladder.rung.name);
    }
  }
  return rungs;
}
const moves = (rungs) => rungs.filter((rung, at) => at > 0 && rung !== rungs[at - 1]).length;

test("a good line keeps the full picture", () => {
  assert.deepEqual(new Set(climb([[600, 2_000]])), new Set(["full"]));
});

test("2 Mbit/s, 300, 60, nothing, and back", () => {
  const rungs = climb([[15, 2_000], [15, 300], [20, 60], [10, 0], [60, 2_000]]);
  assert.deepEqual(new Set(rungs.slice(0, 15)), new Set(["full"]));
  assert.deepEqual(new Set(rungs.slice(19, 30)), new Set(["small"]), "a smaller picture, which stays");
  assert.deepEqual(new Set(rungs.slice(31, 50)), new Set(["still"]), "no video within two seconds, and none until 60 s");
  const back = rungs.slice(60);
  assert.ok(back.findIndex((rung) => VIDEO.includes(rung)) < 5, "moving within 5 s");
  assert.ok(back.indexOf("full") < 30 && back.at(-1) === "full", "at full size within 30 s");
});

test("narrow from the beginning", () => {
  assert.equal(climb([[20, 60]]).at(2), "still");
  assert.equal(climb([[120, 30]]).filter((rung) => rung === "audio").length > 90, true);
  assert.equal(climb([[20, 2_000]], chromium, new Ladder("audio", now)).at(-1), "full");
});

test("every line finds its rung and stays there", () => {
  for (const [kbit, wanted] of [[48, "still"], [110, "tiny"], [250, "small"], [300, "small"], [1_200, "full"]]) {
    const rungs = climb([[300, kbit]]).slice(60);
    assert.ok(rungs.filter((rung) => rung === wanted).length > 0.9 * rungs.length, `${kbit}: ${[...new Set(rungs)]}`);
    assert.ok(moves(rungs) <= 8, `${kbit}: ${moves(rungs)} moves in four minutes`);
  }
});

test("a line that flaps is left in peace: attempts come further and further apart", () => {
  for (const [good, bad] of [[3, 3], [4, 8], [10, 5]]) {
    const rungs = climb(Array.from({ length: 600 }, (_, at) => (at % 2 ? [bad, 60] : [good, 2_000]))).slice(0, 1_800);
    const started = rungs.flatMap((rung, at) => (at > 0 && VIDEO.includes(rung) && !VIDEO.includes(rungs[at - 1]) ? [at] : []));
    const gaps = started.map((at, which) => at - (started[which - 1] ?? -Infinity)).slice(4);
    assert.ok(Math.min(...gaps) >= 30, `${good} s good, ${bad} s bad: video came back after ${gaps} s`);
  }
});

test("packets that are lost at random cost no picture", () => {
  assert.deepEqual(new Set(climb([[60, 2_000, 0.05]])), new Set(["full"]));
});

test("a browser that does not say what it may send goes by round trip and losses", () => {
  const rungs = climb([[15, 2_000], [40, 300], [60, 60], [60, 2_000]], firefox);
  assert.equal(rungs[14], "full");
  assert.ok(rungs.slice(20, 30).every((rung) => rung !== "full"), `${rungs.slice(15, 30)}`);
  const narrow = rungs.slice(65, 115);
  assert.ok(narrow.filter((rung) => VIDEO.includes(rung)).length <= 6, `${narrow}`);
  assert.equal(rungs.at(-1), "full");
});

test("sound that the other page must make up costs the picture, whatever the browser believes", () => {
  const ladder = new Ladder("full", now);
  const ruined = () => ({ ...QUIET, available: 1_900, hurt: 0.4 });
  assert.equal(climb([[2, 1]], ruined, ladder).at(-1), "still");
  assert.equal(climb([[10, 1]], ruined, ladder).at(-1), "audio");
  assert.notEqual(ladder.level, "phone");
  climb([[10, 1]], ruined, ladder);
  assert.equal(ladder.level, "phone", "people should telephone");
});

test("after a long outage the telephone is named, until sound is back", () => {
  const ladder = new Ladder("full", now);
  const lasts = (seconds, figures) => { for (let at = 0; at < seconds; at++) ladder.step(figures, now += 1_000); };
  lasts(10, QUIET);
  lasts(14, { ...QUIET, dark: true });
  assert.equal(ladder.level, "full");
  lasts(3, { ...QUIET, dark: true });
  assert.equal(ladder.level, "phone");
  lasts(8, { ...QUIET, available: 1_900 });
  assert.equal(ladder.level, "full");
});

test("people decide: no more than they want, and back to where it was", () => {
  const ladder = new Ladder("full", now);
  climb([[5, 2_000]], chromium, ladder);
  ladder.limit("audio", now);
  assert.equal(ladder.rung.name, "audio");
  assert.deepEqual(new Set(climb([[60, 2_000]], chromium, ladder)), new Set(["audio"]));
  ladder.limit("small", now);
  assert.equal(ladder.rung.name, "small");
  ladder.limit("full", now);
  assert.equal(ladder.rung.name, "full");
});

test("what the line carries is told apart from what people want", () => {
  const ladder = new Ladder("full", now);
  climb([[5, 2_000]], chromium, ladder);
  ladder.limit("audio", now);
  assert.equal(ladder.carries, "full");
  ladder.limit("small", now);
  climb([[15, 60]], chromium, ladder);
  assert.equal(ladder.carries, "still");
  for (const { name } of RUNGS) assert.equal(new Ladder(name, now).carries, name);
});

// Two pages of a call: 2 Mbit/s, 300 kbit/s from second 11, 60 kbit/s from second 25 or 26 on.
test("what was recorded in Chromium: the first second that shows a collapse is the last with video", () => {
  const recorded = JSON.parse(readFileSync(new URL("../data/lines.json", import.meta.url), "utf8"));
  for (const { name, until, figures } of recorded) {
    const ladder = new Ladder("full", now);
    const rungs = figures.map((one) => {
      ladder.step({ ...QUIET, ...one }, (now += 1_000));
      return ladder.rung.name;
    });
    for (const [rung, second] of Object.entries(until)) assert.equal(rungs[second], rung, `${name}, second ${second}: ${rungs}`);
  }
});

test("rungs ask less from step to step, and leave room between falling and climbing", () => {
  for (const [at, rung] of RUNGS.entries()) {
    const below = RUNGS[at + 1];
    if (below) assert.ok(rung.needs > below.needs && rung.video >= below.video && rung.audio >= below.audio, rung.name);
    if (rung.video) assert.ok(rung.opens > 1.25 * rung.needs, rung.name);
  }
});

test("bad news soon, good news when it is true, and nothing that flaps", () => {
  const calm = new Calm("full");
  const said = [];
  for (let second = 0; second < 60; second++) said.push(calm.step(second % 2 ? "small" : "full", second * 1_000));
  assert.deepEqual(new Set(said), new Set(["full"]));
  assert.equal(calm.step("still", 60_000), "full");
  assert.equal(calm.step("still", 62_000), "still");
  assert.equal(calm.step("full", 63_000), "still");
  assert.equal(calm.step("full", 70_000), "still");
  assert.equal(calm.step("small", 70_500), "still");
  assert.equal(calm.step("small", 71_000), "small", "better all the time, now this much");
});

/** One answer a second: `spans` of [seconds, share lost, their rung]. */
function doubled(...spans) {
  const twice = new Twice(0);
  let at = 0;
  return spans.flatMap(([seconds, losing, sends = "full"]) =>
    Array.from({ length: seconds }, () => twice.step(losing, sends, 1_000 * ++at)));
}
const since = (answers) => answers.indexOf(true);

test("sound comes twice where packets are lost and there is room", () => {
  for (const sends of ["full", "small"]) assert.equal(since(doubled([5, 0], [60, 0.05, sends])), 5 + 4, sends);
  for (const sends of ["tiny", "still", "audio", undefined]) assert.equal(since(doubled([60, 0.05, sends ?? ""])), -1, sends);
  assert.equal(since(doubled([600, 0.02])), -1, "a little is made up well enough");
  assert.equal(since(doubled([60, null])), -1, "nobody knows");
});

test("one burst, which the figures show for four seconds, is no reason", () => {
  assert.equal(since(doubled(...Array.from({ length: 20 }, () => [[3, 0], [4, 0.1]]).flat())), -1);
});

test("once is enough when the line is clean or has become narrow, and not before", () => {
  const lossy = [30, 0.05];
  assert.equal(doubled(lossy, [120, 0.02]).at(-1), true, "less is lost, but something is");
  assert.equal(doubled(lossy, [9, 0], [5, 0.02], [9, 0]).at(-1), true);
  assert.equal(doubled(lossy, [12, 0]).at(-1), false);
  assert.equal(doubled(lossy, [12, 0.05, "still"]).at(-1), false);
  assert.equal(doubled(lossy, [60, null]).at(-1), true, "an outage says nothing");
});

test("whatever the line does, there are twenty seconds between two descriptions", () => {
  for (const [bad, good] of [[6, 6], [6, 12], [12, 12], [15, 11]]) {
    const answers = doubled(...Array.from({ length: 40 }, () => [[bad, 0.1], [good, 0]]).flat());
    const turns = answers.flatMap((answer, at) => (at > 0 && answer !== answers[at - 1] ? [at] : []));
    assert.ok(turns.length > 0 && turns.every((at, which) => which === 0 || at - turns[which - 1] >= 20), `${turns}`);
  }
});
