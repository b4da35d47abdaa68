// When a connection counts as dead, and what to do then. It knows no clock and no network: figures go in, advice comes out.
// Names of states are of little help: a browser says "disconnected" after 5 seconds and "failed" after 20 or 30; at once
// only when the socket to a relay breaks (TCP, TLS), and then on that side alone.

const SILENT = 2_000; // ms without a single packet: sound alone brings 50 a second, and 2 when nobody speaks
const REST = 3_000; // from a page that sends neither sound nor picture come checks only, every 2.5 seconds
const SUSPECT = 500; // after a change of network or a sleep
const FIRST = 10_000; // for a new connection: on a weak line it takes its time
const LEAD = 1_500; // the impolite side goes first, so that two restarts seldom meet
const VAIN = 4_000; // after a restart that both sides agreed on
const FORGETS = 0.97; // of the longest rest, at every look that found something

/**
 * @typedef {object} Look
 * @property {number} now  ms
 * @property {number} packets  received so far, in any sense: it only has to grow while the path works
 * @property {number} heard  ms; when the server was last heard, 0 while it cannot be reached
 * @property {boolean} here  whether the server says that the other page can be reached
 * @property {number} turns  descriptions taken from the other page so far
 * @property {boolean} settled  no description of ours is waiting for its answer
 * @property {boolean} failed  the browser has given the connection up
 */
/** @typedef {"" | "ask" | "restart" | "renew"} Advice  ask: whether the server can be heard; renew: a new connection */

export class Pulse {
  #polite; #last;
  #packets = 0;
  #alive = false;
  #rest = 0; // the longest without packets lately
  #suspected = 0; // when we were told that the path may have gone
  #turns = 0;
  #tried = 0; // when we asked for new candidates
  #agreed = 0; // when both sides had them
  #back = 0; // when the server was heard again after it could not be reached
  #deaf = false;

  /** @param {boolean} polite @param {number} now */
  constructor(polite, now) {
    this.#polite = polite;
    this.#last = now;
  }

  /** ms since anything came. @param {number} now */
  silent(now) {
    return now - this.#last;
  }

  /** The network has changed, or time has passed that nobody saw. @param {number} now */
  suspect(now) {
    if (this.#alive) this.#suspected = now;
  }

  /** @param {Look} look @returns {Advice} */
  advise({ now, packets, heard, here, turns, settled, failed }) {
    if (packets > this.#packets) this.#well(now);
    this.#packets = packets; // less than before when the browser has forgotten a path
    const patience = this.#patience(failed);
    const from = Math.max(this.#last, this.#suspected);
    if (turns !== this.#turns) {
      this.#turns = turns;
      this.#agreed = now > this.#last + patience / 2 ? now : 0;
    }
    if (!heard) this.#deaf = true;
    else if (this.#deaf) [this.#deaf, this.#back] = [false, now];
    if (now < from + patience / 2) return "";
    if (heard < from + patience / 2) return "ask"; // perhaps it is our own line
    if (now < from + patience || !here) return "";
    const lead = this.#polite && !failed ? LEAD : 0;
    if (this.#agreed) return now > this.#agreed + VAIN + lead ? "renew" : "";
    if (!this.#tried) {
      if (now < Math.max(from + patience, this.#back) + lead) return "";
      this.#tried = now;
      return "restart";
    }
    // Nobody answers. If it was our line that was dead, ours is the page that must go on.
    const vain = !settled && this.#back && now > Math.max(this.#back, this.#tried) + VAIN + lead;
    return vain ? "renew" : "";
  }

  /** @param {number} now */
  #well(now) {
    const rest = this.#alive ? now - this.#last : 0;
    this.#rest = Math.max(rest <= REST ? rest : 0, this.#rest * FORGETS);
    this.#last = now;
    this.#alive = true;
    this.#deaf = false;
    this.#suspected = this.#tried = this.#agreed = this.#back = 0;
  }

  /** @param {boolean} failed */
  #patience(failed) {
    if (!this.#alive) return FIRST;
    return failed || this.#suspected ? SUSPECT : Math.max(SILENT, 2 * this.#rest);
  }
}
