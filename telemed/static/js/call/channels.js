// The data channels between two pages. Both open the same ones under fixed numbers (`negotiated`), so none has to be
// announced and a message always finds its listener. What uses one registers here and never sees a connection.
/** @import { Seat } from "./types" */
/** @typedef {"text" | "stills" | "files"} ChannelName */
/**
 * @typedef {object} Listener
 * @property {(seat: Seat, data: string | ArrayBuffer) => void} heard
 * @property {(seat: Seat) => void} [opened]  now, and again after every new connection to that seat
 * @property {(seat: Seat) => void} [closed]
 */

// All reliable, but stills in whatever order they come: when a piece comes is measured. They share one congestion
// window: whoever sends much watches `bufferedAmount`.
/** @type {Record<ChannelName, RTCDataChannelInit>} */
const KINDS = { text: { id: 1 }, stills: { id: 2, ordered: false }, files: { id: 3 } };
const NAMES = /** @type {ChannelName[]} */ (Object.keys(KINDS));

export class Channels {
  /** @type {Map<ChannelName, Listener>} */ #listeners = new Map();
  /** @type {Map<Seat, Map<ChannelName, RTCDataChannel>>} */ #channels = new Map();

  /** @param {ChannelName} name @param {Listener} listener */
  on(name, listener) {
    this.#listeners.set(name, listener);
  }

  /** The way to a seat, while it is open. @param {Seat} seat @param {ChannelName} name */
  to(seat, name) {
    const channel = this.#channels.get(seat)?.get(name);
    return channel?.readyState === "open" ? channel : undefined;
  }

  /** The seats that can be reached. @param {ChannelName} name */
  seats(name) {
    return [...this.#channels.keys()].filter((seat) => this.to(seat, name));
  }

  /** All channels of a new connection; before its first offer. @param {Seat} seat @param {RTCPeerConnection} pc */
  open(seat, pc) {
    this.close(seat);
    this.#channels.set(seat, new Map(NAMES.map((name) => [name, this.#make(seat, name, pc)])));
  }

  /** The connection is being closed, which tells its channels nothing. @param {Seat} seat */
  close(seat) {
    const open = NAMES.filter((name) => this.to(seat, name));
    this.#channels.delete(seat);
    for (const name of open) this.#listeners.get(name)?.closed?.(seat);
  }

  /** @param {Seat} seat @param {ChannelName} name @param {RTCPeerConnection} pc */
  #make(seat, name, pc) {
    const channel = pc.createDataChannel(name, { negotiated: true, ...KINDS[name] });
    channel.binaryType = "arraybuffer";
    const ours = () => this.#channels.get(seat)?.get(name) === channel;
    channel.onopen = () => ours() && this.#listeners.get(name)?.opened?.(seat);
    channel.onclose = () => ours() && this.#listeners.get(name)?.closed?.(seat);
    channel.onmessage = ({ data }) => ours() && this.#listeners.get(name)?.heard(seat, data);
    return channel;
  }
}
