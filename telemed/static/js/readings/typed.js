// What somebody has typed into the fields of a reading.
import { KINDS, QUANTITIES, asked, possible } from "./quantities.js";
/** @import { Kind, Quantity, Values } from "./quantities.js" */
/** @typedef {{ why: "number" | "beyond" | "order", quantity: Quantity }} Fault */

/**
 * The values, or the first thing that cannot be. Only what is measured beside the rest may be empty.
 * @param {Kind} kind @param {Partial<Record<Quantity, string>>} texts
 * @returns {{ values: Values, fault?: undefined } | { fault: Fault, values?: undefined }}
 */
export function check(kind, texts) {
  /** @type {Values} */
  const values = {};
  for (const quantity of asked(kind)) {
    const text = (texts[quantity] ?? "").trim();
    if (!text && !KINDS[kind].quantities.includes(quantity)) continue;
    const value = number(text, QUANTITIES[quantity].digits);
    if (value === null) return { fault: { why: "number", quantity } };
    if (!possible(quantity, value)) return { fault: { why: "beyond", quantity } };
    values[quantity] = value;
  }
  return ordered(values) ? { values } : { fault: { why: "order", quantity: "diastolic" } };
}

/** Whether the pressure of the beat is above the one between beats. @param {Values} values */
export function ordered({ systolic, diastolic }) {
  return systolic === undefined || diastolic === undefined || systolic > diastolic;
}

/** With a comma or a point. @param {string} text @param {number} digits  after it, at most */
function number(text, digits) {
  return (digits ? /^\d{1,4}(?:[.,]\d)?$/ : /^\d{1,4}$/).test(text) ? Number(text.replace(",", ".")) : null;
}
