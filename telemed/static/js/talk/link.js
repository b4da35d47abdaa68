// The channels to one other page.
/** @import { Channels } from "../call/channels.js" */
/** @import { Seat } from "../call/types" */
/** @import { GatewayMessage, TalkMessage } from "./types" */

export class Link {
  #channels;

  /** @param {Seat} seat @param {Channels} channels */
  constructor(seat, channels) {
    this.seat = seat;
    this.#channels = channels;
  }

  /** Silently nothing once the channel is closed: whoever waits for an answer is told so by the closing. @param {TalkMessage | GatewayMessage} message */
  tell(message) {
    this.#channels.to(this.seat, "text")?.send(JSON.stringify(message));
  }

  /** @param {ArrayBuffer} piece */
  push(piece) {
    this.#channels.to(this.seat, "files")?.send(piece);
  }

  /** Bytes that wait in the channel for files. */
  get backlog() {
    return this.#channels.to(this.seat, "files")?.bufferedAmount ?? 0;
  }
}
