// What has come to the doctor: shown with what is usual, and handed over as one FHIR Bundle, in this page alone.
import { data, part, words } from "../call/view.js";
import { bundle, read } from "./observation.js";
import { KINDS, beyond } from "./quantities.js";
import { Sentences } from "./sentences.js";
/** @import { Seat } from "../call/types" */
/** @import { ReadingMessage } from "../talk/types" */
/** @import { Log } from "./page.js" */
/** @import { Received as One } from "./observation.js" */

const MINUTE = 60_000; // ms

export class Received {
  #log;
  #box = part("readings", HTMLElement);
  #saved = part("readings-saved", HTMLElement);
  #sentences = new Sentences(words, document.documentElement.lang);
  #patient = { uuid: crypto.randomUUID(), name: "", birth_date: "", ...data.patient };
  /** @type {One[]} */ #all = [];

  /** @param {Log} log */
  constructor(log) {
    this.#log = log;
    part("readings-save", HTMLButtonElement).onclick = () => this.#save();
  }

  /** @param {Seat} seat @param {ReadingMessage} message */
  hear(seat, { id, observation }) {
    const reading = read(observation);
    if (!reading) return;
    const { kind, values } = reading;
    const unusual = KINDS[kind].quantities.some((quantity) => beyond(quantity, values[quantity] ?? NaN) !== 0);
    this.#box.hidden = false; // before the line comes, so that both end up in sight
    if (!this.#log.take(seat, id, this.#sentences.whole(reading, new Date()), unusual ? "reading unusual" : "reading")) return;
    this.#all.push({ uuid: crypto.randomUUID(), reading, by: this.#log.name(seat) });
    this.#saved.textContent = ""; // not this one
  }

  forget() {
    this.#all = [];
    this.#saved.textContent = "";
    this.#box.hidden = true;
  }

  #save() {
    const now = new Date();
    const content = JSON.stringify(bundle(this.#patient, this.#all, now.toISOString()), null, 1);
    const href = URL.createObjectURL(new Blob([content], { type: "application/fhir+json" }));
    const when = now.toLocaleString("sv").slice(0, 16).replace(":", "-"); // Swedes write 2026-11-27 09:15
    Object.assign(document.createElement("a"), { href, download: `${words("readings.file")} ${when}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(href), MINUTE);
    this.#saved.textContent = words("readings.saved", { count: `${this.#all.length}` });
  }
}
