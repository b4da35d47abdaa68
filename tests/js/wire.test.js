// What another page says is believed only in the right shape.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { read } from "../../telemed/static/js/talk/wire.js";

const SAMPLES = JSON.parse(readFileSync(new URL("../data/messages/pages.json", import.meta.url), "utf8"));

test("every message has a sample, and is read as it was written", () => {
  const types = ["say", "note", "reading", "got", "orders", "shown", "typing", "offer", "accept", "refuse", "cancel", "have", "done", "commit", "reveal", "look"];
  assert.deepEqual([...new Set(SAMPLES.good.map(({ type }) => type))].sort(), types.sort());
  for (const message of SAMPLES.good) assert.deepEqual(read(JSON.stringify(message)), message);
});

for (const message of SAMPLES.bad) {
  test(`not ${JSON.stringify(message).slice(0, 90)}`, () => assert.equal(read(JSON.stringify(message)), null));
}

test("nothing else is read at all", () => {
  for (const frame of ["", "{", "null", "[]", "1", '"say"', new ArrayBuffer(3), undefined]) assert.equal(read(frame), null);
  assert.equal(read(JSON.stringify({ type: "say", id: "a", text: "x".repeat(10_001) })), null);
});
