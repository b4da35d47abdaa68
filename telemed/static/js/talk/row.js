// One file in the history: who, what, how far, and what can be done about it.
import { part, words } from "../call/view.js";
import { append, follow } from "./history.js";
import { harmless, picture, size } from "./names.js";
/** @import { Progress } from "./types" */
/** @typedef {"accept" | "refuse" | "cancel" | "again" | "away"} Act */

/** What can be done in a state. @type {{ out: Partial<Record<Progress, Act[]>>, in: Partial<Record<Progress, Act[]>> }} */
const ACTS = {
  out: { preparing: ["cancel"], offered: ["cancel"], going: ["cancel"], lost: ["again", "away"], refused: ["away"] },
  in: { offered: ["accept", "refuse"], going: ["refuse"] },
};
const OVER = new Set(["arrived", "refused", "cancelled", "broken", "lost", "unreadable"]);

export class Row {
  /** @type {Progress | ""} */ state = "";
  /** @type {string[]} */ #urls = [];
  #element; #way; #person;

  /**
   * @param {"out" | "in"} way @param {string} person @param {{ name: string, size: number }} file
   * @param {(act: Act) => void} act
   */
  constructor(way, person, file, act) {
    this.#way = way;
    this.#person = person;
    this.name = file.name;
    this.#element = /** @type {HTMLElement} */ (part("file", HTMLTemplateElement).content.firstElementChild?.cloneNode(true));
    this.#set(".name", file.name);
    this.#set(".size", size(file.size, document.documentElement.lang));
    this.#set(".whom", words(`file.${way}`, { name: person }));
    this.#find(".unsure").hidden = way === "out" || harmless(file.name);
    this.#element.setAttribute("aria-label", file.name);
    this.#find("progress").setAttribute("aria-label", file.name);
    for (const button of this.#buttons()) {
      const what = /** @type {Act} */ (button.dataset.act);
      button.onclick = () => {
        this.#element.focus(); // the button may be about to go
        act(what);
      };
    }
    append(this.#element);
  }

  /** @param {Progress} state @param {number} fraction  0 to 1 */
  show(state, fraction) {
    /** @type {HTMLProgressElement} */ (this.#find("progress")).value = fraction;
    if (state !== this.state) follow(() => this.#turn(state));
  }

  /** @param {Progress} state */
  #turn(state) {
    this.state = state;
    const acts = this.#acts();
    for (const button of this.#buttons()) button.hidden = !acts.includes(/** @type {Act} */ (button.dataset.act));
    this.#find("progress").hidden = state !== "going";
    this.#find(".state").textContent = this.sentence;
    this.#element.dataset.state = state;
  }

  /** Where it is, in words. */
  get sentence() {
    return words(`file.${this.#way}.${this.state}`, { name: this.#person }) || words(`file.${this.state}`, { name: this.#person });
  }

  /** What has arrived: to be saved and, if it is a picture, to be seen. Nothing in it is ever run. @param {Blob} whole */
  async hand(whole) {
    const save = /** @type {HTMLAnchorElement} */ (this.#find("a"));
    save.href = this.#url(whole, "application/octet-stream");
    save.download = this.name;
    save.hidden = false;
    const type = picture(new Uint8Array(await whole.slice(0, 12).arrayBuffer()));
    if (!type) return;
    const look = /** @type {HTMLButtonElement} */ (this.#find(".look"));
    const image = /** @type {HTMLImageElement} */ (this.#find("img"));
    image.src = this.#url(whole, type);
    image.alt = words("file.enlarge", { name: this.name });
    image.onerror = () => (look.hidden = true);
    look.hidden = false;
    look.onclick = () => {
      const large = part("picture-large", HTMLImageElement);
      large.src = image.src;
      large.alt = this.name;
      part("picture", HTMLDialogElement).showModal();
    };
  }

  remove() {
    this.#urls.forEach((url) => URL.revokeObjectURL(url));
    this.#element.remove();
  }

  /** @returns {NodeListOf<HTMLButtonElement>} */
  #buttons() {
    return this.#element.querySelectorAll("[data-act]");
  }

  #acts() {
    const acts = this.state ? ACTS[this.#way][this.state] : undefined;
    return acts ?? (OVER.has(this.state) && this.state !== "arrived" ? ["away"] : []);
  }

  /** @param {Blob} whole @param {string} type */
  #url(whole, type) {
    const url = URL.createObjectURL(whole.slice(0, whole.size, type));
    this.#urls.push(url);
    return url;
  }

  /** @param {string} selector @returns {HTMLElement} */
  #find(selector) {
    return /** @type {HTMLElement} */ (this.#element.querySelector(selector));
  }

  /** @param {string} selector @param {string} text */
  #set(selector, text) {
    this.#find(selector).textContent = text;
  }
}
