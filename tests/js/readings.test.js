// Readings: what may be typed, what another page may send, what is said of it, and the doctor's file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { apart, bundle, measuredAt, observation, plainDevice, read } from "../../telemed/static/js/readings/observation.js";
import { KINDS, NAMES, QUANTITIES } from "../../telemed/static/js/readings/quantities.js";
import { Sentences } from "../../telemed/static/js/readings/sentences.js";
import { check } from "../../telemed/static/js/readings/typed.js";

const file = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const SAMPLES = JSON.parse(file("tests/data/messages/readings.json"));
const AT = "2026-11-27T09:15:00.000Z";

test("every kind has a sample, and is written and read as in it", () => {
  assert.deepEqual(SAMPLES.good.map(({ reading }) => reading.kind), NAMES);
  for (const sample of SAMPLES.good) {
    assert.deepEqual(observation(sample.reading), sample.observation);
    assert.deepEqual(read(JSON.parse(JSON.stringify(sample.observation))), sample.reading);
  }
});

for (const { why, observation: bad } of SAMPLES.bad) test(`not ${why}`, () => assert.equal(read(bad), null));

test("what is no object at all is no reading", () => {
  for (const it of [null, undefined, 7, "8310-5", [], [SAMPLES.good[0].observation], { code: "8310-5" }, { code: { coding: "8310-5" } }]) assert.equal(read(it), null);
});

test("the table of the protocol has these codes, units and limits", () => {
  const protocol = file("telemed/consultation/PROTOCOL.md");
  const range = ([low, high], digits) => `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
  for (const { codes, unit, ucum, digits, least, most, usual } of Object.values(QUANTITIES)) {
    const lab = unit.endsWith("/dl") || unit.endsWith("/l") ? ", `laboratory`" : "";
    const row = `| ${codes.map(([code]) => code).join(" and ")}${lab} | ${unit}, \`${ucum}\` | ${range([least, most], digits)} | ${usual ? `${range(usual, digits)} ` : ""}|`;
    assert.ok(protocol.includes(row), row);
  }
  for (const { panel } of Object.values(KINDS)) if (panel) assert.ok(protocol.includes(`| ${panel[0][0]},`));
});

test("typed with comma or point, and nothing but a number within its limits", () => {
  assert.deepEqual(check("temperature", { temperature: " 38,4 " }), { values: { temperature: 38.4 } });
  assert.deepEqual(check("temperature", { temperature: "38.4" }), { values: { temperature: 38.4 } });
  assert.deepEqual(check("pressure", { systolic: "120", diastolic: "80", pulse: "" }), { values: { systolic: 120, diastolic: 80 } });
  assert.deepEqual(check("pressure", { systolic: "120", diastolic: "80", pulse: "70" }), { values: { systolic: 120, diastolic: 80, pulse: 70 } });
  for (const [kind, texts, why, quantity] of [
    ["temperature", { temperature: "" }, "number", "temperature"],
    ["temperature", { temperature: "3e1" }, "number", "temperature"],
    ["temperature", { temperature: "38,45" }, "number", "temperature"],
    ["temperature", { temperature: "-1" }, "number", "temperature"],
    ["temperature", { temperature: "384" }, "beyond", "temperature"],
    ["pulse", { pulse: "72,5" }, "number", "pulse"],
    ["glucose", { glucose: "6" }, "beyond", "glucose"], // in the other unit
    ["glucose_mmol", { glucose_mmol: "110" }, "beyond", "glucose_mmol"],
    ["pressure", { systolic: "120", diastolic: "" }, "number", "diastolic"],
    ["pressure", { systolic: "80", diastolic: "120" }, "order", "diastolic"],
    ["pressure", { systolic: "120", diastolic: "80", pulse: "7" }, "beyond", "pulse"],
    ["oxygen", { oxygen: "101" }, "beyond", "oxygen"],
    ["weight", { weight: "7150" }, "beyond", "weight"],
  ]) assert.deepEqual(check(kind, texts), { fault: { why, quantity } }, JSON.stringify(texts));
  for (const { example, least, most, usual, digits } of Object.values(QUANTITIES)) {
    assert.ok(example >= least && example <= most && Number(example.toFixed(digits)) === example);
    assert.ok(!usual || (usual[0] > least && usual[1] <= most && usual[0] < usual[1]));
  }
});

test("what a cuff shows in one go are two observations", () => {
  const all = apart({ kind: "pressure", values: { systolic: 120, diastolic: 80, pulse: 70 }, at: AT, device: "M3" });
  assert.deepEqual(all.map(({ kind, values, device }) => [kind, values, device]), [
    ["pressure", { systolic: 120, diastolic: 80 }, "M3"], ["pulse", { pulse: 70 }, "M3"],
  ]);
  assert.equal(apart({ kind: "pressure", values: { systolic: 120, diastolic: 80 }, at: AT, device: "" }).length, 1);
  for (const reading of all) assert.deepEqual(read(observation(reading)), reading);
});

test("what a device kept from before is not measured now", () => {
  const now = new Date(AT);
  for (const [stamp, at] of [
    [null, AT], ["2026-11-27T09:06:00.000Z", AT], ["2026-11-27T09:04:00.000Z", "2026-11-27T09:04:00.000Z"],
    ["2024-05-11T07:00:00.000Z", "2024-05-11T07:00:00.000Z"], ["2031-01-01T00:00:00.000Z", AT], ["1970-01-01T00:00:00.000Z", AT],
  ]) {
    assert.equal(measuredAt(stamp && new Date(stamp), now), at, stamp);
    assert.ok(read(observation({ kind: "pulse", values: { pulse: 70 }, at, device: "M3" })), "the doctor's page takes it");
  }
});

test("the unit of a kind is told once: where it is chosen, and behind the value", () => {
  const page = file("telemed/templates/call/words.html");
  const said = new Sentences((key) => RegExp(`"${key}": _\\("([^"]*)"\\)`).exec(page)?.[1] ?? "", "en");
  assert.deepEqual(["glucose", "glucose_mmol", "weight"].map((kind) => said.choice(kind)), ["Blood sugar (mg/dl)", "Blood sugar (mmol/l)", "Weight"]);
  assert.equal(said.value({ kind: "glucose", values: { glucose: 110 } }), "Blood sugar: 110 mg/dl");
});

test("a device's name is only a name", () => {
  assert.equal(plainDevice(" BP\u0000 7\u202e\n "), "BP 7");
  assert.equal(plainDevice("😀".repeat(99)), "😀".repeat(60));
  for (const none of [undefined, null, 7, "\u202e"]) assert.equal(plainDevice(none), "");
});

test("the doctor is told how it stands to what is usual, in words", () => {
  const words = (key, values = {}) => `${key}${Object.keys(values).length ? ` ${JSON.stringify(values)}` : ""}`;
  const said = new Sentences((key, values) => (key.startsWith("unit.") ? "" : words(key, values)), "de");
  const whole = (kind, values, device = "") => said.whole({ kind, values, at: AT, device }, new Date(AT)).split("\n");
  assert.deepEqual(whole("pressure", { systolic: 182, diastolic: 58 }).slice(0, 3), [
    "reading.pressure: 182/58 mmHg",
    'reading.high {"what":"reading.systolic","low":"90","high":"139"}',
    'reading.low {"what":"reading.diastolic","low":"60","high":"89"}',
  ]);
  const [value, usual, how] = whole("temperature", { temperature: 37 }, "Thermo 7");
  assert.deepEqual([value, usual], ["reading.temperature: 37,0 °C", 'reading.usual {"what":"reading.temperature","low":"36,0","high":"37,4"}']);
  assert.match(how, /^reading\.measured .*:15.*, reading\.by_device \{"name":"Thermo 7"\}$/);
  assert.equal(whole("weight", { weight: 71.5 }).length, 2, "nothing is usual for a weight");
  assert.match(said.whole({ kind: "pulse", values: { pulse: 70 }, at: AT, device: "" }, new Date("2026-12-24T12:00:00Z")), /27\.11\.2026/);
  assert.equal(said.refusal({ why: "beyond", quantity: "temperature" }, " 384 "), 'reading.beyond {"what":"reading.temperature","value":"384","low":"25","high":"44","example":"36,8"}');
});

test("the file is a collection of one patient's observations, each with who sent it", () => {
  const patient = { uuid: "11111111-1111-4111-8111-111111111111", name: "Alice Ährenfeld", birth_date: "1948-05-17" };
  const received = SAMPLES.good.map(({ reading }, nth) => ({ uuid: `22222222-2222-4222-8222-22222222222${nth}`, reading, by: "Petra Pohl" }));
  const file = bundle(patient, received, AT);
  assert.deepEqual([file.resourceType, file.type, file.timestamp, file.entry.length], ["Bundle", "collection", AT, 1 + NAMES.length]);
  const [first, ...rest] = file.entry;
  assert.deepEqual(first, {
    fullUrl: `urn:uuid:${patient.uuid}`,
    resource: { resourceType: "Patient", name: [{ text: "Alice Ährenfeld" }], birthDate: "1948-05-17" },
  });
  rest.forEach(({ fullUrl, resource }, nth) => {
    assert.equal(fullUrl, `urn:uuid:${received[nth].uuid}`);
    const { subject, performer, ...own } = resource;
    assert.deepEqual([subject, performer], [{ reference: first.fullUrl, display: "Alice Ährenfeld" }, [{ display: "Petra Pohl" }]]);
    assert.deepEqual(own, SAMPLES.good[nth].observation);
  });
});
