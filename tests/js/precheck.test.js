// The page of the check: one thing at a time, whatever happens to its devices meanwhile. And a station's look at itself.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { part, written } from "./page.js";

written({ session: "station", words: { "look.noted": "noted", "look.lost": "lost" } });
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

/** What the page asks of its server when the look begins, and what it says at the end. @param {Record<string, number>} statuses  200 if not told */
async function looked(name, statuses) {
  const asked = [];
  part("look").dataset.line = "yes";
  part("heard").textContent = "a few words";
  globalThis.RTCPeerConnection = class {
    createDataChannel = () => new EventTarget();
    setLocalDescription = async () => {};
    close = () => {};
  };
  globalThis.fetch = async (path, { body } = {}) => {
    asked.push(path.startsWith("/api/v1/stations") ? `${path} ${body}` : path);
    const status = statuses[path] ?? 200;
    return { ok: status < 400, status, json: async () => ({ url: "probe", paths: [{ name: "direct", servers: [] }] }) };
  };
  await import(`../../telemed/static/js/precheck/morning.js?${name}`);
  await part("look").onclick();
  return [...asked, part("look-state").textContent];
}

test("a line that our own server does not let us measure is nothing to be noted", async () => {
  const tickets = "/api/v1/prechecks/tickets";
  assert.deepEqual(await looked("lost", { [tickets]: 401 }), ["/screen/session", tickets, "lost"]);
  assert.deepEqual(await looked("away", { "probe/offers": 500 }), [
    "/screen/session", tickets, "probe/offers", '/api/v1/stations/checks {"camera":"ok","microphone":"ok","line":null}', "noted",
  ]);
});
