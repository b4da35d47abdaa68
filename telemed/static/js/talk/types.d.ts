// Shapes for the type checker alone: what pages say to each other (consultation/PROTOCOL.md, "Between the pages").

export type TextMessage =
  | { type: "say" | "note"; id: string; text: string }
  | { type: "typing"; at: number; cut: number; put: string }
  | { type: "got"; id: string };

/** `observation`: FHIR, believed only after ../readings/observation.js has read it. */
export type ReadingMessage = { type: "reading"; id: string; observation: object };

export type FileMessage =
  | { type: "offer"; id: number; name: string; size: number; sha256: string }
  | { type: "accept" | "refuse" | "cancel"; id: number }
  | { type: "have"; id: number; bytes: number }
  | { type: "done"; id: number; ok: boolean };

export type WordsMessage =
  | { type: "commit"; commit: string }
  | { type: "reveal"; nonce: string };

export type OrdersMessage = { type: "orders"; id: string; text: string } | { type: "shown"; id: string };

/** To a station's gateway. */
export type GatewayMessage =
  | { type: "show"; mids: string[] }
  | { type: "still"; mid: string };

export type TalkMessage = TextMessage | ReadingMessage | OrdersMessage | FileMessage | WordsMessage | { type: "look" };

/** Where a file is: `going` on its way, `lost` with the connection, `unreadable` on the sender's own disk. */
export type Progress = "preparing" | "offered" | "going" | "checking" | "arrived" | "refused" | "cancelled" | "broken"
  | "lost" | "unreadable";

/** The channels to one other page, as files see them. */
export interface Pipe {
  tell(message: FileMessage): void;
  push(piece: ArrayBuffer): void;
  /** Bytes that wait in the channel for pieces. */
  readonly backlog: number;
}
