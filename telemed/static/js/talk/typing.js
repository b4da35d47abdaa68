// Real-time text: what changed in a line since the other side last heard of it. In the spirit of T.140, with an edit
// anywhere in the line instead of backspaces, so that a correction in the middle does not spell everything out again.
/** @typedef {{ at: number, cut: number, put: string }} Edit  UTF-16 code units */

export const LONGEST = 10_000; // code units of a line; its JSON fits a message of 64 KiB, as every browser takes it

/** The one edit that makes `after` of `before`; null if there is none. @param {string} before @param {string} after */
export function edit(before, after) {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let at = 0;
  while (at < shorter && before[at] === after[at]) at++;
  let same = 0;
  while (same < shorter - at && before[before.length - 1 - same] === after[after.length - 1 - same]) same++;
  if (splits(before, at) || splits(after, at)) at--;
  if (splits(before, before.length - same) || splits(after, after.length - same)) same--;
  return { at, cut: before.length - same - at, put: after.slice(at, after.length - same) };
}

/** The line after the edit; null if it does not fit the line. @param {string} line @param {Edit} edit */
export function edited(line, { at, cut, put }) {
  if (at + cut > line.length || line.length - cut + put.length > LONGEST) return null;
  return line.slice(0, at) + put + line.slice(at + cut);
}

/** Whether a cut there would halve a character outside the basic plane. @param {string} text @param {number} at */
function splits(text, at) {
  return at > 0 && at < text.length && /[\uDC00-\uDFFF]/.test(text[at]) && /[\uD800-\uDBFF]/.test(text[at - 1]);
}

const EVERY = 200; // ms; RFC 4103 waits 300, and EN 301 549 6.2.4 allows 500 until a character has arrived

/** Tells one reader what is being typed: the first character at once, the next ones together. */
export class Typist {
  #send;
  #told = "";
  #now = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #pause;

  /** @param {(edit: Edit) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {string} line  as it is now */
  type(line) {
    this.#now = line;
    if (!this.#pause) this.#tell();
  }

  /** The line was said as a whole: both sides begin anew. */
  said() {
    this.close();
    this.#told = this.#now = "";
  }

  close() {
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  #tell() {
    this.#pause = undefined;
    const change = edit(this.#told, this.#now);
    if (!change) return;
    this.#told = this.#now;
    this.#send(change);
    this.#pause = setTimeout(() => this.#tell(), EVERY);
  }
}
