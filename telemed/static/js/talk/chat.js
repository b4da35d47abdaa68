// Messages and real-time text. A finished line goes into the log, which is read aloud; a line that is being typed stands
// below it, marked, and is not. All of it lives in this page alone.
import { part, words } from "../call/view.js";
import { append, follow } from "./history.js";
import { LONGEST, Typist, edited } from "./typing.js";
/** @import { RosterSeat, Seat } from "../call/types" */
/** @import { ReadingMessage, TextMessage } from "./types" */
/** @import { Link } from "./link.js" */
/** @typedef {Extract<TextMessage, { text: string }> | ReadingMessage} Line */
/** @typedef {{ message: Line, seats: Set<Seat>, mark: HTMLElement }} Unheard */

const LATE = 3_000; // ms until it is said that a line has not arrived

export class Chat {
  #name; #news;
  /** @type {Map<Seat, Link>} */ #links = new Map();
  /** @type {Map<Seat, Typist>} */ #typists = new Map();
  /** @type {Map<Seat, { line: string, element: HTMLElement }>} */ #typing = new Map();
  /** @type {Map<string, Unheard>} */ #unheard = new Map();
  /** @type {Set<string>} */ #seen = new Set();
  /** Those who may follow the line that is being typed: in the room since it was begun. @type {Set<Seat>} */ #readers = new Set();
  #field = part("line", HTMLTextAreaElement);
  #live = part("live", HTMLInputElement);

  /**
   * @param {(seat: Seat) => string} name
   * @param {(seat: Seat, what: "wrote" | "types" | "noted" | "measured") => void} news
   */
  constructor(name, news) {
    this.#name = name;
    this.#news = news;
    part("compose", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      this.#say();
    };
    this.#field.onkeydown = (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#say();
    };
    this.#field.oninput = this.#live.onchange = () => this.#type();
  }

  /** @param {Link} link */
  open(link) {
    const { seat } = link;
    this.#links.set(seat, link);
    this.#typists.set(seat, new Typist((edit) => link.tell({ type: "typing", ...edit })));
    for (const { message, seats } of this.#unheard.values()) if (seats.has(seat)) link.tell(message);
    this.#type();
  }

  /** @param {Seat} seat */
  close(seat) {
    this.#typists.get(seat)?.close();
    this.#typists.delete(seat);
    this.#links.delete(seat);
    this.#rub(seat);
  }

  /** What was begun while somebody was not in the room is not for them before it is sent. @param {RosterSeat[]} roster */
  see(roster) {
    for (const reader of this.#readers) {
      if (!roster.some(({ seat, admitted }) => seat === reader && admitted)) this.#readers.delete(reader);
    }
  }

  /** What has not reached them is not sent again. @param {Seat} seat */
  forget(seat) {
    for (const [id, { seats }] of this.#unheard) if (seats.delete(seat) && seats.size === 0) this.#unheard.delete(id);
  }

  /** @param {Seat} seat @param {TextMessage} message */
  hear(seat, message) {
    if (message.type === "got") return this.#heard(seat, message.id);
    if (message.type === "typing") return this.#watch(seat, message);
    if (message.type === "say") this.#rub(seat);
    const [kind, news] = message.type === "note" ? /** @type {const} */ (["note", "noted"]) : /** @type {const} */ (["theirs", "wrote"]);
    this.take(seat, message.id, message.text, kind, news);
  }

  /**
   * A line of somebody else's: answered, and shown once.
   * @param {Seat} seat @param {string} id @param {string} text @param {string} kind @param {"wrote" | "noted" | "measured"} news
   * @returns {boolean} whether it is new, not sent again after a lost connection
   */
  take(seat, id, text, kind, news) {
    this.#links.get(seat)?.tell({ type: "got", id });
    if (this.#seen.has(`${seat} ${id}`)) return false;
    this.#seen.add(`${seat} ${id}`);
    this.#write(this.#name(seat), text, kind);
    this.#news(seat, news);
    return true;
  }

  /** To one person. @param {Seat} seat @param {Line} line @param {string} text @returns {boolean} whether they are there */
  give(seat, line, text) {
    if (!this.#links.has(seat)) return false;
    this.#send(line, [seat], text, line.type);
    return true;
  }

  /** @param {string} sentence */
  problem(sentence) {
    part("line-problem", HTMLElement).textContent = sentence;
  }

  end() {
    for (const seat of [...this.#links.keys()]) this.close(seat);
    this.#unheard.clear();
    this.#field.value = "";
    part("lines", HTMLElement).replaceChildren();
  }

  #say() {
    const text = this.#field.value.trim();
    const fault = text.length > LONGEST ? "too_long" : this.#links.size === 0 ? "nobody" : "";
    this.problem(text && fault ? words(fault) : "");
    if (!text || fault) return;
    this.#send({ type: "say", id: crypto.randomUUID(), text }, [...this.#links.keys()], text, "mine");
    this.#typists.forEach((typist) => typist.said());
    this.#field.value = "";
    this.#type();
  }

  #type() {
    const line = this.#live.checked && this.#field.value.length <= LONGEST ? this.#field.value : "";
    if (!this.#field.value) for (const seat of this.#typists.keys()) this.#readers.add(seat);
    this.#typists.forEach((typist, seat) => this.#readers.has(seat) && typist.type(line));
  }

  /** @param {Line} message @param {Seat[]} seats @param {string} text @param {string} kind */
  #send(message, seats, text, kind) {
    const mark = this.#write(words("you"), text, `mine ${kind}`);
    this.#unheard.set(message.id, { message, seats: new Set(seats), mark });
    for (const seat of seats) this.#links.get(seat)?.tell(message);
    setTimeout(() => this.#unheard.has(message.id) && (mark.textContent = words("not_yet")), LATE);
  }

  /** @param {Seat} seat @param {string} id */
  #heard(seat, id) {
    const line = this.#unheard.get(id);
    line?.seats.delete(seat);
    if (line?.seats.size !== 0) return;
    this.#unheard.delete(id);
    line.mark.textContent = "";
  }

  /** @param {Seat} seat @param {{ at: number, cut: number, put: string }} edit */
  #watch(seat, edit) {
    const typed = this.#typing.get(seat) ?? { line: "", element: line(this.#name(seat), "", "typing") };
    const now = edited(typed.line, edit);
    if (now === null) return;
    if (!now) return this.#rub(seat);
    typed.line = now;
    const first = !this.#typing.has(seat);
    this.#typing.set(seat, typed);
    follow(() => {
      text(typed.element).textContent = now;
      if (first) part("typing", HTMLElement).append(typed.element);
    });
    if (first) this.#news(seat, "types");
  }

  /** @param {Seat} seat */
  #rub(seat) {
    this.#typing.get(seat)?.element.remove();
    this.#typing.delete(seat);
  }

  /** @param {string} by @param {string} said @param {string} kind @returns {HTMLElement} the place for a remark */
  #write(by, said, kind) {
    const element = line(by, said, kind);
    append(element);
    return /** @type {HTMLElement} */ (element.querySelector(".mark"));
  }
}

/** @param {string} by @param {string} said @param {string} kind */
function line(by, said, kind) {
  const element = /** @type {HTMLElement} */ (part("said", HTMLTemplateElement).content.firstElementChild?.cloneNode(true));
  element.classList.add(...kind.split(" "));
  /** @type {[string, string][]} */
  const parts = [
    [".by", by],
    [".how", kind === "typing" ? words("types_now") : kind.endsWith("note") ? words("a_note") : kind.includes("reading") ? words("a_reading") : ""],
    ["time", kind === "typing" ? "" : new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" })],
    [".text", said],
  ];
  for (const [selector, content] of parts) /** @type {HTMLElement} */ (element.querySelector(selector)).textContent = content;
  return element;
}

/** @param {HTMLElement} element */
const text = (element) => /** @type {HTMLElement} */ (element.querySelector(".text"));
