// Looks after the connections: notices one that has died, has it repaired, or built anew. When and how is decided by
// pulse.js; a dead line is noticed by what arrives, long before the browser gives a connection up.
import { Pulse } from "./pulse.js";
/** @import { Mesh } from "./mesh.js" */
/** @import { Peer } from "./peer.js" */
/** @import { Signalling } from "./signalling.js" */
/** @import { Seat } from "./types" */

const CALM = 500; // ms between two looks
const ANXIOUS = 100;
const ASKS = 1_000; // ms between two tries to reach the server
const BROKEN = 3_000; // ms until people are told
const LONG = 25_000; // ms until they are told to take the telephone

/** @typedef {"well" | "broken" | "long"} Health */

export class Recovery {
  #mesh; #signalling; #told;
  /** @type {WeakMap<Peer, Pulse>} */ #pulses = new WeakMap();
  /** @type {Map<Seat, number>} */ #well = new Map(); // when each was last heard, over all its connections
  #looking = false;
  #renewed = -Infinity; // when we began to come back as a new page
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #next;

  /**
   * @param {Mesh} mesh @param {Signalling} signalling
   * @param {(seat: Seat, health: Health) => void} told
   */
  constructor(mesh, signalling, told) {
    this.#mesh = mesh;
    this.#signalling = signalling;
    this.#told = told;
    this.look();
  }

  /** The network has changed, or the page has slept. */
  async suspect() {
    await this.look(); // what came before counts as before
    for (const [, peer] of this.#mesh.peers) this.#pulse(peer).suspect(performance.now());
  }

  /** When the server has forgotten us: whether our connections live. If not they are closed, and others expect new ones. */
  keeps() {
    if (this.#mesh.alive()) return true;
    this.#close();
    return false;
  }

  async look() {
    if (this.#looking) return;
    this.#looking = true;
    clearTimeout(this.#next);
    let calm = true;
    try {
      for (const [seat, peer] of this.#mesh.peers) {
        const packets = await received(peer);
        if (this.#mesh.peer(seat) === peer) calm = this.#advise(seat, peer, packets) && calm;
      }
      this.#miss();
    } finally {
      this.#looking = false;
      this.#next = setTimeout(() => this.look(), calm ? CALM : ANXIOUS);
    }
  }

  /** Who is without a connection has left, or waits for ours. */
  #miss() {
    const now = performance.now();
    for (const seat of this.#well.keys()) {
      if (this.#mesh.peer(seat)) continue;
      if (now - this.#renewed < LONG) this.#tell(seat, now);
      else this.#well.delete(seat);
    }
  }

  /** @param {Seat} seat @param {Peer} peer @param {number} packets @returns {boolean} whether all is well */
  #advise(seat, peer, packets) {
    const now = performance.now();
    const pulse = this.#pulse(peer);
    const advice = pulse.advise({
      now, packets, ...peer.talks, heard: this.#signalling.heard, here: this.#mesh.here(seat), failed: peer.state === "failed",
    });
    if (advice === "ask") this.#signalling.hurry(ASKS);
    if (advice === "restart") peer.restart();
    if (advice === "renew") {
      this.#close();
      this.#signalling.renew();
    }
    const silent = pulse.silent(now);
    if ((silent === 0 && packets > 0) || !this.#well.has(seat)) this.#well.set(seat, now);
    this.#tell(seat, now);
    return silent < 2 * CALM;
  }

  /** @param {Seat} seat @param {number} now */
  #tell(seat, now) {
    const since = now - (this.#well.get(seat) ?? now);
    this.#told(seat, since < BROKEN ? "well" : since < LONG ? "broken" : "long");
  }

  #close() {
    this.#renewed = performance.now();
    this.#mesh.close();
  }

  /** @param {Peer} peer */
  #pulse(peer) {
    const known = this.#pulses.get(peer) ?? new Pulse(peer.polite, performance.now());
    this.#pulses.set(peer, known);
    return known;
  }
}

/** Everything that came over a connection, the checks of its path included. @param {Peer} peer */
async function received(peer) {
  let all = 0;
  for (const one of (await peer.stats()).values()) {
    if (one.type === "inbound-rtp") all += one.packetsReceived ?? 0;
    if (one.type === "candidate-pair") all += (one.responsesReceived ?? 0) + (one.bytesReceived ?? 0);
  }
  return all;
}
