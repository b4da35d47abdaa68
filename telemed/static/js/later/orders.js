// What the doctor asks the patient to do, in plain words: written here, shown large over there, printed as a sheet. It goes
// from page to page and stays in the two pages, also when the doctor ends the call before it is printed.
import { announce, data, part, words } from "../call/view.js";
import { LONGEST } from "../talk/typing.js";
/** @import { Seat } from "../call/types" */
/** @import { OrdersMessage } from "../talk/types" */
/** @import { Link } from "../talk/link.js" */

const GAP = "…"; // in the sentences to put in
const LEFT_ALONE = 180_000; // ms after which a screen that others use too forgets it

/** @param {string} id */
const text = (id) => part(id, HTMLElement);

const now = () => new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });

/** The doctor's side. */
export class OrdersWritten {
  /** @type {Link | null} */ #link = null;
  /** @type {(OrdersMessage & { type: "orders" }) | null} */ #sent = null;
  #shown = ""; // over there
  #field = part("orders-text", HTMLTextAreaElement);

  constructor() {
    this.#field.oninput = () => this.#remind();
    part("orders-fields", HTMLFieldSetElement).disabled = false;
    part("orders-form", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      this.#send();
    };
    for (const block of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-block]"))) {
      block.onclick = () => this.#put(block.dataset.block ?? "");
    }
  }

  /** A page that was loaded anew gets it again. @param {Link} link */
  open(link) {
    if (link.seat !== "patient") return;
    this.#link = link;
    if (this.#sent) link.tell(this.#sent);
  }

  /** @param {Seat} seat */
  close(seat) {
    if (seat === "patient") this.#link = null;
  }

  /** @param {Seat} seat @param {OrdersMessage} message */
  hear(seat, message) {
    if (seat !== "patient" || message.type !== "shown" || message.id !== this.#sent?.id) return;
    text("orders-state").textContent = words("orders.shown", { time: now() });
    this.#shown = this.#sent.text;
    this.#remind();
  }

  end() {
    this.#sent = null;
    this.#field.value = "";
    this.#remind();
    return false;
  }

  #send() {
    const said = this.#field.value.trim();
    const gap = this.#field.value.indexOf(GAP);
    const fault = !said ? "orders.empty" : said.length > LONGEST ? "too_long" : gap >= 0 ? "orders.gap" : "";
    text("orders-state").textContent = words(fault || (this.#link ? "orders.going" : "orders.later"));
    if (fault === "orders.gap") {
      this.#field.focus();
      this.#field.setSelectionRange(gap, gap + GAP.length);
    }
    if (fault) return;
    this.#sent = { type: "orders", id: crypto.randomUUID(), text: said };
    this.#link?.tell(this.#sent);
    this.#remind();
  }

  /** Whoever ends the call is told of what would be lost. */
  #remind() {
    const wanted = this.#field.value.trim() || this.#sent?.text;
    text("orders-unshown").hidden = !wanted || wanted === this.#shown;
  }

  /** @param {string} sentence */
  #put(sentence) {
    const before = this.#field.value.trimEnd();
    this.#field.value = `${before}${before && "\n"}${sentence}`;
    this.#remind();
    this.#field.focus();
  }
}

/** The patient's side. */
export class OrdersShown {
  #box = part("orders", HTMLDetailsElement);
  #link = /** @type {Link | null} */ (null);
  #id = "";

  constructor() {
    part("orders-print", HTMLButtonElement).onclick = () => print();
  }

  /** @param {Link} link */
  open(link) {
    if (link.seat === "practitioner") this.#link = link;
  }

  /** @param {Seat} seat */
  close(seat) {
    if (seat === "practitioner") this.#link = null;
  }

  /** Shown without taking the focus: somebody may be about to press a button. @param {Seat} seat @param {OrdersMessage} message */
  hear(seat, message) {
    if (seat !== "practitioner" || message.type !== "orders") return;
    if (message.id !== this.#id) {
      this.#id = message.id;
      text("orders-text").textContent = text("sheet-text").textContent = message.text;
      text("sheet-when").textContent = new Date().toLocaleDateString(document.documentElement.lang, { dateStyle: "long" });
      document.body.dataset.sheet = "yes";
      this.#box.hidden = false;
      this.#box.open = true;
      announce(words("news.orders"));
    }
    this.#link?.tell({ type: "shown", id: message.id });
  }

  /** Stays to be printed; the page that comes next has nothing of it. @returns {boolean} whether there is something */
  end() {
    if (!this.#id) return false;
    text("over").querySelector("h1")?.after(this.#box);
    if (data.session !== "guest") setTimeout(() => location.assign(data.after), LEFT_ALONE);
    return true;
  }
}
