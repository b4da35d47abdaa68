// All connections of a page, kept in step with the roster: made for who is admitted, closed for who is not, and left
// alone in every other case (consultation/PROTOCOL.md, "Connecting two pages").
import { Peer } from "./peer.js";
/** @import { Channels } from "./channels.js" */
/** @import { Command, IceConfig, Kind, RosterSeat, Seat, ServerMessage } from "./types" */

const HOPELESS = 15_000; // ms of "failed" in spite of ICE restarts

export class Mesh {
  /** @type {Map<Seat, Peer>} */ #peers = new Map();
  /** @type {Map<Seat, ReturnType<typeof setTimeout>>} */ #failing = new Map();
  /** @type {RosterSeat[]} */ #roster = [];
  /** @type {Set<Seat>} */ #unlisted = new Set();
  /** @type {IceConfig} */ #ice = { servers: [], policy: "all" };
  /** @type {Record<Kind, MediaStreamTrack | null>} */ #tracks = { audio: null, video: null };
  #channels; #send; #changed; #hopeless;

  /**
   * @param {Channels} channels
   * @param {(command: Command) => void} send
   * @param {(seat: Seat, state: RTCPeerConnectionState) => void} changed
   * @param {() => void} hopeless  a connection cannot be repaired: come back as a new page
   */
  constructor(channels, send, changed, hopeless) {
    this.#channels = channels;
    this.#send = send;
    this.#changed = changed;
    this.#hopeless = hopeless;
  }

  /** @param {IceConfig} ice */
  configure(ice) {
    this.#ice = ice;
    for (const peer of this.#peers.values()) peer.configure(ice);
  }

  /** @param {Kind} kind @param {MediaStreamTrack | null} track */
  replace(kind, track) {
    this.#tracks = { ...this.#tracks, [kind]: track };
    for (const peer of this.#peers.values()) peer.replace(kind, track);
  }

  /**
   * @param {RosterSeat[]} roster
   * @param {boolean} afresh  after `joined`: a server that was restarted does not know yet who else is coming back, so
   *   a living connection to somebody it does not list is kept for as long as it lives
   * @returns {RosterSeat[]} who is here, those kept included
   */
  seat(roster, afresh) {
    const admitted = new Map(roster.filter((seat) => seat.admitted).map((seat) => [seat.seat, seat]));
    const missing = this.#roster.filter(({ seat }) => !roster.some((other) => other.seat === seat));
    const kept = missing.filter(({ seat }) => (afresh || this.#unlisted.has(seat)) && this.#peers.get(seat)?.state === "connected");
    this.#unlisted = new Set(kept.map(({ seat }) => seat));
    for (const [name, peer] of this.#peers) {
      if (!this.#unlisted.has(name) && admitted.get(name)?.instance !== peer.instance) this.#close(name);
    }
    for (const [name, seat] of admitted) {
      const peer = this.#peers.get(name);
      if (peer) peer.renumber(seat.epoch);
      else this.#peers.set(name, this.#connect(seat));
    }
    this.#roster = [...roster, ...kept.map((seat) => ({ ...seat, state: /** @type {const} */ ("away") }))];
    return this.#roster;
  }

  /** @param {ServerMessage} message */
  hear(message) {
    if (message.type === "desc") this.#peers.get(message.from)?.describe(message);
    if (message.type === "cand") this.#peers.get(message.from)?.candidates(message);
  }

  get peers() {
    return [...this.#peers];
  }

  /** @param {Seat} seat */
  peer(seat) {
    return this.#peers.get(seat);
  }

  /** Whether every connection lives; also true without any. */
  alive() {
    return [...this.#peers.values()].every((peer) => peer.state === "connected");
  }

  close() {
    for (const name of [...this.#peers.keys()]) this.#close(name);
    this.#roster = [];
  }

  /** @param {RosterSeat} seat */
  #connect(seat) {
    const changed = (/** @type {RTCPeerConnectionState} */ state) => this.#watch(seat.seat, state);
    return new Peer(seat, this.#ice, this.#tracks, this.#channels, this.#send, changed);
  }

  /** @param {Seat} name */
  #close(name) {
    clearTimeout(this.#failing.get(name));
    this.#channels.close(name);
    this.#peers.get(name)?.close();
    this.#peers.delete(name);
  }

  /** @param {Seat} name @param {RTCPeerConnectionState} state */
  #watch(name, state) {
    clearTimeout(this.#failing.get(name));
    if (state === "failed") this.#failing.set(name, setTimeout(() => this.#despair(name), HOPELESS));
    this.#changed(name, state);
  }

  /** @param {Seat} name */
  #despair(name) {
    const here = this.#roster.some((seat) => seat.seat === name && seat.state === "here");
    if (here && this.#peers.get(name)?.state === "failed") this.#hopeless();
  }
}
