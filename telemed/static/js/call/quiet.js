// One open microphone in a room: the page of whoever assists beside the patient's screen neither speaks nor is spoken to,
// or the two would hear each other and howl. The person may switch on what they need, with headphones for instance.
import { atScreen } from "./presence.js";
import { words } from "./view.js";
/** @import { RosterSeat } from "./types" */

export class Quiet {
  #mute;
  #beside = false;
  #loud = true;
  #box = document.getElementById("quiet"); // on the page of who assists alone
  #switch = this.#box?.querySelector("button");

  /** @param {() => void} mute  our microphone */
  constructor(mute) {
    this.#mute = mute;
    if (this.#switch) this.#switch.onclick = () => this.#hush(this.#loud);
  }

  /** After the connections and pictures were made. A microphone is never switched on from here. @param {RosterSeat[]} roster */
  update(roster) {
    if (!this.#box) return;
    const beside = atScreen(roster);
    if (beside && !this.#beside) this.#mute();
    if (beside !== this.#beside) this.#loud = !beside;
    this.#beside = beside;
    this.#box.hidden = !beside;
    this.#hush(!this.#loud);
  }

  /** @param {boolean} silent */
  #hush(silent) {
    this.#loud = !silent;
    if (this.#switch) this.#switch.setAttribute("aria-checked", `${this.#loud}`);
    const state = this.#switch?.querySelector("b");
    if (state) state.textContent = words(silent ? "off" : "on");
    for (const video of document.querySelectorAll("#tiles video")) /** @type {HTMLVideoElement} */ (video).muted = silent;
  }
}
