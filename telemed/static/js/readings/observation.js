// A reading as FHIR R4 Observation (hl7.org/fhir/R4/observation.html), to and from another page, and as the doctor's file.
import { KINDS, NAMES, QUANTITIES, possible } from "./quantities.js";
import { ordered } from "./typed.js";
/** @import { Codes, Kind, Quantity, Values } from "./quantities.js" */
/** @typedef {{ kind: Kind, values: Values, at: string, device: string }} Reading  `at`: ISO 8601, UTC; `device`: its name, empty if typed */
/** @typedef {{ uuid: string, reading: Reading, by: string }} Received  `by`: the name of who sent it */

const LOINC = "http://loinc.org";
const UCUM = "http://unitsofmeasure.org";
const CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category";
const LONGEST = 60; // characters of a device's name
export const OTHER_TIME = 600_000; // ms between a device's clock and ours from which it is told

/** The readings that were taken in one go: of a kind, and what was measured beside it. @param {Reading} all @returns {Reading[]} */
export function apart({ kind, values, at, device }) {
  return [kind, ...KINDS[kind].beside].flatMap((one) => {
    /** @type {Values} */
    const own = Object.fromEntries(KINDS[one].quantities.map((quantity) => [quantity, values[quantity]]));
    return Object.values(own).some((value) => value === undefined) ? [] : [{ kind: one, values: own, at, device }];
  });
}

/**
 * When that was measured which a device sends now: by its own clock if it says long ago. A clock that is ahead of ours,
 * or stands in the last century, is wrong.
 * @param {Date | null} stamp @param {Date} now @returns {string} ISO 8601, UTC
 */
export function measuredAt(stamp, now) {
  const old = stamp !== null && now.getTime() - stamp.getTime() > OTHER_TIME && instant(stamp.toISOString());
  return (old ? stamp : now).toISOString();
}

/** @param {Reading} reading */
export function observation({ kind, values, at, device }) {
  const { category, panel, quantities } = KINDS[kind];
  const parts = quantities.map((quantity) => ({ code: concept(QUANTITIES[quantity].codes), valueQuantity: amount(quantity, values[quantity]) }));
  return {
    resourceType: "Observation",
    status: "final",
    category: [{ coding: [{ system: CATEGORY, code: category }] }],
    ...(panel ? { code: concept(panel), component: parts } : parts[0]),
    effectiveDateTime: at,
    ...(device ? { device: { display: device } } : {}),
  };
}

/**
 * The reading in an Observation from another page, which may be anybody's program; null for everything that is not, to
 * the last field, what this page would have written: one unknown field could turn the meaning (`comparator`, a status).
 * @param {any} it  as JSON.parse gave it @returns {Reading | null}
 */
export function read(it) {
  const code = it?.code?.coding?.[0]?.code;
  const kind = NAMES.find((one) => (KINDS[one].panel ?? QUANTITIES[KINDS[one].quantities[0]].codes)[0][0] === code);
  if (!kind) return null;
  const { panel, quantities } = KINDS[kind];
  const values = Object.fromEntries(quantities.map((quantity, nth) => [quantity, (panel ? it.component?.[nth] : it)?.valueQuantity?.value]));
  const reading = { kind, values, at: it.effectiveDateTime, device: it.device?.display ?? "" };
  const fits = instant(reading.at) && (!reading.device || plainDevice(reading.device) === reading.device)
    && quantities.every((quantity) => possible(quantity, values[quantity])) && ordered(values);
  return fits && same(it, observation(reading)) ? reading : null;
}

/**
 * All of them as one file for the practice's own system, of one patient. Who sent what is what this page knows, not
 * what was claimed.
 * @param {{ uuid: string, name: string, birth_date: string }} patient @param {Received[]} received @param {string} now
 */
export function bundle(patient, received, now) {
  const subject = { reference: `urn:uuid:${patient.uuid}`, display: patient.name };
  return {
    resourceType: "Bundle",
    type: "collection",
    timestamp: now,
    entry: [
      {
        fullUrl: subject.reference,
        resource: { resourceType: "Patient", name: [{ text: patient.name }], birthDate: patient.birth_date },
      },
      ...received.map(({ uuid, reading, by }) => ({
        fullUrl: `urn:uuid:${uuid}`,
        resource: { ...observation(reading), subject, performer: [{ display: by }] },
      })),
    ],
  };
}

/** A device's name without what cannot be seen or turns the reading direction. @param {unknown} name */
export function plainDevice(name) {
  return typeof name === "string" ? [...name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").trim()].slice(0, LONGEST).join("").trim() : "";
}

/** @param {Codes} codes */
function concept(codes) {
  return { coding: codes.map(([code, display]) => ({ system: LOINC, code, display })) };
}

/** @param {Quantity} quantity @param {number | undefined} value */
function amount(quantity, value) {
  const { unit, ucum } = QUANTITIES[quantity];
  return { value, unit, system: UCUM, code: ucum };
}

/** @param {unknown} it */
function instant(it) {
  if (typeof it !== "string" || !/^20\d\d-/.test(it)) return false;
  const when = new Date(it);
  return !Number.isNaN(when.getTime()) && when.toISOString() === it;
}

/** Whether two JSON values are one. @param {any} one @param {any} other @returns {boolean} */
function same(one, other) {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  const keys = Object.keys(other);
  return Array.isArray(one) === Array.isArray(other) && Object.keys(one).length === keys.length
    && keys.every((key) => Object.hasOwn(one, key) && same(one[key], other[key]));
}
