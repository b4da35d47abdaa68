// Files on their way from one other page: kept in this page's memory, checked, and handed over as what they are.
import { LARGEST } from "./sending.js";
import { plainName } from "./names.js";
import { sum } from "./sum.js";
/** @import { FileMessage, Pipe, Progress } from "./types" */

const MOST = 20; // files that may wait to be accepted

/** @typedef {{ name: string, size: number, sha256: string, state: Progress, had: number, parts: BlobPart[] }} Receiving */

export class Receiver {
  #pipe; #changed;
  /** @type {Map<number, Receiving>} */ #all = new Map();

  /**
   * @param {Pipe} pipe
   * @param {(id: number, what: Receiving, whole?: Blob) => void} changed  `whole` when it has arrived and was checked
   */
  constructor(pipe, changed) {
    this.#pipe = pipe;
    this.#changed = changed;
  }

  /** @param {number} id */
  accept(id) {
    const file = this.#all.get(id);
    if (file?.state !== "offered") return;
    this.#set(id, file, "going");
    this.#pipe.tell({ type: "accept", id });
  }

  /** Not wanted, or no longer. @param {number} id */
  refuse(id) {
    const file = this.#all.get(id);
    if (!file) return;
    this.#pipe.tell({ type: "refuse", id });
    this.#end(id, file, file.state === "offered" ? "refused" : "cancelled");
  }

  /** @param {FileMessage} message  from the sender */
  hear(message) {
    const { id } = message;
    const file = this.#all.get(id);
    if (message.type === "offer" && !file) {
      const { name, size, sha256 } = message;
      if (size > LARGEST || this.#all.size >= MOST) return this.#pipe.tell({ type: "refuse", id });
      const offered = { name: plainName(name), size, sha256, state: /** @type {const} */ ("offered"), had: 0, parts: [] };
      this.#all.set(id, offered);
      this.#changed(id, offered);
    }
    if (message.type === "cancel" && file) this.#end(id, file, "cancelled");
  }

  /** A piece of a file; one that nobody waits for is dropped. @param {ArrayBuffer} whole */
  take(whole) {
    if (whole.byteLength <= 4) return;
    const id = new DataView(whole).getUint32(0);
    const file = this.#all.get(id);
    if (file?.state !== "going") return;
    file.parts.push(new Uint8Array(whole, 4));
    file.had += whole.byteLength - 4;
    if (file.had > file.size) return this.refuse(id);
    this.#pipe.tell({ type: "have", id, bytes: file.had });
    this.#changed(id, file);
    if (file.had === file.size) this.#check(id, file);
  }

  /** The connection is gone for good. */
  lost() {
    for (const [id, file] of [...this.#all]) this.#end(id, file, "lost");
  }

  /** @param {number} id @param {Receiving} file */
  async #check(id, file) {
    file.state = "checking";
    const whole = new Blob(file.parts);
    file.parts = [];
    const ok = (await sum(whole)) === file.sha256;
    if (!this.#all.has(id)) return; // the connection was lost meanwhile, and the sender cannot know
    this.#pipe.tell({ type: "done", id, ok });
    this.#end(id, file, ok ? "arrived" : "broken", ok ? whole : undefined);
  }

  /** @param {number} id @param {Receiving} file @param {Progress} state */
  #set(id, file, state) {
    file.state = state;
    this.#changed(id, file);
  }

  /** @param {number} id @param {Receiving} file @param {Progress} state @param {Blob} [whole] */
  #end(id, file, state, whole) {
    this.#all.delete(id);
    file.state = state;
    file.parts = [];
    this.#changed(id, file, whole);
  }
}
