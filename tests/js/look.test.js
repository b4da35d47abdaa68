// What a look at a station is worth.
import assert from "node:assert/strict";
import { test } from "node:test";
import { camera, line, microphone } from "../../telemed/static/js/precheck/look.js";

test("a camera is there, and sharp enough", () => {
  assert.deepEqual([undefined, { height: 240 }, { height: 480 }, { height: 720 }, {}].map(camera), ["bad", "weak", "ok", "ok", "ok"]);
});

test("a microphone is there, and hears", () => {
  assert.deepEqual([microphone(false, false), microphone(true, false), microphone(true, true)], ["bad", "weak", "ok"]);
});

test("a line carries moving pictures; one that was not measured is not a bad one", () => {
  assert.deepEqual(["full", "small", "still", "audio", "phone", null].map(line), ["ok", "ok", "weak", "weak", "bad", "none"]);
});
