// Browsers of 2021 get what they do not have, and newer ones keep their own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { older } from "../../telemed/static/js/call/older.js";

test("what is missing is there afterwards", async () => {
  class HTMLElement {}
  const scope = { Object: {}, AbortSignal: {}, crypto: { getRandomValues: (bytes) => crypto.getRandomValues(bytes) }, HTMLElement };
  older(scope);
  assert.equal(scope.Object.hasOwn({ a: 1 }, "a"), true);
  assert.equal(scope.Object.hasOwn({}, "toString"), false);
  const ids = new Set(Array.from({ length: 100 }, () => scope.crypto.randomUUID()));
  assert.equal(ids.size, 100);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const signal = scope.AbortSignal.timeout(5);
  assert.equal(signal.aborted, false);
  await new Promise((done) => signal.addEventListener("abort", done));
  assert.equal(scope.HTMLDialogElement, HTMLElement);
});

test("what is there stays", () => {
  const own = { Object: { hasOwn: 1 }, AbortSignal: { timeout: 2 }, crypto: { randomUUID: 3 }, HTMLDialogElement: 4 };
  older(own);
  assert.deepEqual([own.Object.hasOwn, own.AbortSignal.timeout, own.crypto.randomUUID, own.HTMLDialogElement], [1, 2, 3, 4]);
});
