// A reading in words. What is usual is told by words, never by colour alone, and to the doctor alone.
import { KINDS, NAMES, QUANTITIES, beyond } from "./quantities.js";
/** @import { Kind, Quantity } from "./quantities.js" */
/** @import { Reading } from "./observation.js" */
/** @import { Fault } from "./typed.js" */
/** @typedef {(key: string, values?: Record<string, string>) => string} Words */

export class Sentences {
  #words; #language;

  /** @param {Words} words @param {string} language */
  constructor(words, language) {
    this.#words = words;
    this.#language = language;
  }

  /** The name of a kind, with its unit if another kind differs in nothing else. @param {Kind} kind */
  choice(kind) {
    const [name, ...others] = [kind, ...NAMES.filter((one) => one !== kind)].map((one) => this.#words(`reading.${one}`));
    return others.includes(name) ? `${name} (${this.unit(KINDS[kind].quantities[0])})` : name;
  }

  /** "Blutdruck: 182/95 mmHg". @param {Reading} reading */
  value({ kind, values }) {
    const { quantities } = KINDS[kind];
    const numbers = quantities.map((quantity) => this.#number(quantity, values[quantity] ?? NaN)).join("/");
    return `${this.#words(`reading.${kind}`)}: ${numbers} ${this.unit(quantities[0])}`;
  }

  /** The value, how it stands to what is usual, when it was measured and with what: a line each. @param {Reading} reading @param {Date} now */
  whole(reading, now) {
    const { kind, values, at, device } = reading;
    const judged = KINDS[kind].quantities.flatMap((quantity) => this.#judge(quantity, values[quantity] ?? NaN));
    const how = device ? this.#words("reading.by_device", { name: device }) : this.#words("reading.by_hand");
    return [this.value(reading), ...judged, `${this.#words("reading.measured", { time: this.moment(new Date(at), now) })}, ${how}`].join("\n");
  }

  /** Why a value is not taken. @param {Fault} fault @param {string} text  as it was typed */
  refusal({ why, quantity }, text) {
    const { least, most, example } = QUANTITIES[quantity];
    const [low, high, like] = [least, most, example].map((value) => this.number(value));
    return this.#words(`reading.${why}`, { what: this.#words(`reading.${quantity}`), value: text.trim(), low, high, example: like });
  }

  /** @param {Quantity} quantity */
  unit(quantity) {
    return this.#words(`unit.${quantity}`) || QUANTITIES[quantity].unit;
  }

  /** As it is typed. @param {number} value */
  number(value) {
    return value.toLocaleString(this.#language, { useGrouping: false });
  }

  /** The time of day, with the date if it is another day's. @param {Date} when @param {Date} now */
  moment(when, now) {
    /** @type {Intl.DateTimeFormatOptions} */
    const time = { hour: "2-digit", minute: "2-digit" };
    const today = when.toDateString() === now.toDateString();
    return when.toLocaleString(this.#language, today ? time : { ...time, day: "numeric", month: "numeric", year: "numeric" });
  }

  /** @param {Quantity} quantity @param {number} value */
  #judge(quantity, value) {
    const { usual } = QUANTITIES[quantity];
    if (!usual) return [];
    const [low, high] = usual.map((edge) => this.#number(quantity, edge));
    const key = ["reading.low", "reading.usual", "reading.high"][beyond(quantity, value) + 1];
    return [this.#words(key, { what: this.#words(`reading.${quantity}`), low, high })];
  }

  /** @param {Quantity} quantity @param {number} value */
  #number(quantity, value) {
    const { digits } = QUANTITIES[quantity];
    return value.toLocaleString(this.#language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
  }
}
