// How much picture the line carries, so that the sound always gets through. Pure: figures and a clock in, a rung out.
// Down fast, and the more is missing the further; up one rung at a time, on evidence, later after every vain attempt.
/** @import { Level } from "./types" */
/** @typedef {"full" | "small" | "tiny" | "still" | "audio"} RungName */

/**
 * @typedef {object} Rung
 * @property {RungName} name
 * @property {Level} level  as people and the server are told
 * @property {number} height  of the picture, in pixels; 0 without video
 * @property {number} frames  at most, a second
 * @property {number} video  bit/s, at most
 * @property {number} audio  bit/s; the browser takes longer packets by itself when this is little
 * @property {number} needs  kbit/s in all; with less the rung is left
 * @property {number} opens  kbit/s in all; with so much it is tried
 */

/**
 * What a connection did in the last second or so. null: nobody knows.
 * @typedef {object} Figures
 * @property {number | null} available  kbit/s that the browser believes it may send
 * @property {number} sending  kbit/s that it sends
 * @property {number | null} capacity  kbit/s at which stills arrived
 * @property {number | null} loss  share of our packets that the other page missed
 * @property {number | null} rtt  ms
 * @property {number} hurt  share of the sound that the other page had to make up
 * @property {boolean} dark  nothing arrived at all
 */

/** From the best to the least. @type {Rung[]} */
export const RUNGS = [
  { name: "full", level: "full", height: 720, frames: 30, video: 1_700_000, audio: 24_000, needs: 350, opens: 450 },
  { name: "small", level: "small", height: 360, frames: 30, video: 350_000, audio: 24_000, needs: 110, opens: 170 },
  { name: "tiny", level: "small", height: 180, frames: 8, video: 80_000, audio: 16_000, needs: 55, opens: 90 },
  { name: "still", level: "still", height: 0, frames: 0, video: 0, audio: 12_000, needs: 35, opens: 0 },
  { name: "audio", level: "audio", height: 0, frames: 0, video: 0, audio: 12_000, needs: 0, opens: 0 },
];
/** From the best to the worst. @type {Level[]} */
export const LEVELS = ["full", "small", "still", "audio", "phone"];
const STILL = RUNGS.findIndex(({ name }) => name === "still");
const AUDIO = RUNGS.length - 1;

const WAIT = 5_000; // ms after a fall before the next attempt; doubled by each vain one
const LONGEST = 60_000;
const VAIN = 30_000; // ms on a new rung within which a fall makes the attempt a vain one
const DWELL = 2_000; // ms on a rung before the next is tried
const SETTLE = 2_500; // ms in which the estimate of a browser says little: after a change, and after an outage
const OUTAGE = 2_000; // ms without anything
const LOST = 15_000; // ms of outage, or
const RUINED = 8_000; // ms of ruined sound on the lowest rung, after which people should telephone
const SLACK = 1.4; // times what we send: if so much is available, it is the picture that is small, not the line
const BLOATED = 600; // ms over the shortest round trip

export class Ladder {
  #at; #top = 0; #before = AUDIO; #hopeless = false;
  #changed; #climbed = -Infinity; #fell = -Infinity; #next = -Infinity; #settled; #blind = -Infinity;
  #wait = WAIT; #outage = 0; #shortest = Infinity;
  /** @type {Map<string, number>} since when something is so */ #since = new Map();

  /** @param {string} first  a rung or a level: where to begin @param {number} now  ms, of any clock that only goes forward */
  constructor(first, now) {
    const found = RUNGS.findIndex(({ name, level }) => name === first || level === first);
    this.#at = found >= 0 ? found : first === "phone" ? AUDIO : 0;
    this.#changed = now;
    this.#settled = now + SETTLE;
  }

  get rung() {
    return RUNGS[this.#at];
  }

  /** What the line carries, whatever people want: where the next connection over it may begin. */
  get carries() {
    const at = this.#at === this.#top ? Math.min(this.#at, this.#before) : this.#at;
    return RUNGS[this.#outage >= OUTAGE ? Math.min(at, STILL - 1) : at].name; // after an outage it may be another line
  }

  /** @returns {Level} */
  get level() {
    return this.#hopeless ? "phone" : this.rung.level;
  }

  /** The most that people want. @param {RungName} name @param {number} now */
  limit(name, now) {
    const top = RUNGS.findIndex((rung) => rung.name === name);
    const held = this.#at === this.#top; // by the old limit, not by the line: then back to where it was
    if (top > this.#top) this.#before = Math.min(this.#before, this.#at);
    this.#top = top;
    if (this.#at < top) this.#move(top, now);
    else if (held && this.#before < this.#at) this.#move(Math.max(this.#before, top), now);
    if (this.#at <= this.#before) this.#before = AUDIO;
  }

  /** Call it about once a second. @param {Figures} figures @param {number} now */
  step(figures, now) {
    if (this.#outageGoesOn(figures, now)) return;
    this.#hear(figures, now);
    const lower = this.#lower(figures, now);
    const roomy = this.#roomy(figures, now);
    if (lower > this.#at) this.#fall(lower, now);
    else if (roomy && this.#mayClimb(figures, now)) this.#climb(this.#at - 1, now);
    if (this.#climbed > this.#fell && now - this.#climbed > VAIN) this.#wait = WAIT; // it holds
  }

  /** Nothing is decided while nothing arrives, and afterwards the line may be another one. @param {Figures} figures @param {number} now */
  #outageGoesOn({ dark }, now) {
    const lasts = this.#lasts("dark", dark, now);
    if (dark) {
      this.#outage = lasts;
      if (lasts >= LOST) this.#hopeless = true;
      return true;
    }
    if (this.#outage >= OUTAGE) {
      this.#wait = WAIT;
      this.#next = now;
      if (this.#at >= STILL && this.#top < STILL) this.#climb(STILL - 1, now); // without evidence, this once
      this.#blind = this.#settled = now + SETTLE;
    }
    this.#outage = 0;
    return false;
  }

  /** @param {Figures} figures @param {number} now */
  #hear({ hurt }, now) {
    if (this.#lasts("ruined", hurt >= 0.3 && this.#at === AUDIO, now) >= RUINED) this.#hopeless = true;
    if (this.#lasts("well", hurt < 0.1, now) >= WAIT) this.#hopeless = false;
  }

  /** Where the figures say we belong, if that is lower. @param {Figures} figures @param {number} now */
  #lower({ available, capacity, loss, rtt, hurt }, now) {
    const { needs } = this.rung;
    if (rtt !== null) this.#shortest = Math.min(this.#shortest, rtt);
    const hurting = this.#lasts("hurting", hurt >= 0.1, now) >= 1_000;
    const cramped = this.#lasts("cramped", capacity !== null && capacity < needs, now) >= 4_000;
    const starved = this.#lasts("starved", available !== null && available < needs && now >= this.#settled, now) >= 1_000;
    // A browser that does not say what it may send: what the others say of it has to do.
    const bad = available === null && ((loss ?? 0) >= 0.1 || (rtt ?? 0) > this.#shortest + BLOATED);
    const suffering = this.#lasts("suffering", bad && now >= this.#settled, now) >= 2_000;
    if (this.#at >= STILL) return (hurting && now - this.#changed > WAIT) || cramped ? AUDIO : this.#at;
    // So little that sound suffers already and the browser cannot give way any further: no video, at once.
    if (available !== null && available < RUNGS[1].needs && this.#at <= 1 && now >= this.#blind) return STILL;
    if (starved) return this.#at === 0 ? 1 : STILL;
    if (hurting) return hurt >= 0.3 ? STILL : this.#at + 1;
    return suffering ? this.#at + 1 : this.#at;
  }

  /** Whether the next rung up has been seen to fit. @param {Figures} figures @param {number} now */
  #roomy({ available, capacity, loss, sending }, now) {
    const above = RUNGS[this.#at - 1];
    if (this.#at === AUDIO || !above) return this.#at === AUDIO; // only stills can tell
    const known = this.#at === STILL ? capacity : available;
    if (this.#lasts("roomy", known !== null && known >= above.opens, now) >= 1_000) return true;
    if (this.#lasts("slack", known !== null && known >= above.needs && known >= SLACK * sending, now) >= WAIT) return this.#at < STILL;
    return known === null && (loss ?? 0) < 0.03 && now - this.#changed >= 2 * WAIT;
  }

  /** @param {Figures} figures @param {number} now */
  #mayClimb({ hurt }, now) {
    return this.#at > this.#top && now >= this.#next && now - this.#changed >= DWELL && hurt < 0.08;
  }

  /** @param {number} to @param {number} now */
  #fall(to, now) {
    const vain = now - this.#climbed < VAIN;
    this.#wait = vain ? Math.min(this.#wait * 2, LONGEST) : WAIT;
    this.#fell = now;
    this.#next = now + this.#wait;
    this.#move(to, now);
  }

  /** @param {number} to @param {number} now */
  #climb(to, now) {
    this.#climbed = now;
    this.#move(to, now);
  }

  /** @param {number} to @param {number} now */
  #move(to, now) {
    this.#at = to;
    this.#changed = now;
    this.#settled = now + SETTLE;
    for (const about of ["hurting", "cramped", "starved", "suffering", "roomy", "slack"]) this.#since.delete(about);
  }

  /** For how many ms something has been so; -1 if it is not. @param {string} about @param {boolean} so @param {number} now */
  #lasts(about, so, now) {
    if (!so) this.#since.delete(about);
    else if (!this.#since.has(about)) this.#since.set(about, now);
    return so ? now - (this.#since.get(about) ?? now) : -1;
  }
}

const WORSE = 1_500; // ms until bad news is told
const BETTER = 8_000; // ms until good news is: by then it is true

/** What people are told of the level: late enough never to flap. */
export class Calm {
  #told; #turn = 0; #since = 0;

  /** @param {Level} level */
  constructor(level) {
    this.#told = level;
  }

  /** @param {Level} level @param {number} now  ms @returns {Level} */
  step(level, now) {
    const turn = Math.sign(LEVELS.indexOf(level) - LEVELS.indexOf(this.#told));
    if (turn !== this.#turn) {
      this.#turn = turn;
      this.#since = now;
    }
    if (now - this.#since >= (turn > 0 ? WORSE : BETTER)) {
      this.#told = level;
      this.#turn = 0;
    }
    return this.#told;
  }
}

const LOSSY = 0.03; // share of the packets, from which on sound helps that comes twice
const CLEAN = 0.01;
const EARNEST = 5_000; // ms that packets are lost: longer than one burst is seen in the figures (stats.js)
const OVER = 10_000; // ms without reason for it
const APART = 20_000; // ms between two changes, since each is a description
const WIDE = ["full", "small"];

/** Whether sound should come twice over (RED, RFC 2198): while packets are lost and the line has room. */
export class Twice {
  #on = false; #turned = -Infinity; #settled;

  /** @param {number} now  ms */
  constructor(now) {
    this.#settled = now;
  }

  /**
   * @param {number | null} losing  share of their packets that we miss; null: nobody knows
   * @param {RungName | undefined} sends  their rung: with much of a picture there is room
   * @param {number} now  ms
   */
  step(losing, sends, now) {
    const right = losing === null ? this.#on : WIDE.includes(sends ?? "") && losing >= (this.#on ? CLEAN : LOSSY);
    if (right === this.#on) this.#settled = now;
    const long = now - this.#settled >= (right ? EARNEST : OVER);
    if (!long || now - this.#turned < APART) return this.#on;
    this.#turned = this.#settled = now;
    return (this.#on = right);
  }
}
