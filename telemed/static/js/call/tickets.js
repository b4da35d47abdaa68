// Tickets for a seat: fetched for every hello and every resume.
/** @import { Ticket } from "./types" */

/** A refusal that trying again will not change, except `too_early`. */
export class Refused extends Error {
  /** @param {string} code @param {{ detail?: string, opens?: string }} problem */
  constructor(code, problem) {
    super(code);
    this.code = code;
    this.problem = problem;
  }
}

/**
 * The returned function throws `Refused`, or another error when it is worth trying again.
 * @param {string} appointment @param {string} seat @param {"guest" | "staff" | "station"} session
 * @returns {() => Promise<Ticket>}
 */
export function tickets(appointment, seat, session) {
  const ask = () => fetch(`/api/v1/appointments/${appointment}/tickets`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Telemed-Session": session },
    body: JSON.stringify({ seat }),
    signal: AbortSignal.timeout(8_000),
  });
  return async () => {
    let response = await ask();
    if (response.status === 401 && session !== "guest") {
      // A consultation outlasts the minutes of an access token or badge; any page of that session renews it.
      const renewal = session === "staff" ? "/session" : "/screen/session";
      await fetch(renewal, { signal: AbortSignal.timeout(8_000) });
      response = await ask();
    }
    if (response.ok) return response.json();
    if (response.status >= 500 || response.status === 429) throw new Error(`${response.status}`);
    const problem = await response.json().catch(() => ({}));
    throw new Refused(response.status === 401 ? "lost_login" : problem.code ?? "broken", problem);
  };
}
