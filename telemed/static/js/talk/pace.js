// How fast files may go: a background flow after RFC 6817 (LEDBAT). It yields as soon as packets begin to queue, so
// that speech, which shares the line, never waits behind a picture. The ladder may lower the speed further.

const TARGET = 50; // ms of queueing that a transfer may cause
const SEGMENT = 1_200; // bytes
const CHUNK = 16_384; // bytes; the most that goes into one message
const FIRST = 4 * SEGMENT;
const MEMORY = 30_000; // ms; the delay of the line itself is looked for again after two of these (it may have changed)

export class Pace {
  #window = FIRST; // bytes under way
  #limit = Infinity; // bytes a second
  #credit = 0;
  #counted = 0;
  #lowest = Infinity;
  #former = Infinity;
  #since = 0;

  /** @param {number} bytes  a second, the most; 0 stops */
  limit(bytes) {
    this.#limit = bytes;
    this.#credit = Math.min(this.#credit, bytes);
  }

  /** How many bytes may go now; 0 if none. @param {number} underWay  bytes @param {number} now  ms */
  allows(underWay, now) {
    const free = this.#window - underWay;
    const most = Math.min(CHUNK, Math.max(SEGMENT, this.#window / 4));
    if (free < Math.min(most, this.#window)) return 0;
    if (this.#limit === Infinity) return Math.floor(most);
    const burst = Math.max(SEGMENT / 2, this.#limit / 10);
    this.#credit = Math.min(burst, this.#credit + (this.#limit * (now - this.#counted)) / 1_000);
    this.#counted = now;
    const least = Math.min(SEGMENT / 2, this.#limit);
    return this.#limit > 0 && this.#credit >= least ? Math.floor(Math.min(most, this.#credit)) : 0;
  }

  /** @param {number} bytes */
  sent(bytes) {
    if (this.#limit !== Infinity) this.#credit -= bytes;
  }

  /** @param {number} bytes  have arrived @param {number} delay  ms from their sending until we heard so @param {number} now  ms */
  arrived(bytes, delay, now) {
    if (now - this.#since > MEMORY) {
      this.#former = this.#lowest;
      this.#lowest = Infinity;
      this.#since = now;
    }
    this.#lowest = Math.min(this.#lowest, delay);
    const queued = delay - Math.min(this.#lowest, this.#former);
    const off = Math.max(-4, (TARGET - queued) / TARGET);
    const step = (off * bytes * SEGMENT) / this.#window;
    this.#window = Math.max(SEGMENT, this.#window + Math.min(step, bytes));
  }
}
