// Where somebody beside the patient, or the patient, enters a reading or takes it from a device. What a device says stands
// in the fields like something typed, to be compared with its display and sent by a person: many send old ones first.
import { part, words } from "../call/view.js";
import { hears, listen } from "./device.js";
import { OTHER_TIME, apart, measuredAt, observation, plainDevice } from "./observation.js";
import { KINDS, NAMES, asked } from "./quantities.js";
import { Sentences } from "./sentences.js";
import { check } from "./typed.js";
/** @import { Kind, Quantity } from "./quantities.js" */
/** @import { Measurement } from "./profiles.js" */
/** @import { Fault } from "./typed.js" */
/** @typedef {(observation: object, text: string) => boolean} Give  whether the doctor is there */

export class Form {
  #give;
  #sentences = new Sentences(words, document.documentElement.lang);
  #form = part("reading", HTMLFormElement);
  #kind = part("reading-kind", HTMLSelectElement);
  #problem = part("reading-problem", HTMLElement);
  #state = part("reading-state", HTMLElement);
  /** The measurement in the fields, if it came from a device. @type {{ device: string, at: string, stamp: number } | null} */ #taken = null;
  /** @type {(() => void) | null} */ #release = null;
  #turn = 0; // of listening: what belongs to an earlier one is nobody's

  /** @param {Give} give */
  constructor(give) {
    this.#give = give;
    this.#kind.append(...NAMES.map((kind) => new Option(this.#sentences.choice(kind), kind)));
    this.#kind.onchange = () => this.#anew();
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.#send();
    };
    part("reading-listen", HTMLButtonElement).onclick = () => this.#listen();
    part("reading-close", HTMLButtonElement).onclick = () => {
      this.close();
      part("reading-open", HTMLButtonElement).focus();
    };
    this.#fields();
  }

  open() {
    part("reading-listen", HTMLButtonElement).hidden = !hears();
    this.#form.hidden = false;
    this.#kind.focus();
  }

  /** Nothing stays in it. */
  close() {
    this.#anew();
    this.#form.hidden = true;
  }

  #anew() {
    this.#let();
    this.#fields();
    this.#problem.textContent = "";
  }

  /** The chosen kind's fields, empty. */
  #fields() {
    const template = part("reading-field", HTMLTemplateElement).content;
    const fields = asked(this.#chosen).map((quantity) => {
      const field = /** @type {HTMLElement} */ (template.firstElementChild?.cloneNode(true));
      const [label, input] = [/** @type {HTMLLabelElement} */ (field.querySelector("label")), /** @type {HTMLInputElement} */ (field.querySelector("input"))];
      const rest = KINDS[this.#chosen].quantities.includes(quantity) ? [] : [words("reading.optional")];
      label.textContent = `${words(`reading.${quantity}`)} (${[this.#sentences.unit(quantity), ...rest].join(", ")})`;
      label.htmlFor = input.id = `reading-${quantity}`;
      input.oninput = () => this.#let(); // and it counts as typed
      return field;
    });
    part("reading-fields", HTMLElement).replaceChildren(...fields);
  }

  #send() {
    const inputs = this.#inputs();
    for (const [, input] of inputs) input.removeAttribute("aria-invalid");
    const { values, fault } = check(this.#chosen, Object.fromEntries(inputs.map(([quantity, input]) => [quantity, input.value])));
    if (fault) return this.#refuse(fault);
    const { at, device } = this.#taken ?? { at: new Date().toISOString(), device: "" };
    const readings = apart({ kind: this.#chosen, values, at, device });
    if (!readings.every((reading) => this.#give(observation(reading), this.#sentences.value(reading)))) {
      this.#problem.textContent = words("note.later");
      return;
    }
    this.#anew();
    this.#state.textContent = words("reading.sent");
    this.#kind.focus();
  }

  /** What was typed stays. @param {Fault} fault */
  #refuse(fault) {
    const input = part(`reading-${fault.quantity}`, HTMLInputElement);
    this.#problem.textContent = this.#sentences.refusal(fault, input.value);
    input.setAttribute("aria-invalid", "true");
    input.focus();
    this.#problem.scrollIntoView({ block: "nearest" });
  }

  async #listen() {
    this.#let();
    this.#problem.textContent = "";
    const turn = this.#turn;
    let device = "";
    const mine = () => turn === this.#turn;
    const say = (/** @type {string} */ key) => mine() && (this.#state.textContent = words(key, { name: device }));
    say("reading.choose");
    try {
      const release = await listen(this.#chosen, {
        connected: (name) => {
          device = plainDevice(name) || "Bluetooth";
          say("reading.connected");
        },
        heard: (measurement) => {
          if (!mine()) return;
          if (measurement) this.#take(measurement, device);
          else if (!this.#taken) say("reading.unusable");
        },
        gone: () => !this.#taken && say("reading.gone"),
      });
      if (mine()) this.#release = release;
      else release();
    } catch (error) {
      say(error instanceof DOMException && error.name === "NotFoundError" ? "reading.none_chosen" : "reading.gone");
    }
  }

  /** Into the fields; of several measurements that a device has kept, the newest. @param {Measurement} measurement @param {string} device */
  #take({ kind, values, stamp }, device) {
    const now = new Date();
    const when = (stamp ?? now).getTime();
    if (this.#taken && when < this.#taken.stamp) return;
    this.#taken = { device, at: measuredAt(stamp, now), stamp: when };
    if (kind !== this.#chosen) {
      this.#kind.value = kind; // a glucose meter says its unit only with its value
      this.#fields();
    }
    for (const [quantity, input] of this.#inputs()) {
      const value = values[quantity];
      input.value = value === undefined ? "" : this.#sentences.number(value);
      input.removeAttribute("aria-invalid");
    }
    this.#problem.textContent = "";
    const other = Math.abs(when - now.getTime()) > OTHER_TIME;
    const time = this.#sentences.moment(new Date(when), now);
    this.#state.textContent = `${words("reading.taken", { name: device })} ${other ? words("reading.other_time", { time }) : ""}`.trim();
  }

  /** Lets the device go. */
  #let() {
    this.#turn += 1;
    this.#release?.();
    this.#release = this.#taken = null;
    this.#state.textContent = "";
  }

  get #chosen() {
    return /** @type {Kind} */ (this.#kind.value);
  }

  /** @returns {[Quantity, HTMLInputElement][]} */
  #inputs() {
    return asked(this.#chosen).map((quantity) => [quantity, part(`reading-${quantity}`, HTMLInputElement)]);
  }
}
