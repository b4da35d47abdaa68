// Three words that two people read to each other, so that nobody sits between their pages unheard: commit and reveal
// over both DTLS fingerprints, after the short authentication string of ZRTP (RFC 6189, section 4.5). The argument
// stands in consultation/PROTOCOL.md, "Three words".
import { WORDS } from "./wordlist.js";
import { hex } from "./sum.js";
/** @import { Seat } from "../call/types" */
/** @import { WordsMessage } from "./types" */

/**
 * @typedef {object} Between  what both must see alike
 * @property {string} appointment
 * @property {Seat} mine
 * @property {Seat} theirs
 * @property {string} local   our fingerprints
 * @property {string} remote  theirs
 */

const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text);
const sha256 = async (/** @type {string} */ text) => hex(await crypto.subtle.digest("SHA-256", utf8(text)));

/** @param {Between} between */
export function binding({ appointment, mine, theirs, local, remote }) {
  const sides = [`${mine} ${local}`, `${theirs} ${remote}`].sort();
  return ["telemed words 1", appointment, ...sides].join("\n");
}

/** What a seat promises before it shows its nonce. @param {string} nonce  hex @param {Seat} seat @param {string} bound */
export function promise(nonce, seat, bound) {
  return sha256(["commit", nonce, seat, bound].join("\n"));
}

/** @param {string[]} nonces  hex, in the order of their seats' names @param {string} bound */
export async function threeWords(nonces, bound) {
  const key = await crypto.subtle.importKey("raw", utf8(nonces.join("")), "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: utf8(await sha256(bound)), info: utf8("telemed words 1") };
  const bits = new DataView(await crypto.subtle.deriveBits(how, key, 32)).getUint32(0);
  return [bits >>> 22, (bits >>> 12) & 1023, (bits >>> 2) & 1023].map((index) => WORDS[index]);
}

/** One exchange, once for each connection: a second would give a liar a second guess. */
export class Exchange {
  #between; #bound; #nonce; #send;
  /** @type {Promise<void> | undefined} */ #begun;
  #theirs = "";
  #over = false;
  /** @type {(words: string[] | null) => void} */ #done = () => {};
  /** @type {Promise<string[] | null>} the words; null if the other side did not keep to its promise */
  words = new Promise((done) => {
    this.#done = done;
  });

  /** @param {Between} between @param {(message: WordsMessage) => void} send */
  constructor(between, send) {
    this.#between = between;
    this.#bound = binding(between);
    this.#nonce = hex(crypto.getRandomValues(new Uint8Array(32)));
    this.#send = send;
  }

  begin() {
    this.#begun ??= this.#commit();
    return this.#begun;
  }

  async #commit() {
    this.#send({ type: "commit", commit: await promise(this.#nonce, this.#between.mine, this.#bound) });
  }

  /** @param {WordsMessage} message  from the other page, in the order sent */
  async hear(message) {
    if (this.#over) return;
    if (message.type === "commit") {
      if (this.#theirs) return this.#end(null);
      this.#theirs = message.commit;
      await this.begin();
      this.#send({ type: "reveal", nonce: this.#nonce });
      return;
    }
    if (!this.#theirs) return this.#end(null);
    this.#over = true;
    const { mine, theirs } = this.#between;
    if ((await promise(message.nonce, theirs, this.#bound)) !== this.#theirs) return this.#end(null);
    const nonces = mine < theirs ? [this.#nonce, message.nonce] : [message.nonce, this.#nonce];
    this.#end(await threeWords(nonces, this.#bound));
  }

  /** @param {string[] | null} words */
  #end(words) {
    this.#over = true;
    this.#done(words);
  }
}
