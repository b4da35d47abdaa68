// What can be measured: its codes (LOINC) and units (UCUM), what is possible at all, and what is usual. No decision is
// made from it here: whoever types is told of a slip, and the doctor sees what is usual beside the value.
//
// `usual` is for adults at rest: blood pressure below 140/90 (ESC/ESH, measured in a practice) and not below 90/60; pulse
// 60 to 100; oxygen from 95 % (WHO, pulse oximetry manual); temperature below 37.5 °C; glucose up to 140 mg/dl after
// meals (WHO 2006; fasting is lower). Glucose has both units: half of Germany measures in the one, half in the other.

/** @typedef {"systolic" | "diastolic" | "pulse" | "oxygen" | "temperature" | "weight" | "glucose" | "glucose_mmol"} Quantity */
/** @typedef {"pressure" | Exclude<Quantity, "systolic" | "diastolic">} Kind */
/** @typedef {[code: string, display: string][]} Codes */
/** @typedef {Partial<Record<Quantity, number>>} Values */

/**
 * `least` and `most`: beyond them, somebody or something has erred. `digits` after the point. `example` as for a form.
 * @type {Record<Quantity, { codes: Codes, unit: string, ucum: string, digits: number, least: number, most: number,
 *   usual: [number, number] | null, example: number }>}
 */
export const QUANTITIES = {
  systolic: {
    codes: [["8480-6", "Systolic blood pressure"]], unit: "mmHg", ucum: "mm[Hg]",
    digits: 0, least: 50, most: 300, usual: [90, 139], example: 120,
  },
  diastolic: {
    codes: [["8462-4", "Diastolic blood pressure"]], unit: "mmHg", ucum: "mm[Hg]",
    digits: 0, least: 20, most: 200, usual: [60, 89], example: 80,
  },
  pulse: {
    codes: [["8867-4", "Heart rate"]], unit: "/min", ucum: "/min",
    digits: 0, least: 20, most: 300, usual: [60, 100], example: 72,
  },
  oxygen: { // both codes: the first one is what FHIR's vital signs want, the second says how it was measured
    codes: [["2708-6", "Oxygen saturation in Arterial blood"], ["59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"]],
    unit: "%", ucum: "%",
    digits: 0, least: 40, most: 100, usual: [95, 100], example: 97,
  },
  temperature: {
    codes: [["8310-5", "Body temperature"]], unit: "°C", ucum: "Cel",
    digits: 1, least: 25, most: 44, usual: [36, 37.4], example: 36.8,
  },
  weight: {
    codes: [["29463-7", "Body weight"]], unit: "kg", ucum: "kg",
    digits: 1, least: 0.5, most: 400, usual: null, example: 71.5,
  },
  glucose: {
    codes: [["41653-7", "Glucose [Mass/volume] in Capillary blood by Glucometer"]], unit: "mg/dl", ucum: "mg/dL",
    digits: 0, least: 10, most: 1000, usual: [70, 140], example: 110,
  },
  glucose_mmol: {
    codes: [["14743-9", "Glucose [Moles/volume] in Capillary blood by Glucometer"]], unit: "mmol/l", ucum: "mmol/L",
    digits: 1, least: 0.5, most: 56, usual: [3.9, 7.8], example: 6.1,
  },
};

/**
 * What is measured in one go: an Observation of `quantities`, and `beside` it one of what devices often show as well.
 * @type {Record<Kind, { category: "vital-signs" | "laboratory", panel?: Codes, quantities: Quantity[], beside: Kind[] }>}
 */
export const KINDS = {
  pressure: {
    category: "vital-signs", panel: [["85354-9", "Blood pressure panel with all children optional"]],
    quantities: ["systolic", "diastolic"], beside: ["pulse"],
  },
  pulse: { category: "vital-signs", quantities: ["pulse"], beside: [] },
  oxygen: { category: "vital-signs", quantities: ["oxygen"], beside: ["pulse"] },
  temperature: { category: "vital-signs", quantities: ["temperature"], beside: [] },
  weight: { category: "vital-signs", quantities: ["weight"], beside: [] },
  glucose: { category: "laboratory", quantities: ["glucose"], beside: [] },
  glucose_mmol: { category: "laboratory", quantities: ["glucose_mmol"], beside: [] },
};

export const NAMES = /** @type {Kind[]} */ (Object.keys(KINDS));

/** All that is asked for of a kind: what must be there, then what may. @param {Kind} kind @returns {Quantity[]} */
export function asked(kind) {
  const { quantities, beside } = KINDS[kind];
  return [...quantities, ...beside.flatMap((one) => KINDS[one].quantities)];
}

/** Whether it can be a value of that quantity. @param {Quantity} quantity @param {unknown} value @returns {value is number} */
export function possible(quantity, value) {
  const { least, most, digits } = QUANTITIES[quantity];
  return typeof value === "number" && value >= least && value <= most && Number(value.toFixed(digits)) === value;
}

/** Below (-1) or above (1) what is usual, or within (0). @param {Quantity} quantity @param {number} value */
export function beyond(quantity, value) {
  const [low, high] = QUANTITIES[quantity].usual ?? [-Infinity, Infinity];
  return value < low ? -1 : value > high ? 1 : 0;
}
