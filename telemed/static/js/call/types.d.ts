// Shapes for the type checker alone; no page loads this file. The wire is described in consultation/PROTOCOL.md.

export type Seat = "patient" | "practitioner" | "assistant";
export type Kind = "audio" | "video";

export interface RosterSeat {
  seat: Seat;
  name: string;
  about: string;
  state: "here" | "away";
  admitted: boolean;
  instance: string;
  epoch: number;
  polite: boolean;
  mic: boolean;
  cam: boolean;
}

export interface IceConfig {
  servers: RTCIceServer[];
  policy: RTCIceTransportPolicy;
}

export type ServerMessage =
  | { type: "welcome"; node: string; versions: number[]; limits: { candidates: number } }
  | { type: "joined"; seq: number; seat: Seat; admitted: boolean; roster: RosterSeat[]; ice: IceConfig | null }
  | { type: "resumed" | "admitted" | "held" | "denied" | "replaced" | "kicked"; seq: number }
  | { type: "waiting"; seq: number; practitioner_here: boolean }
  | { type: "roster"; seq: number; seats: RosterSeat[] }
  | ({ type: "ice" } & IceConfig)
  | ({ type: "desc"; seq: number; from: Seat } & Description)
  | ({ type: "cand"; seq: number; from: Seat } & Candidates)
  | ({ type: "mode"; seq: number; from: Seat } & Mode)
  | { type: "ok"; seq: number; id: string }
  | { type: "ended"; seq: number; reason: string }
  | { type: "drain"; after_ms: number }
  | { type: "pong" }
  | { type: "err"; code: string; sentence: string; fatal: boolean; id?: string; seq?: number };

export interface Description { epoch: number; kind: "offer" | "answer"; sdp: string }
export interface Candidates { epoch: number; candidates: RTCIceCandidateInit[] }
export interface Mode { mic: boolean; cam: boolean }

/** What a page wants done; it is given its `id` when it is sent. */
export type Command =
  | { type: "admit" | "hold" | "deny" | "kick"; seat: Seat }
  | { type: "end" }
  | ({ type: "mode" } & Mode)
  | ({ type: "desc"; to: Seat } & Description)
  | ({ type: "cand"; to: Seat } & Candidates);

export interface Ticket { ticket: string; socket: string }

/** Where the socket is. `over` is final; `code` says why (PROTOCOL.md, or `lost_login`). */
export type LineState =
  | { name: "joining" | "open" }
  | { name: "lost"; code?: "lost_login" }
  | { name: "early"; opens: string }
  | { name: "over"; code: string; sentence?: string };

/** Why a kind of device is not there: a DOMException's name, or `Insecure` or `Ended`. */
export type Problems = Partial<Record<Kind, string>>;

/** What the server wrote into the page for its script. */
export interface PageData {
  appointment: string;
  seat: Seat;
  session: "guest" | "staff";
  after: string;
  back: string;
  words: Record<string, string>;
}
