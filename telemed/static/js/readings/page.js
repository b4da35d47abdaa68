// Readings in the conversation: sent by everybody but the doctor, and to the doctor alone.
import { data } from "../call/view.js";
import { Form } from "./form.js";
import { Received } from "./received.js";
/** @import { Seat } from "../call/types" */
/** @import { ReadingMessage } from "../talk/types" */
/**
 * The log of the conversation: `give` sends to the doctor and says whether they are there; `take` shows and answers what
 * came, and says whether it is new.
 * @typedef {{
 *   name: (seat: Seat) => string,
 *   give: (observation: object, text: string) => boolean,
 *   take: (seat: Seat, id: string, text: string, kind: string) => boolean,
 * }} Log
 */

export class Readings {
  #form; #received;

  /** @param {Log} log */
  constructor(log) {
    const doctor = data.seat === "practitioner";
    this.#form = doctor ? null : new Form(log.give);
    this.#received = doctor ? new Received(log) : null;
  }

  open() {
    this.#form?.open();
  }

  /** @param {Seat} seat @param {ReadingMessage} message */
  hear(seat, message) {
    this.#received?.hear(seat, message);
  }

  end() {
    this.#form?.close();
    this.#received?.forget();
  }
}
