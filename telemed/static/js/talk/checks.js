// The three words on the page, for each other person: shown when somebody asks for them, answered by yes or no.
import { data, part, words } from "../call/view.js";
import { Exchange } from "./words.js";
/** @import { Command, Seat } from "../call/types" */
/** @import { WordsMessage } from "./types" */
/** @import { Link } from "./link.js" */
/** @typedef {{ exchange: Exchange, link: Link, element: HTMLElement, epoch: () => number }} Check */

const PATIENCE = 15_000; // ms until it is said that the other page does not answer

export class Checks {
  #name; #send; #news;
  /** @type {Map<Seat, Check>} */ #checks = new Map();
  /** @type {Set<Seat>} */ #trusted = new Set(); // whose words were the same, in this connection or one before
  #card = part("checks", HTMLElement);

  /**
   * @param {(seat: Seat) => string} name @param {(command: Command) => void} send
   * @param {(seat: Seat, what: "asks" | "unsafe" | "anew") => void} news
   */
  constructor(name, send, news) {
    this.#name = name;
    this.#send = send;
    this.#news = news;
    part("checks-close", HTMLButtonElement).onclick = () => {
      this.#card.hidden = true;
      part("people", HTMLButtonElement).focus();
    };
  }

  /** @param {Link} link @param {{ local: string, remote: string }} prints @param {() => number} epoch */
  open(link, prints, epoch) {
    const { seat } = link;
    const { appointment, seat: mine } = data;
    const exchange = new Exchange({ appointment, mine, theirs: seat, ...prints }, (message) => link.tell(message));
    const element = /** @type {HTMLElement} */ (part("check-words", HTMLTemplateElement).content.firstElementChild?.cloneNode(true));
    const check = { exchange, link, element, epoch };
    this.#checks.set(seat, check);
    this.#set(element, ".name", words("check.with", { name: this.#name(seat) }));
    this.#set(element, ".result", words("check.soon"));
    for (const button of element.querySelectorAll("button")) button.onclick = () => this.#judge(check, button.dataset.match === "yes");
    part("checks-all", HTMLElement).append(element);
    const silent = setTimeout(() => this.#set(element, ".result", words("check.silent")), PATIENCE);
    exchange.words.then((three) => {
      clearTimeout(silent);
      if (this.#checks.get(seat) === check) this.#show(check, three);
    });
    exchange.begin();
  }

  /** @param {Seat} seat */
  close(seat) {
    this.#checks.get(seat)?.element.remove();
    this.#checks.delete(seat);
    if (this.#checks.size === 0) this.#card.hidden = true;
  }

  /** @param {Seat} seat @param {WordsMessage | { type: "look" }} message */
  hear(seat, message) {
    if (message.type !== "look") return this.#checks.get(seat)?.exchange.hear(message);
    if (!this.#card.hidden) return;
    this.#open();
    this.#news(seat, "asks");
  }

  /** Somebody here wants to see the words: they appear on the other pages too. */
  look() {
    this.#open();
    part("checks-title", HTMLElement).focus({ preventScroll: true });
    for (const { link } of this.#checks.values()) link.tell({ type: "look" });
  }

  end() {
    for (const seat of [...this.#checks.keys()]) this.close(seat);
  }

  /** In the place of the introduction, with the words in sight. */
  #open() {
    this.#card.hidden = false;
    part("intro", HTMLElement).hidden = true;
    part("people", HTMLButtonElement).setAttribute("aria-expanded", "false");
    part("checks-all", HTMLElement).scrollIntoView();
  }

  /** @param {Check} check @param {string[] | null} three */
  #show(check, three) {
    if (!three) return this.#warn(check, "check.broken");
    const { element } = check;
    const place = /** @type {HTMLElement} */ (element.querySelector(".three"));
    place.replaceChildren(...three.map((word) => Object.assign(document.createElement("b"), { textContent: word, lang: "de" })));
    this.#set(element, ".result", "");
    for (const hidden of element.querySelectorAll("[hidden]")) hidden.toggleAttribute("hidden", false);
    if (!this.#trusted.has(check.link.seat)) return;
    this.#set(element, ".result", words("check.anew"));
    this.#open();
    this.#news(check.link.seat, "anew");
  }

  /** @param {Check} check @param {boolean} match */
  #judge(check, match) {
    part("checks-title", HTMLElement).focus({ preventScroll: true }); // the buttons are about to go
    if (!match) return this.#warn(check, "check.no");
    this.#settle(check, true);
    this.#trusted.add(check.link.seat);
    this.#set(check.element, ".result", words("check.yes"));
  }

  /** @param {Check} check @param {string} why */
  #warn(check, why) {
    this.#settle(check, false);
    this.#set(check.element, ".result", `${words(why)} ${words("check.unsafe")}`);
    this.#open();
    check.element.scrollIntoView();
    if (why !== "check.no") this.#news(check.link.seat, "unsafe");
  }

  /** What was found, to be kept as yes or no; between doctor and patient only. @param {Check} check @param {boolean} match */
  #settle({ element, link, epoch }, match) {
    element.dataset.match = match ? "yes" : "no";
    if (data.seat !== "assistant" && link.seat !== "assistant") this.#send({ type: "sas", epoch: epoch(), match });
  }

  /** @param {HTMLElement} element @param {string} selector @param {string} text */
  #set(element, selector, text) {
    const found = element.querySelector(selector);
    if (found) found.textContent = text;
  }
}
