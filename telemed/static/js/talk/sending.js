// Files on their way to one other page: offered, and once accepted sent in pieces, all of them a little in turn.
import { Pace } from "./pace.js";
import { sum } from "./sum.js";
/** @import { FileMessage, Pipe, Progress } from "./types" */

export const LARGEST = 20 * 1_048_576; // bytes of a file
const BLOCK = 262_144; // bytes read at once
const BACKLOG = 65_536; // bytes that may lie in the channel itself
const HEADER = 4; // bytes in front of every piece: the number of its file

/** A file for one other page. */
class Sending {
  sent = 0;
  had = 0;
  /** @type {Progress} */ state = "preparing";
  /** @type {{ end: number, at: number }[]} */ underWay = [];
  #from = 0;
  #block = new Uint8Array(0);

  /** @param {number} id @param {File} file */
  constructor(id, file) {
    this.id = id;
    this.file = file;
  }

  /** The next bytes, at most so many. @param {number} most */
  async read(most) {
    const at = this.sent - this.#from;
    if (at >= this.#block.length) {
      this.#from = this.sent;
      this.#block = new Uint8Array(await this.file.slice(this.sent, this.sent + BLOCK).arrayBuffer());
      return this.#block.subarray(0, most);
    }
    return this.#block.subarray(at, at + most);
  }
}

export class Sender {
  #pipe; #changed; #now;
  #pace = new Pace();
  #count = 0;
  #pumping = false;
  /** @type {Map<number, Sending>} */ #all = new Map();
  /** @type {() => void} */ #wake = () => {};

  /**
   * @param {Pipe} pipe
   * @param {(id: number, state: Progress, part: number) => void} changed  `part` of it (0 to 1) has arrived
   * @param {() => number} now  ms
   */
  constructor(pipe, changed, now = () => performance.now()) {
    this.#pipe = pipe;
    this.#changed = changed;
    this.#now = now;
  }

  /** @param {number} bytes  a second, the most; 0 waits, Infinity does not limit */
  limit(bytes) {
    this.#pace.limit(bytes);
    this.#wake();
  }

  /** Asks the other side whether it wants the file. @param {File} file @returns {number} its number */
  offer(file) {
    const sending = new Sending(++this.#count, file);
    this.#all.set(sending.id, sending);
    this.#ask(sending);
    return sending.id;
  }

  /** @param {number} id */
  cancel(id) {
    if (this.#end(id, "cancelled")) this.#pipe.tell({ type: "cancel", id });
  }

  /** @param {FileMessage} message  from the receiver */
  hear(message) {
    const sending = this.#all.get(message.id);
    if (!sending) return;
    if (message.type === "accept" && sending.state === "offered") this.#set(sending, "going");
    if (message.type === "refuse") this.#end(message.id, sending.state === "offered" ? "refused" : "cancelled");
    if (message.type === "have" && message.bytes <= sending.sent) this.#arrived(sending, message.bytes);
    if (message.type === "done" && sending.sent === sending.file.size) this.#end(message.id, message.ok ? "arrived" : "broken");
    this.#pump();
  }

  /** The connection is gone for good. */
  lost() {
    for (const id of [...this.#all.keys()]) this.#end(id, "lost");
  }

  /** @param {Sending} sending */
  async #ask(sending) {
    const { id, file } = sending;
    try {
      const sha256 = await sum(file);
      if (!this.#all.has(id)) return; // cancelled meanwhile
      this.#pipe.tell({ type: "offer", id, name: file.name, size: file.size, sha256 });
      this.#set(sending, "offered");
    } catch {
      this.#end(id, "unreadable");
    }
  }

  /** @param {Sending} sending @param {number} bytes */
  #arrived(sending, bytes) {
    let at;
    while (sending.underWay.length > 0 && sending.underWay[0].end <= bytes) at = sending.underWay.shift()?.at;
    if (at !== undefined) this.#pace.arrived(bytes - sending.had, this.#now() - at, this.#now());
    sending.had = Math.max(sending.had, bytes);
    this.#changed(sending.id, sending.state, sending.had / sending.file.size);
    this.#wake();
  }

  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let turn = 0; ; turn++) {
      const open = [...this.#all.values()].filter(({ state, sent, file }) => state === "going" && sent < file.size);
      if (open.length === 0) break;
      const sending = open[turn % open.length];
      const underWay = [...this.#all.values()].reduce((all, { sent, had }) => all + sent - had, 0);
      const room = this.#pipe.backlog > BACKLOG ? 0 : this.#pace.allows(underWay, this.#now());
      if (room === 0) await this.#rest();
      else await this.#push(sending, room);
    }
    this.#pumping = false;
  }

  /** @param {Sending} sending @param {number} room */
  async #push(sending, room) {
    try {
      const bytes = await sending.read(room);
      if (sending.state !== "going") return;
      if (bytes.length === 0) throw new Error("shorter than it was");
      this.#pipe.push(piece(sending.id, bytes));
      sending.sent += bytes.length;
      sending.underWay.push({ end: sending.sent, at: this.#now() });
      this.#pace.sent(bytes.length);
    } catch {
      if (this.#end(sending.id, "unreadable")) this.#pipe.tell({ type: "cancel", id: sending.id });
    }
  }

  /** Until something has arrived, or the limit may allow more. @returns {Promise<void>} */
  #rest() {
    return new Promise((wake) => {
      const timer = setTimeout(wake, 50);
      this.#wake = () => {
        clearTimeout(timer);
        wake();
      };
    });
  }

  /** @param {Sending} sending @param {Progress} state */
  #set(sending, state) {
    sending.state = state;
    this.#changed(sending.id, state, sending.had / sending.file.size);
  }

  /** @param {number} id @param {Progress} state */
  #end(id, state) {
    const sending = this.#all.get(id);
    if (!sending) return false;
    this.#all.delete(id);
    this.#set(sending, state);
    this.#wake();
    return true;
  }
}

/** @param {number} id @param {Uint8Array} bytes @returns {ArrayBuffer} */
export function piece(id, bytes) {
  const whole = new Uint8Array(HEADER + bytes.length);
  new DataView(whole.buffer).setUint32(0, id);
  whole.set(bytes, HEADER);
  return whole.buffer;
}
