// Three seconds of one's own voice, there and back: microphone, loudspeaker and the way to our server in one try.
import { Connection } from "./connection.js";
import { fetchTicket } from "./server.js";
/** @import { Voice } from "./types" */

const CONNECTING = 6_000; // ms
const SPEAKING = 6_000; // three seconds, and what a weak line adds
const PLAYING = 6_000;

/**
 * Whether anything was loud enough to be heard. Throws if it did not work.
 * @param {string} session @param {MediaStreamTrack} microphone @param {HTMLAudioElement} player
 * @param {(step: "connect" | "speak" | "listen") => void} tell @returns {Promise<boolean>}
 */
export async function hearYourself(session, microphone, player, tell) {
  tell("connect");
  const ticket = await fetchTicket(session);
  const direct = ticket.paths.some(({ name }) => name === "direct");
  const servers = ticket.paths.flatMap((path) => path.servers);
  const connection = new Connection({ name: direct ? "direct" : "udp", servers });
  // A copy, so that it can fall silent while it is played, and the check of the line still has a microphone.
  const ours = microphone.clone();
  try {
    player.srcObject = new MediaStream([connection.add(ours, { direction: "sendrecv" })]);
    await connection.open(ticket, CONNECTING, true);
    tell("speak");
    connection.say({ type: "speak" });
    const { loud } = /** @type {Voice} */ (await connection.hear("voice", SPEAKING));
    ours.enabled = false;
    tell("listen");
    await Promise.all([player.play(), connection.hear("voice", PLAYING)]);
    return loud;
  } finally {
    ours.stop();
    connection.close();
    player.srcObject = null;
  }
}
