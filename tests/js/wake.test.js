// A page learns that it has slept, or that its network is another one.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

const listeners = {};
const listen = (name, heard, { signal } = {}) => {
  listeners[name] = heard;
  signal?.addEventListener("abort", () => delete listeners[name]);
};
let woken;
let slept = 0; // ms that passed without a timer
const connection = { type: "wifi", addEventListener: listen };

globalThis.addEventListener = listen;
globalThis.document = { hidden: false, addEventListener: listen };
Object.defineProperty(globalThis, "navigator", { value: { connection }, configurable: true });
const { keepAwake, onWake } = await import("../../telemed/static/js/call/wake.js");

beforeEach(() => {
  mock.restoreAll();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval"] });
  let now = 0;
  mock.method(Date, "now", () => now + slept);
  woken = [];
  slept = 0;
  onWake((changed) => woken.push(changed));
  globalThis.pass = (seconds) => {
    for (; seconds > 0; seconds--) {
      now += 1_000;
      mock.timers.tick(1_000);
    }
  };
});

test("time that nobody counted was sleep", () => {
  pass(30);
  assert.deepEqual(woken, []);
  slept += 20_000;
  pass(1);
  assert.deepEqual(woken, [true]);
  pass(10);
  assert.deepEqual(woken, [true]);
});

test("from Wi-Fi to mobile is another network, a new guess about its speed is not", () => {
  listeners.change();
  connection.type = "cellular";
  listeners.change();
  assert.deepEqual(woken, [false, true]);
});

test("a page that is seen again looks after its line, one that is hidden does not", () => {
  document.hidden = true;
  listeners.visibilitychange();
  assert.deepEqual(woken, []);
  document.hidden = false;
  listeners.visibilitychange();
  listeners.online();
  assert.deepEqual(woken, [false, true]);
});

test("a device is kept awake while it is called for, and may sleep afterwards", async () => {
  const held = new Set();
  navigator.wakeLock = {
    request: async () => {
      const lock = { release: async () => held.delete(lock) };
      held.add(lock);
      return lock;
    },
  };
  const sleepAgain = keepAwake();
  await null;
  assert.equal(held.size, 1);
  document.hidden = true;
  held.clear(); // the browser's doing
  listeners.visibilitychange();
  assert.equal(held.size, 0);
  document.hidden = false;
  listeners.visibilitychange();
  sleepAgain();
  await new Promise(setImmediate);
  assert.deepEqual([held.size, listeners.visibilitychange], [0, undefined]);
});
