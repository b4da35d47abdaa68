// Shapes for the type checker alone; no page loads this file. The wire is described in consultation/PROTOCOL.md.

export type Seat = "patient" | "practitioner" | "assistant" | "gateway";
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
  tracks: Track[];
  quality: Quality | null;
  outside: Outside;
  beside: string[];
}

export interface IceConfig {
  servers: RTCIceServer[];
  policy: RTCIceTransportPolicy;
}

export type ServerMessage =
  | { type: "welcome"; node: string; versions: number[]; limits: { candidates: number } }
  | { type: "joined"; seq: number; seat: Seat; admitted: boolean; roster: RosterSeat[]; ice: IceConfig | null; locked: boolean }
  | { type: "resumed" | "admitted" | "held" | "denied" | "replaced" | "kicked"; seq: number }
  | { type: "waiting"; seq: number; practitioner_here: boolean; outside: Outside }
  | ({ type: "lobby" } & LobbyState)
  | { type: "token"; token: string; expires: string }
  | { type: "roster"; seq: number; seats: RosterSeat[]; locked: boolean }
  | ({ type: "ice" } & IceConfig)
  | ({ type: "desc"; seq: number; from: Seat } & Description)
  | ({ type: "cand"; seq: number; from: Seat } & Candidates)
  | ({ type: "mode"; seq: number; from: Seat } & Mode)
  | { type: "track"; seq: number; from: Seat; tracks: Track[] }
  | { type: "ask"; seq: number; from: Seat; what: Wish }
  | ({ type: "quality"; seq: number; from: Seat } & Quality)
  | { type: "ok"; id: string; seq?: number }
  | { type: "ended"; seq: number; reason: string }
  | { type: "drain"; after_ms: number }
  | { type: "pong" }
  | { type: "err"; code: string; sentence: string; fatal: boolean; id?: string; seq?: number };

export interface LobbyState { doctor: "away" | "busy" | "ready"; ahead: number; late_minutes: number; note: string }
export interface Description { epoch: number; kind: "offer" | "answer"; sdp: string }
export interface Candidates { epoch: number; candidates: RTCIceCandidateInit[] }
export interface Mode { mic: boolean; cam: boolean }
export type Outside = "" | "out" | "called";
export type Wish = "leave" | "return" | "unmute";
export type Label = "camera" | "microphone" | "screen" | "dermatoscope" | "otoscope" | "stethoscope";
export interface Track { mid: string; label: Label }
export type Level = "full" | "small" | "still" | "audio" | "phone";
export interface Quality { level: Level; rtt_ms: number | null; loss_pct: number | null }

/** What a page wants done; it is given its `id` when it is sent. */
export type Command =
  | { type: "admit" | "hold" | "deny" | "kick"; seat: Seat }
  | { type: "end" }
  | { type: "lock"; locked: boolean }
  | ({ type: "mode" } & Mode)
  | { type: "track"; tracks: Track[] }
  | { type: "ask"; to: Seat; what: Wish }
  | { type: "stat"; level: Level; rtt_ms?: number; loss_pct?: number }
  | { type: "ice" }
  | { type: "sas"; epoch: number; match: boolean }
  | ({ type: "desc"; to: Seat } & Description)
  | ({ type: "cand"; to: Seat } & Candidates);

/** What a socket is opened with: a ticket, or the token of the socket before. */
export type Pass = { ticket: string } | { token: string };

export interface Ticket { ticket: string; socket: string }

/** Where the socket is. `over` is final; `code` says why (PROTOCOL.md, or `lost_login`). */
export type LineState =
  | { name: "joining" | "open" }
  | { name: "lost"; code?: "lost_login" }
  | { name: "early"; opens: string }
  | { name: "locked"; sentence: string }
  | { name: "over"; code: string; sentence?: string };

/** Why a kind of device is not there: a DOMException's name, or `Insecure` or `Ended`. */
export type Problems = Partial<Record<Kind, string>>;

/** What the server wrote into the page for its script. */
export interface PageData {
  appointment: string;
  seat: Seat;
  session: "guest" | "staff" | "station";
  after: string;
  back: string;
  /** Where the scripts of talk/ are, joined. */
  talk: string;
  /** Where what is fetched later (later/parts.js) is, joined. */
  parts: string;
  /** For the practitioner alone. */
  patient: { name: string; birth_date: string } | null;
  words: Record<string, string>;
}
