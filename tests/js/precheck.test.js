// The page of the check: one thing at a time, whatever happens to its devices meanwhile.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { part, written } from "./page.js";

written({});
mock.timers.enable({ apis: ["setInterval"] });
const track = (kind) => ({ kind, getSettings: () => ({}), stop: () => {} });
const tracks = [track("audio"), track("video")];
const mediaDevices = {
  addEventListener: () => {}, enumerateDevices: async () => [], getUserMedia: async () => ({ getTracks: () => tracks }),
};
Object.defineProperty(globalThis, "navigator", { value: { mediaDevices, userAgent: "" }, configurable: true });
globalThis.isSecureContext = true;
globalThis.MediaStream = class {};
globalThis.AudioContext = class {
  createAnalyser = () => ({ disconnect: () => {} });
  createMediaStreamSource = () => ({ connect: () => {} });
};
let answer;
globalThis.fetch = () => new Promise((_, refuse) => (answer = refuse));
const settled = () => new Promise(setImmediate);

test("a device that changes while the line is measured does not offer to speak in the middle of it", async () => {
  await import("../../telemed/static/js/precheck/page.js");
  await part("open").onclick();
  assert.equal(part("speak").disabled, false);
  const measuring = part("measure").onclick();
  tracks[1].onmute();
  await settled();
  assert.deepEqual([part("measure").disabled, part("speak").disabled], [true, true]);
  answer(new TypeError("away"));
  await measuring;
  assert.deepEqual([part("measure").disabled, part("speak").disabled], [false, false]);

  part("speak").onclick();
  const meanwhile = part("measure").onclick();
  answer(new TypeError("away"));
  await meanwhile;
  assert.equal(part("speak").disabled, true, "somebody is still speaking");
});
