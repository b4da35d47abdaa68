// One check of a line: every path to the probe by itself, then picture and sound over the best, all within 12 seconds.
import { Away, Connection } from "./connection.js";
import { load } from "./load.js";
import { fetchTicket } from "./server.js";
/** @import { Counted, Figures, Measured, Path, ProbeTicket, Tell } from "./types" */

const CONNECTING = 7_500; // ms
const LAST_START = 8_600; // ms after which no further path is begun,
const LAST_MEDIA = 9_300; // nor picture and sound,
const END = 11_400; // and when all must be known
const SUM = 1_500; // ms for the figures to come back
const MEDIA = 2_500;
const PATIENCE = 20; // times that a busy probe is asked again
const PAUSE = 2_000;
const SOUND = 10; // 20 ms each
const PICTURES = 3;
const PICTURE_FROM = 200; // kbit/s; less is no line for a moving picture, and would be filled for seconds

/**
 * Throws Away if the probe cannot be asked, or another error if our own server cannot.
 * @param {string} session @param {(MediaStreamTrack | null)[]} tracks @param {Tell} tell @returns {Promise<Measured>}
 */
export async function checkLine(session, tracks, tell) {
  for (let tries = 1; ; tries++) {
    try {
      tell("connect", 0);
      return await attempt(await fetchTicket(session), tracks, tell);
    } catch (error) {
      if (!(error instanceof Away && error.busy) || tries === PATIENCE) throw error;
      tell("wait", 0);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

/** @param {ProbeTicket} ticket @param {(MediaStreamTrack | null)[]} tracks @param {Tell} tell @returns {Promise<Measured>} */
async function attempt(ticket, tracks, tell) {
  const began = performance.now();
  const left = (/** @type {number} */ until) => Math.max(0, until - (performance.now() - began));
  const share = () => Math.round(performance.now() - began) / END;
  const tried = ticket.paths.map(({ name }) => name);
  /** @type {Path[]} */
  const paths = [];
  /** @type {unknown[]} */
  const failures = [];
  const opening = ticket.paths.map(async (path) => {
    const connection = new Connection(path);
    try {
      await connection.open(ticket, CONNECTING);
    } catch (error) {
      failures.push(error);
      connection.close();
      throw error;
    }
    return connection;
  });
  for await (const connection of asTheyCome(opening)) {
    if (left(LAST_START) > 0) {
      tell(connection.name, share());
      await measure(connection, () => left(END)).then((path) => paths.push(path), (error) => failures.push(error));
    }
    connection.close();
  }
  const away = failures.filter((error) => error instanceof Away);
  const busy = away.find((error) => error.busy);
  if (paths.length === 0 && (busy || away.length === tried.length)) throw busy ?? away[0];
  const best = [...paths].sort((one, other) => weaker(other) - weaker(one))[0];
  const picture = best !== undefined && weaker(best) >= PICTURE_FROM;
  const sent = tracks.flatMap((track) => (track && (picture || track.kind === "audio") ? [track] : []));
  /** @type {Measured} */
  const measured = { tried, paths, heard: null, seen: null };
  const path = ticket.paths.find(({ name }) => name === best?.name);
  if (path && sent.length > 0 && left(LAST_MEDIA) > 0) {
    tell("media", share());
    Object.assign(measured, await media(path, ticket, sent, Math.min(MEDIA, left(END))));
  }
  return measured;
}

/** @param {Path} path */
function weaker({ up, down }) {
  return Math.min(up.kbit, down.kbit);
}

/**
 * Throws Away if our turn did not come: connected is connected, so that is the others' doing and not the line's.
 * @param {Connection} connection @param {() => number} left  ms @returns {Promise<Path>}
 */
async function measure(connection, left) {
  const got = await load(connection.channel, AbortSignal.timeout(Math.max(0, left() - SUM)));
  if (got.length === 0) throw new Away(true);
  connection.say({ type: "heard", got });
  const { rtt, up, down } = /** @type {Figures} */ (await connection.hear("figures", left()));
  return { name: connection.name, rtt, up, down };
}

/**
 * Whether our sound and our picture arrive at all. What takes too long to connect says nothing.
 * @param {ProbeTicket["paths"][0]} path @param {ProbeTicket} ticket @param {MediaStreamTrack[]} tracks @param {number} ms
 * @returns {Promise<Partial<Measured>>}
 */
async function media(path, ticket, tracks, ms) {
  const connection = new Connection(path);
  const until = performance.now() + ms;
  try {
    for (const track of tracks) {
      const encoding = track.kind === "video" ? { maxBitrate: 150_000, maxFramerate: 10, scaleResolutionDownBy: 4 } : {};
      connection.add(track, { direction: "sendonly", sendEncodings: [encoding] });
    }
    await connection.open(ticket, ms);
    const wanted = new Set(tracks.map(({ kind }) => kind));
    for (;;) {
      connection.say({ type: "count" });
      const { audio, video } = /** @type {Counted} */ (await connection.hear("counted", Math.max(300, until - performance.now())));
      const heard = wanted.has("audio") ? audio >= SOUND : null;
      const seen = wanted.has("video") ? video >= PICTURES : null;
      if ((heard !== false && seen !== false) || performance.now() > until) return { heard, seen };
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } catch {
    return {};
  } finally {
    connection.close();
  }
}

/**
 * What came about, in the order in which it did; what did not is left out.
 * @template T @param {Promise<T>[]} promises @returns {AsyncGenerator<T>}
 */
async function* asTheyCome(promises) {
  const open = new Map(promises.map((promise, index) => [
    index, promise.then((value) => ({ index, value }), () => ({ index, value: null })),
  ]));
  while (open.size > 0) {
    const { index, value } = await Promise.race(open.values());
    open.delete(index);
    if (value !== null) yield value;
  }
}
