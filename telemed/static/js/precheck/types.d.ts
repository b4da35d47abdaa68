// Shapes for the type checker alone; no page loads this file. What they mean stands in precheck/types.py and wire.py.

export type PathName = "direct" | "udp" | "tcp" | "tls";
export type Level = "phone" | "audio" | "still" | "small" | "full";

/** A path to try: through these relays alone, or directly if there are none. */
export interface PathToTry { name: PathName; servers: RTCIceServer[] }
export interface ProbeTicket { ticket: string; url: string; paths: PathToTry[] }

/** kbit/s that came through, share of packets lost, jitter in ms. */
export interface Way { kbit: number; loss: number; jitter: number }
/** `rtt` in ms. */
export interface Figures { type: "figures"; rtt: number; up: Way; down: Way }
export interface Counted { type: "counted"; audio: number; video: number }
export interface Voice { type: "voice"; state: "listen" | "played"; loud: boolean }
export type FromProbe = Figures | Counted | Voice;

export interface Path { name: PathName; rtt: number; up: Way; down: Way }
export interface Measured { tried: PathName[]; paths: Path[]; heard: boolean | null; seen: boolean | null }
export interface Verdict { level: Level; path: PathName | null }

/** What goes on, for the person who waits. */
export type Step = "wait" | "connect" | PathName | "media" | "done";
export type Tell = (step: Step, share: number) => void;
