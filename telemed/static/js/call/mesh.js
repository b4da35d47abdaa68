// All connections of a page, kept in step with the roster: made for who is admitted, closed for who is not, and left
// alone in every other case (consultation/PROTOCOL.md, "Connecting two pages").
import { Peer } from "./peer.js";
/** @import { Channels } from "./channels.js" */
/** @import { Command, IceConfig, Kind, RosterSeat, Seat, ServerMessage } from "./types" */

export class Mesh {
  /** @type {Map<Seat, Peer>} */ #peers = new Map();
  /** @type {RosterSeat[]} */ #roster = [];
  /** @type {Set<Seat>} */ #unlisted = new Set();
  /** @type {IceConfig} */ #ice = { servers: [], policy: "all" };
  /** @type {Record<Kind, MediaStreamTrack | null>} */ #tracks = { audio: null, video: null };
  #channels; #send; #changed;

  /**
   * @param {Channels} channels
   * @param {(command: Command) => void} send
   * @param {(seat: Seat, state: RTCPeerConnectionState) => void} changed
   */
  constructor(channels, send, changed) {
    this.#channels = channels;
    this.#send = send;
    this.#changed = changed;
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

  /** The connections to people; a gateway builds its own anew. */
  get peers() {
    return [...this.#peers].filter(([seat]) => seat !== "gateway");
  }

  /** Whether the page of a seat can be reached. @param {Seat} name */
  here(name) {
    return this.#roster.some(({ seat, state }) => seat === name && state === "here");
  }

  /** @param {Seat} seat */
  peer(seat) {
    return this.#peers.get(seat);
  }

  /** Whether every connection lives; also true without any. */
  alive() {
    return this.peers.every(([, peer]) => peer.state === "connected");
  }

  close() {
    for (const name of [...this.#peers.keys()]) this.#close(name);
    this.#roster = [];
  }

  /** @param {RosterSeat} seat */
  #connect(seat) {
    const changed = (/** @type {RTCPeerConnectionState} */ state) => this.#changed(seat.seat, state);
    return new Peer(seat, this.#ice, this.#tracks, this.#channels, this.#send, changed);
  }

  /** @param {Seat} name */
  #close(name) {
    this.#channels.close(name);
    this.#peers.get(name)?.close();
    this.#peers.delete(name);
  }
}
