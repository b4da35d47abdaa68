// The waiting room: how long it may be, in words, and a call that reaches somebody who is looking elsewhere.
import { data, part, words } from "./view.js";
/** @import { LobbyState } from "./types" */

const TITLE = document.title;

export class Lobby {
  /** @type {LobbyState | null} */ #state = null;
  #practitioner = false;
  outside = false; // we have been in, and may be called
  #ring;
  #tell = part("tell-me", HTMLButtonElement);

  /** @param {() => void} ring  a sound from the chosen loudspeaker */
  constructor(ring) {
    this.#ring = ring;
    // Asked for on a tap alone: browsers refuse, and remember, what nobody has asked for.
    this.#tell.hidden = !("Notification" in window) || Notification.permission !== "default";
    this.#tell.onclick = async () => {
      const answer = await Notification.requestPermission();
      this.#tell.hidden = answer !== "default";
      part("told-me", HTMLElement).textContent = answer === "granted" ? words("will_tell") : words("will_ring");
    };
  }

  /** @param {boolean} here  the doctor has opened this room @param {string} outside  we have been in, and may be called */
  practitioner(here, outside) {
    this.#practitioner = here;
    this.outside = Boolean(outside);
    return this.sentence;
  }

  /** @param {LobbyState} state */
  stands(state) {
    this.#state = state;
    return this.sentence;
  }

  get sentence() {
    if (this.outside && data.seat === "assistant") return words("outside");
    const { doctor, ahead, late_minutes, note } = this.#state
      ?? { doctor: this.#practitioner ? "ready" : "away", ahead: 0, late_minutes: 0, note: "" };
    const said = [words("known")];
    if (ahead > 0) said.push(words(ahead === 1 ? "ahead_one" : "ahead_more", { number: `${ahead}` }));
    else if (doctor === "busy") said.push(words("doctor_busy"));
    else said.push(words(doctor === "ready" ? "doctor_here" : "doctor_away"));
    if (late_minutes > 0) said.push(words("late", { minutes: `${late_minutes}` }));
    if (note) said.push(words("note", { words: note }));
    return said.join(" ");
  }

  /**
   * It is this person's turn. Heard once, seen in the title of the tab until they look.
   * @param {"your_turn" | "called"} what
   */
  call(what = "your_turn") {
    this.#ring();
    navigator.vibrate?.([200, 100, 200]);
    if (!document.hidden) return;
    document.title = `● ${words(what)}`;
    document.addEventListener("visibilitychange", () => { document.title = TITLE; }, { once: true });
    if ("Notification" in window && Notification.permission === "granted") {
      // Without a name: it may show on a locked screen.
      const shown = new Notification(words(what), { body: words(`${what}_text`), tag: "telemed" });
      shown.onclick = () => { focus(); shown.close(); };
    }
  }
}
