// What measuring devices send (GATT), byte by byte, and a device that is only played.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hears, listen } from "../../telemed/static/js/readings/device.js";
import { float, sfloat } from "../../telemed/static/js/readings/ieee11073.js";
import { PROFILES, measured } from "../../telemed/static/js/readings/profiles.js";

const packet = (hex) => new DataView(Uint8Array.from(hex.split(" "), (byte) => parseInt(byte, 16)).buffer);
const NOON = "ea 07 0b 1b 0c 00 1e"; // 27 November 2026, 12:00:30
const noon = (minutes = 0) => new Date(2026, 10, 27, 12, minutes, 30);

test("numbers of medical devices", () => {
  for (const [raw, value] of [[0x0072, 114], [0xf16e, 36.6], [0x0ff6, -10], [0x1005, 50], [0xf7fd, 204.5], [0x8001, 1e-8]]) assert.equal(sfloat(raw), value);
  for (const none of [0x07ff, 0x0800, 0x07fe, 0x0802, 0x0801]) assert.equal(sfloat(none), null);
  for (const [raw, value] of [[0xff00016e, 36.6], [0xfe000e4c, 36.6], [0x00000025, 37], [0x0200000a, 1000], [0xfffffff6, -1]]) assert.equal(float(raw), value);
  for (const none of [0x007fffff, 0x00800000, 0x007ffffe, 0x00800002, 0x00800001]) assert.equal(float(none), null);
});

for (const [what, kind, hex, expected] of [
  ["a pressure", "pressure", "00 b6 00 5f 00 7c 00", { values: { systolic: 182, diastolic: 95 }, stamp: null }],
  ["a pressure with time, pulse, user and state", "pressure", `1e b6 00 5f 00 7c 00 ${NOON} 48 00 01 04 00`,
    { values: { systolic: 182, diastolic: 95, pulse: 72 }, stamp: noon() }],
  ["a pressure in kPa", "pressure", "01 a0 f0 6b f0 83 f0", { values: { systolic: 120, diastolic: 80 }, stamp: null }],
  ["a pressure with a clock that was never set", "pressure", "02 78 00 50 00 5d 00 00 00 00 00 00 00 00", { values: { systolic: 120, diastolic: 80 }, stamp: null }],
  ["a temperature", "temperature", "00 80 01 00 ff", { values: { temperature: 38.4 }, stamp: null }],
  ["a temperature in Fahrenheit, with time and place", "temperature", `07 eb 03 00 ff ${NOON} 02`, { values: { temperature: 37.9 }, stamp: noon() }],
  ["a weight", "weight", `02 dc 37 ${NOON}`, { values: { weight: 71.5 }, stamp: noon() }],
  ["a weight in pounds", "weight", "01 94 3d", { values: { weight: 71.5 }, stamp: null }],
  ["oxygen and pulse", "oxygen", `01 5b 00 48 00 ${NOON}`, { values: { oxygen: 91, pulse: 72 }, stamp: noon() }],
  ["oxygen without a pulse", "oxygen", "00 5b 00 ff 07", { values: { oxygen: 91 }, stamp: null }],
  ["a pulse", "pulse", "06 48", { values: { pulse: 72 }, stamp: null }],
  ["a pulse of 16 bits", "pulse", "01 48 00", { values: { pulse: 72 }, stamp: null }],
  ["glucose in kg/l", "glucose", `02 07 00 ${NOON} 6e b0 11`, { values: { glucose: 110 }, stamp: noon() }],
  ["glucose in mol/l, two minutes after the clock", "glucose", `07 07 00 ${NOON} 02 00 3d c0 11`, { kind: "glucose_mmol", values: { glucose_mmol: 6.1 }, stamp: noon(2) }],
  ["glucose with an offset to a clock that was never set", "glucose", "03 07 00 00 00 00 00 00 00 00 02 00 6e b0 11", { values: { glucose: 110 }, stamp: null }],
]) test(what, () => assert.deepEqual(measured(kind, packet(hex)), { kind, ...expected }));

for (const [what, kind, hex] of [
  ["a pressure that is none", "pressure", "00 ff 07 ff 07 ff 07"],
  ["half a pressure", "pressure", "00 b6 00 ff 07 ff 07"],
  ["a temperature that is none", "temperature", "00 ff ff 7f 00"],
  ["a weighing that did not work", "weight", "00 ff ff"],
  ["a finger that is not there", "oxygen", "00 ff 07 48 00"],
  ["a belt that is not worn", "pulse", "04 48"],
  ["a record without a value", "glucose", `00 07 00 ${NOON}`],
]) test(`nothing in ${what}`, () => assert.equal(measured(kind, packet(hex)), null));

test("a packet that is cut off is nothing", () => {
  const whole = packet(`1e b6 00 5f 00 7c 00 ${NOON} 48 00`);
  for (const [kind] of Object.entries(PROFILES)) assert.equal(measured(kind, new DataView(new ArrayBuffer(0))), null);
  for (let length = 0; length < whole.byteLength; length += 1) assert.equal(measured("pressure", new DataView(whole.buffer, 0, length)), null);
});

/** The little of Web Bluetooth that is used. */
function play(sends) {
  const log = [];
  const characteristic = (uuid) => Object.assign(new EventTarget(), {
    startNotifications: async () => log.push(`listen ${uuid.toString(16)}`),
    writeValueWithResponse: async (bytes) => log.push(`write ${uuid.toString(16)} ${[...bytes]}`),
  });
  const source = characteristic(sends);
  const found = { getCharacteristic: async (uuid) => (uuid === sends ? source : characteristic(uuid)) };
  const device = Object.assign(new EventTarget(), {
    name: "M3",
    gatt: {
      connect: async () => ({ getPrimaryService: async (uuid) => (log.push(`service ${uuid.toString(16)}`), found) }),
      disconnect: () => (log.push("disconnect"), device.dispatchEvent(new Event("gattserverdisconnected"))),
    },
  });
  const bluetooth = { requestDevice: async ({ filters }) => (log.push(`choose ${filters[0].services[0].toString(16)}`), device) };
  Object.defineProperty(navigator, "bluetooth", { value: bluetooth, configurable: true });
  return { log, device, says: (hex) => (Object.assign(source, { value: packet(hex) }), source.dispatchEvent(new Event("characteristicvaluechanged"))) };
}

test("a device is chosen by its service, heard, and let go", async () => {
  const { log, says } = play(0x2a35);
  assert.ok(hears());
  const heard = [];
  const release = await listen("pressure", { connected: (name) => log.push(name), heard: (one) => heard.push(one), gone: () => log.push("gone") });
  assert.deepEqual(log, ["choose 1810", "service 1810", "M3", "listen 2a35"]);
  says("00 b6 00 5f 00 7c 00");
  says("00 ff 07 ff 07 ff 07");
  assert.deepEqual(heard.map((one) => one?.values ?? null), [{ systolic: 182, diastolic: 95 }, null]);
  release();
  assert.deepEqual(log.slice(4), ["disconnect"], "whoever lets it go need not be told");
});

test("a device without the service is let go, and is not taken for one that nobody chose", async () => {
  const { log, device } = play(0x2a35);
  const lacking = async () => ({ getPrimaryService: () => Promise.reject(new DOMException("no such service", "NotFoundError")) });
  Object.assign(device.gatt, { connect: lacking });
  const told = { connected: () => log.push("connected"), heard: () => {}, gone: () => log.push("gone") };
  await assert.rejects(listen("pressure", told), { name: "NetworkError" });
  assert.deepEqual(log, ["choose 1810", "disconnect"]);
});

test("a glucose meter is asked for its last record", async () => {
  const { log, device } = play(0x2a18);
  await listen("glucose", { connected: () => {}, heard: () => {}, gone: () => log.push("gone") });
  assert.deepEqual(log.slice(2), ["listen 2a18", "listen 2a52", "write 2a52 1,6"]);
  device.dispatchEvent(new Event("gattserverdisconnected"));
  assert.equal(log.at(-1), "gone");
});
