// Who is in the room, who is outside, and who is there without a seat: what the roster says, thought over.
/** @import { RosterSeat } from "./types" */

/** Where somebody is, as a key of the page's words; none for who has not been in yet. @param {RosterSeat} seat */
export function whereabouts({ admitted, outside, state }) {
  if (admitted) return state === "here" ? "where.in" : "where.away";
  if (!outside) return "";
  return state === "here" ? `where.${outside}` : "where.unreachable";
}

/** Those who were introduced in front of a screen and have no seat. @param {RosterSeat[]} roster */
export function seatless(roster) {
  const seated = roster.map(({ name }) => name);
  return roster.flatMap(({ beside }) => beside)
    .filter((one) => !seated.some((name) => one === name || one.startsWith(`${name}, `)));
}

/**
 * Who has come and who has gone since the last look; nobody has come into an empty room, for that is the beginning.
 * @param {RosterSeat[]} before @param {RosterSeat[]} after @returns {["came" | "went", string][]}
 */
export function moves(before, after) {
  /** @type {(what: "came" | "went", some: RosterSeat[], others: RosterSeat[]) => ["came" | "went", string][]} */
  const without = (what, some, others) =>
    some.filter(({ seat }) => !others.some((other) => other.seat === seat)).map(({ name }) => [what, name]);
  return [...without("went", before, after), ...(before.length ? without("came", after, before) : [])];
}

/** Whether the patient sits in front of a station's screen, with its one open microphone. @param {RosterSeat[]} roster */
export function atScreen(roster) {
  return roster.some(({ seat, admitted, about }) => seat === "patient" && admitted && about !== "");
}
