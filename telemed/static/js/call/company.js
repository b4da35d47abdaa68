// Who is in the room at every moment, and what they can be asked: to go out, to come back, to switch their microphone on.
import { moves, seatless, whereabouts } from "./presence.js";
import { announce, part, words } from "./view.js";
/** @import { Command, RosterSeat, Seat, Wish } from "./types" */

export class Company {
  #send;
  /** @type {RosterSeat[]} */ #roster = [];
  /** @type {RosterSeat[]} */ #inside = [];
  /** @type {Map<Seat, { what: Wish, then: string }>} */ #asked = new Map(); // and how they were when they were asked
  #seatless = document.getElementById("seatless");
  #alone = document.getElementById("alone");

  /** @param {(command: Command) => void} send */
  constructor(send) {
    this.#send = send;
    part("door", HTMLElement).onclick = ({ target }) => {
      const button = /** @type {HTMLElement} */ (target).closest("[data-ask]");
      if (!(button instanceof HTMLElement)) return;
      const seat = /** @type {Seat} */ (button.closest("li")?.dataset.seat);
      this.#ask(seat, /** @type {Wish} */ (button.dataset.ask));
    };
    const wish = this.#alone?.querySelector("button");
    if (wish) wish.onclick = () => this.#ask("assistant", "leave");
  }

  /** @param {RosterSeat[]} all */
  update(all) {
    const roster = all.filter(({ seat }) => seat !== "gateway"); // a device can be asked nothing
    const inside = roster.filter(({ admitted }) => admitted);
    const said = moves(this.#inside, inside).map(([what, name]) => words(what, { name }));
    // After it comes what has just been said of who is here now.
    if (said.length) announce([...said, part("spoken", HTMLElement).textContent].join(" "));
    this.#roster = roster;
    this.#inside = inside;
    this.refresh();
  }

  /** We are outside ourselves. */
  leave() {
    this.#inside = [];
  }

  refresh() {
    for (const person of this.#roster) this.#dress(person);
    const assistant = this.#inside.find(({ seat }) => seat === "assistant");
    this.#alone?.toggleAttribute("hidden", !assistant);
    const said = this.#alone?.querySelector("span");
    if (said) set(said, assistant ? this.#answer(assistant) : "");
    const names = seatless(this.#roster).join("; ");
    if (this.#seatless) set(this.#seatless, names && words("seatless", { names }));
  }

  /** @param {RosterSeat} person */
  #dress(person) {
    const row = document.querySelector(`#door [data-seat="${person.seat}"]`);
    if (!(row instanceof HTMLElement)) return;
    Object.assign(row.dataset, { outside: person.outside, mic: `${person.mic}` });
    const own = person.seat === "patient" && !person.about ? words("own_device") : "";
    const where = [words(whereabouts(person)), own, this.#answer(person)];
    set(/** @type {Element} */ (row.querySelector(".where")), where.filter(Boolean).join(" – "));
  }

  /** What somebody was asked, as long as nothing has come of it. @param {RosterSeat} person */
  #answer(person) {
    const asked = this.#asked.get(person.seat);
    if (asked && asked.then !== standing(person)) this.#asked.delete(person.seat);
    return words(`asked.${this.#asked.get(person.seat)?.what}`, { name: person.name });
  }

  /** @param {Seat} to @param {Wish} what */
  #ask(to, what) {
    const person = this.#roster.find(({ seat }) => seat === to);
    if (!person) return;
    this.#send({ type: "ask", to, what });
    this.#asked.set(to, { what, then: standing(person) });
    announce(words(`asked.${what}`, { name: person.name }));
    this.refresh();
  }
}

/** @param {RosterSeat} person */
const standing = ({ instance, admitted, outside, mic }) => [instance, admitted, outside, mic].join();

/** @param {Element} element @param {string} text */
function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
