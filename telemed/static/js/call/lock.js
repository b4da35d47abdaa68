// Whether the room takes anybody new: the practitioner's switch. What is shown is what the server says.
/** @import { ServerMessage } from "./types" */

export class Lock {
  #send; #shown;
  #locked = false;
  /** @type {boolean | null} */ #wish = null; // what was last asked for on this page

  /** @param {(locked: boolean) => void} send @param {(locked: boolean) => void} shown */
  constructor(send, shown) {
    this.#send = send;
    this.#shown = shown;
  }

  turn() {
    this.#wish = !this.#locked;
    this.#send(this.#wish);
  }

  /** A server that was restarted has forgotten it: say it again (PROTOCOL.md, `lock`). @param {ServerMessage} message */
  hear(message) {
    if (message.type !== "joined" && message.type !== "roster") return;
    this.#locked = message.locked;
    this.#shown(message.locked);
    if (message.type === "joined" && this.#wish !== null && this.#wish !== message.locked) this.#send(this.#wish);
  }
}
