// The way to readings (../readings/), which most conversations do without: that part is fetched when it is wanted, or some
// seconds after this one, so that it is there when the server dies.
import { data, notice, words } from "../call/view.js";
/** @import { Seat } from "../call/types" */
/** @import { Log, Readings } from "../readings/page.js" */
/** @import { ReadingMessage } from "./types" */

const SOON = 10_000; // ms
const AGAIN = 4_000;

export class Later {
  #log;
  #awaited = false; // by a person, who is told then why nothing comes
  /** @type {Promise<Readings> | null} */ #readings = null;

  /** @param {Log} log */
  constructor(log) {
    this.#log = log;
    setTimeout(() => this.#load(), SOON);
    const open = document.getElementById("reading-open");
    if (open) open.onclick = () => this.#want().then((readings) => readings.open());
  }

  /** @param {Seat} seat @param {ReadingMessage} message */
  hear(seat, message) {
    if (data.seat === "practitioner") this.#want().then((readings) => readings.hear(seat, message));
  }

  end() {
    this.#readings?.then((readings) => readings.end());
  }

  #want() {
    this.#awaited = true;
    return this.#load();
  }

  #load() {
    return (this.#readings ??= this.#fetch(0));
  }

  /** @param {number} tried @returns {Promise<Readings>} */
  async #fetch(tried) {
    try {
      // A browser may remember that an address could not be loaded.
      const { Readings: Loaded } = await import(tried ? `${data.readings}?${tried}` : data.readings);
      notice("readings", "");
      return new Loaded(this.#log);
    } catch {
      if (this.#awaited) notice("readings", words("talk_later")); // the line or the server is away
      await new Promise((later) => setTimeout(later, AGAIN));
      return this.#fetch(tried + 1);
    }
  }
}
