// What another page says, believed only as far as it has the right shape: it may be anybody's program.
import { LONGEST } from "./typing.js";
/** @import { TalkMessage } from "./types" */

const count = (/** @type {unknown} */ it) => Number.isSafeInteger(it) && Number(it) >= 0;
const number = (/** @type {unknown} */ it) => count(it) && Number(it) < 2 ** 32;
const text = (/** @type {number} */ most) => (/** @type {unknown} */ it) => typeof it === "string" && it.length <= most;
const hash = (/** @type {unknown} */ it) => typeof it === "string" && /^[0-9a-f]{64}$/.test(it);
const name = (/** @type {unknown} */ it) => typeof it === "string" && /^[\w-]{1,40}$/.test(it);
const thing = (/** @type {unknown} */ it) => typeof it === "object" && it !== null; // looked at by whoever shows it
const flag = (/** @type {unknown} */ it) => typeof it === "boolean";

/** @type {Record<string, Record<string, (it: unknown) => boolean>>} */
const SHAPES = {
  say: { id: name, text: text(LONGEST) },
  note: { id: name, text: text(LONGEST) },
  reading: { id: name, observation: thing },
  got: { id: name },
  orders: { id: name, text: text(LONGEST) },
  shown: { id: name },
  typing: { at: count, cut: count, put: text(LONGEST) },
  offer: { id: number, name: text(500), size: (it) => count(it) && Number(it) > 0, sha256: hash },
  accept: { id: number },
  refuse: { id: number },
  cancel: { id: number },
  have: { id: number, bytes: count },
  done: { id: number, ok: flag },
  commit: { commit: hash },
  reveal: { nonce: hash },
  look: {},
};

/** The message in a frame; null for what is none. @param {unknown} frame @returns {TalkMessage | null} */
export function read(frame) {
  if (typeof frame !== "string") return null;
  try {
    const message = JSON.parse(frame);
    const shape = Object.hasOwn(SHAPES, message?.type) ? SHAPES[message.type] : null;
    return shape && Object.entries(shape).every(([field, fits]) => fits(message[field])) ? message : null;
  } catch {
    return null;
  }
}
