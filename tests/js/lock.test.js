// The practitioner's lock: shown as the server says it, and said again to a server that has forgotten it.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Lock } from "../../telemed/static/js/call/lock.js";

let sent, shown, lock;

beforeEach(() => {
  [sent, shown] = [[], []];
  lock = new Lock((locked) => sent.push(locked), (locked) => shown.push(locked));
  lock.hear({ type: "joined", locked: false });
});

test("locks, and opens again", () => {
  lock.turn();
  assert.deepEqual([sent, shown], [[true], [false]], "not locked before the server says so");
  lock.hear({ type: "roster", locked: true });
  assert.deepEqual(shown, [false, true]);
  lock.turn();
  assert.deepEqual(sent, [true, false]);
});

test("a server that has forgotten the lock is told again, one that remembers is not", () => {
  lock.turn();
  lock.hear({ type: "roster", locked: true });
  lock.hear({ type: "joined", locked: true });
  assert.deepEqual(sent, [true]);
  lock.hear({ type: "joined", locked: false });
  assert.deepEqual(sent, [true, true]);
});

test("a lock that another window has set is shown and left alone", () => {
  lock.hear({ type: "joined", locked: true });
  assert.deepEqual([sent, shown.at(-1)], [[], true]);
  lock.hear({ type: "mode" });
  assert.equal(shown.length, 2);
});
