// The way to readings (../readings/) and orders (../later/), which most conversations do without: that part is fetched when
// it is wanted, or some seconds after this one, so that it is there when the server dies.
import { data, notice, words } from "../call/view.js";
/** @import { Seat } from "../call/types" */
/** @import { Log } from "../readings/page.js" */
/** @import { Link } from "./link.js" */
/** @import { Parts } from "../later/parts.js" */
/** @import { OrdersMessage, ReadingMessage } from "./types" */

const SOON = 10_000; // ms
const AGAIN = 4_000;

export class Later {
  #log;
  #awaited = false; // by a person, who is told then why nothing comes
  /** @type {Promise<Parts> | null} */ #parts = null;
  /** @type {Parts | null} */ #there = null;
  /** @type {Map<Seat, Link>} */ #links = new Map();

  /** @param {Log} log */
  constructor(log) {
    this.#log = log;
    setTimeout(() => this.#load(), SOON);
    const open = document.getElementById("reading-open");
    if (open) open.onclick = () => this.#want().then(({ readings }) => readings.open());
    const orders = document.getElementById("orders-form")?.parentElement;
    if (orders) orders.ontoggle = () => this.#want();
  }

  /** @param {Link} link */
  open(link) {
    this.#links.set(link.seat, link);
    this.#there?.orders?.open(link);
  }

  /** @param {Seat} seat */
  close(seat) {
    this.#links.delete(seat);
    this.#there?.orders?.close(seat);
  }

  /** @param {Seat} seat @param {ReadingMessage | OrdersMessage} message */
  hear(seat, message) {
    if (message.type !== "reading") this.#want().then(({ orders }) => orders?.hear(seat, message));
    else if (data.seat === "practitioner") this.#want().then(({ readings }) => readings.hear(seat, message));
  }

  /** @returns {boolean} whether something is still to be printed */
  end() {
    this.#parts?.then(({ readings }) => readings.end());
    return this.#there?.orders?.end() ?? false;
  }

  #want() {
    this.#awaited = true;
    return this.#load();
  }

  #load() {
    return (this.#parts ??= this.#fetch(0));
  }

  /** @param {number} tried @returns {Promise<Parts>} */
  async #fetch(tried) {
    try {
      // A browser may remember that an address could not be loaded.
      const { Parts: Loaded } = await import(tried ? `${data.parts}?${tried}` : data.parts);
      notice("parts", "");
      const parts = this.#there = /** @type {Parts} */ (new Loaded(this.#log));
      this.#links.forEach((link) => parts.orders?.open(link));
      return parts;
    } catch {
      if (this.#awaited) notice("parts", words("talk_later")); // the line or the server is away
      await new Promise((later) => setTimeout(later, AGAIN));
      return this.#fetch(tried + 1);
    }
  }
}
