// Real-time text: whatever is typed, the other side has the same line, soon.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { LONGEST, Typist, edit, edited } from "../../telemed/static/js/talk/typing.js";

test("an edit makes the one line of the other", () => {
  const pieces = ["", "a", "aa", "ab", "Grüße", "Gruß", "👩‍⚕️", "👨‍⚕️", "👍🏽", "👍", "مرحبا", "مر", "1\n2", "12", "😀😁", "😀", "😁😀"];
  for (const before of pieces) {
    for (const after of [...pieces, ...pieces.map((piece) => before + piece), ...pieces.map((piece) => piece + before)]) {
      const change = edit(before, after);
      if (before === after) assert.equal(change, null);
      else assert.equal(edited(before, change), after, JSON.stringify([before, after, change]));
    }
  }
});

test("only what changed is sent, and no half of a character", () => {
  assert.deepEqual(edit("Ich habe seit gestern Feiber", "Ich habe seit gestern Fieber"), { at: 23, cut: 2, put: "ie" });
  assert.deepEqual(edit("ja 😀 gut", "ja 😁 gut"), { at: 3, cut: 2, put: "😁" });
  assert.deepEqual(edit("😀", "🐀"), { at: 0, cut: 2, put: "🐀" }); // they share their second half
});

test("an edit that fits no line is refused", () => {
  assert.equal(edited("abc", { at: 4, cut: 0, put: "x" }), null);
  assert.equal(edited("abc", { at: 1, cut: 3, put: "x" }), null);
  assert.equal(edited("", { at: 0, cut: 0, put: "x".repeat(LONGEST + 1) }), null);
});

let line, sent;
const typist = () => new Typist((change) => {
  sent.push(change);
  line = edited(line, change);
});

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  [line, sent] = ["", []];
});

test("the first character goes at once, the next within 200 ms, together", () => {
  const one = typist();
  one.type("H");
  assert.equal(line, "H");
  one.type("Ha");
  one.type("Hal");
  assert.equal(line, "H");
  mock.timers.tick(200);
  assert.equal(line, "Hal");
  one.type("Hall");
  mock.timers.tick(200);
  assert.equal(line, "Hall");
  assert.equal(sent.length, 3);
  mock.timers.tick(5_000);
  assert.equal(sent.length, 3, "nothing typed, nothing sent");
});

test("after a line was said the next one begins anew, with nothing left over from before", () => {
  const one = typist();
  one.type("H");
  one.type("Hallo");
  one.said();
  line = "";
  mock.timers.tick(1_000);
  assert.equal(line, "");
  one.type("J");
  assert.equal(line, "J");
});
