// What the page asks of its own server: a ticket for the probe, and the verdict on what was measured.
/** @import { Level, Measured, ProbeTicket, Verdict } from "./types" */

/** @param {string} path @param {object | null} body @param {string} session @returns {Promise<any>} */
async function post(path, body, session) {
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json" };
  if (session) headers["Telemed-Session"] = session;
  const response = await fetch(path, {
    method: "POST", headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.status === 204 ? null : response.json();
}

/** @param {string} session @returns {Promise<ProbeTicket>} */
export function fetchTicket(session) {
  return post("/api/v1/prechecks/tickets", null, session);
}

/** @param {Measured} measured @param {string} session  "guest": the verdict is kept with the appointment @returns {Promise<Verdict>} */
export function judge(measured, session) {
  return post("/api/v1/prechecks", measured, session);
}

/** How a station was found. @param {{ camera: string, microphone: string, line: Level | null }} look @param {string} session */
export function noteLook(look, session) {
  return post("/api/v1/stations/checks", look, session);
}
