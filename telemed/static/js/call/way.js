// One connection and how it is cared for: every second its figures, its rung, and a few words with the other page.
import { Ladder, RUNGS, Twice } from "./ladder.js";
import { Shaper } from "./sender.js";
import { counts, Meter } from "./stats.js";
import { Album, Painter } from "./stills.js";
/** @import { RungName } from "./ladder.js" */
/** @import { Peer } from "./peer.js" */
/** @import { Level } from "./types" */

/**
 * What two pages say to each other on the channel `stills`, as JSON, between the pieces of pictures (binary).
 * @typedef {object} Said
 * @property {RungName} [sends]  what I send you from now on
 * @property {Level} [level]  how my line is
 * @property {RungName} [most]  the most I want from you
 * @property {number} [number]  with these three: words may overtake each other, and only the latest count
 * @property {number} [hurt]  share of your sound that I had to make up in the last second
 * @property {number} [kbit]  how fast two of your pieces came
 */

const FRESH = 2_500; // ms that a word about sound counts, and
const LASTING = 6_000; // one about speed: longer than the pause between two pictures
const ADMISSIBLE = 2_000; // bytes waiting, beyond which no more words are added
const AUDIBLE = 0.03; // share of made-up sound worth telling

export class Way {
  #meter = new Meter();
  #shaper = new Shaper();
  #album = new Album();
  #ladder; #twice; #painter; #channel; #drawn;
  /** @type {{ hurt: number, at: number }} */ #hurt = { hurt: 0, at: -Infinity };
  /** @type {{ kbit: number, at: number }[]} */ #speeds = [];
  /** @type {Said} */ #theirs = {};
  /** @type {RungName} */ #wanted = "full";
  #told = ""; #complained = false; #seen = 0; #number = 0; #closed = false;

  /**
   * @param {Peer} peer @param {string} first  the rung or level to begin with
   * @param {() => HTMLVideoElement | null} mirror  our own picture
   * @param {() => RTCDataChannel | undefined} channel
   * @param {(picture: Blob) => void} drawn  they sent a still
   */
  constructor(peer, first, mirror, channel, drawn) {
    this.peer = peer;
    this.#ladder = new Ladder(first, performance.now());
    this.#twice = new Twice(performance.now());
    this.#painter = new Painter(mirror, channel);
    this.#channel = channel;
    this.#drawn = drawn;
    /** @type {number | null} */ this.rtt = null;
    /** @type {number | null} */ this.loss = null;
  }

  /** What they last said of their side. */
  get theirs() {
    return this.#theirs;
  }

  get #chosen() {
    const least = this.#least;
    return least !== "full" && this.#ladder.rung.name === least;
  }

  /** Where the next connection to them may begin. */
  get carries() {
    return this.#ladder.carries;
  }

  /** How our side of the line is. Without a camera there is no picture that could be too large. */
  get level() {
    const { level } = this.#ladder;
    return level === "phone" || (this.#filming && !this.#chosen) ? level : "full";
  }

  /** What somebody on this page wants at most. @param {RungName} most */
  want(most) {
    this.#wanted = most;
    this.#limit();
  }

  /** The channel is open: they may have missed what was said. */
  greet() {
    this.#told = "";
  }

  async tick() {
    const now = performance.now();
    if (["connected", "disconnected", "failed"].includes(this.peer.state)) {
      const figures = this.#meter.read(counts(await this.peer.stats()));
      if (this.#closed) return; // meanwhile
      if (figures) this.#judge(figures, now);
    }
    await this.#shaper.apply(this.peer.senders, this.#ladder.rung);
    if (this.#closed) return;
    this.#painter.paint(this.#ladder.rung.name === "still" && this.#filming);
    const state = { sends: this.#ladder.rung.name, level: this.level, most: this.#wanted };
    const told = JSON.stringify(state);
    if (this.#told !== told && this.say({ ...state, number: ++this.#number })) this.#told = told;
  }

  /** @param {string | ArrayBuffer} data */
  hear(data) {
    const now = performance.now();
    if (typeof data !== "string") {
      const { picture, kbit } = this.#album.add(data, now);
      if (kbit) this.say({ kbit: Math.round(kbit) });
      if (picture) this.#drawn(picture);
      return;
    }
    const said = read(data);
    if (said.kbit !== undefined) this.#speeds = [...this.#speeds.slice(-2), { kbit: said.kbit, at: now }];
    if (said.hurt !== undefined) this.#hurt = { hurt: said.hurt, at: now };
    if ((said.number ?? 0) > (this.#theirs.number ?? 0)) {
      this.#theirs = said;
      this.#limit();
    }
  }

  close() {
    this.#closed = true;
    this.#painter.paint(false);
  }

  /** @param {Said} said  returns whether it went */
  say(said) {
    const channel = this.#channel();
    if (!channel || channel.bufferedAmount > ADMISSIBLE) return false;
    channel.send(JSON.stringify(said));
    return true;
  }

  get #filming() {
    return Boolean(this.peer.senders.video?.track);
  }

  /** The lesser of what both pages want. @returns {RungName} */
  get #least() {
    const names = RUNGS.map(({ name }) => name);
    return names[Math.max(0, names.indexOf(this.#wanted), names.indexOf(this.#theirs.most ?? "full"))];
  }

  #limit() {
    this.#ladder.limit(this.#least, performance.now());
  }

  /** @param {NonNullable<ReturnType<Meter["read"]>>} figures @param {number} now */
  #judge({ heard, losing, available, ...figures }, now) {
    this.rtt = figures.rtt;
    this.loss = figures.loss;
    const fresh = this.#speeds.filter(({ at }) => now - at < LASTING).map(({ kbit }) => kbit).sort((a, b) => a - b);
    // An estimate made while there was no video to send, or in the first seconds of it, is none.
    if (!this.#filming) this.#seen = now;
    this.#ladder.step({
      ...figures,
      available: now - this.#seen < FRESH ? null : available,
      capacity: fresh.length > 1 ? fresh[fresh.length >> 1] : null,
      hurt: now - this.#hurt.at < FRESH ? this.#hurt.hurt : 0,
    }, now);
    this.peer.hearTwice(this.#twice.step(losing, this.#theirs.sends, now));
    if (heard >= AUDIBLE) this.#complained = this.say({ hurt: Math.round(heard * 100) / 100 }) || this.#complained;
    else if (this.#complained) this.#complained = !this.say({ hurt: 0 });
  }
}

/** @param {string} text @returns {Said}  nothing, if it is nonsense */
function read(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
