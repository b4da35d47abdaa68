// The socket of a seat, as consultation/PROTOCOL.md asks: hello, resume, repeat, reconnect. It knows nothing of media
// and nothing of the page, so that a lost socket can take neither down.
import { Refused } from "./tickets.js";
/** @import { Command, LineState, ServerMessage, Ticket } from "./types" */

const COMES_BACK = new Set([1001, 1005, 1006, 1011, 1012, 4408, 4429, 4503]);
const ONCE_MORE = new Set([4401, 4500]);
const WAITS = [300, 1_000, 2_000, 4_000]; // ms; the last one again and again
const QUIET = 10_000;
const PATIENCE = 5_000;

export class Signalling {
  #ticket; #heard; #shown; #keeps;
  /** @type {WebSocket | null} */ #socket = null;
  #instance = newInstance();
  #seq = 0;
  #count = 0;
  /** @type {Map<string, Command & { id: string }>} */ #unanswered = new Map();
  #open = false;
  #attempt = 0;
  #tries = 0;
  #secondChance = true;
  #drain = 0;
  /** @type {{ code: string, sentence?: string }} */ #said = { code: "broken" };
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #beat;

  /**
   * @param {() => Promise<Ticket>} ticket
   * @param {(message: ServerMessage) => void} heard
   * @param {(state: LineState) => void} shown
   * @param {() => boolean} keeps  whether our connections still live, when the server has forgotten us
   */
  constructor(ticket, heard, shown, keeps) {
    this.#ticket = ticket;
    this.#heard = heard;
    this.#shown = shown;
    this.#keeps = keeps;
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#hurry());
  }

  join() {
    this.#shown({ name: "joining" });
    this.#connect();
  }

  /** Sends now or after the way back, done once. @param {Command} command */
  send(command) {
    const message = { ...command, id: `${++this.#count}` };
    this.#unanswered.set(message.id, message);
    if (this.#open) this.#write(message);
  }

  /** Frees the seat. */
  leave() {
    if (this.#open) this.#write({ type: "bye" });
    this.#drop();
    this.#anew();
  }

  /** Comes back as a new page: both sides then build their connections afresh. */
  renew() {
    this.#anew();
    this.#connect();
  }

  async #connect() {
    this.#drop();
    const attempt = this.#attempt;
    try {
      const { ticket, socket } = await this.#ticket();
      if (attempt === this.#attempt) this.#listen(ticket, new WebSocket(socketAddress(socket)));
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (!(error instanceof Refused)) this.#lost();
      else if (error.code === "lost_login" && this.#seq) this.#lost("lost_login"); // the conversation goes on without us
      else if (error.code === "too_early" && error.problem.opens) this.#early(error.problem.opens);
      else this.#over(error.code, error.problem.detail);
    }
  }

  /** @param {string} ticket @param {WebSocket} socket */
  #listen(ticket, socket) {
    this.#socket = socket;
    this.#expect(socket);
    socket.onmessage = ({ data }) => {
      this.#expect(socket);
      this.#take(JSON.parse(data), ticket);
    };
    socket.onclose = ({ code }) => {
      const again = ONCE_MORE.has(code) && this.#secondChance;
      if (again) this.#secondChance = false;
      if (again || COMES_BACK.has(code)) this.#lost();
      else this.#over(this.#said.code, this.#said.sentence);
    };
  }

  /** Notices a connection that has died without a word. @param {WebSocket} socket */
  #expect(socket) {
    clearTimeout(this.#beat);
    this.#beat = setTimeout(() => {
      if (socket.readyState === WebSocket.OPEN) this.#write({ type: "ping" });
      this.#beat = setTimeout(() => this.#lost(), PATIENCE);
    }, QUIET);
  }

  /** @param {ServerMessage} message @param {string} ticket */
  #take(message, ticket) {
    if ("seq" in message && message.seq) this.#seq = Math.max(this.#seq, message.seq);
    const entrance = { ticket, instance: this.#instance };
    switch (message.type) {
      case "welcome":
        if (this.#seq) this.#write({ type: "resume", ...entrance, seq: this.#seq });
        else this.#write({ type: "hello", ...entrance, versions: [1] });
        return;
      case "joined":
        this.#unanswered.clear();
        this.#opened();
        break;
      case "resumed":
        this.#opened();
        for (const waiting of this.#unanswered.values()) this.#write(waiting);
        break;
      case "ok":
        this.#unanswered.delete(message.id);
        return;
      case "drain":
        this.#drain = message.after_ms;
        return;
      case "err":
        if (message.id) this.#unanswered.delete(message.id);
        if (message.fatal) this.#said = message;
        if (message.code === "gone") {
          if (!this.#keeps()) this.#anew();
          this.#write({ type: "hello", ticket, instance: this.#instance, versions: [1] });
        }
        return;
    }
    this.#heard(message);
    if (message.type === "ended") this.#over(message.reason);
    else if (["replaced", "kicked", "denied"].includes(message.type)) this.#over(message.type);
  }

  #opened() {
    this.#open = true;
    this.#secondChance = true;
    this.#tries = 0;
    this.#shown({ name: "open" });
  }

  /** @param {"lost_login"} [code] */
  #lost(code) {
    this.#drop();
    this.#shown({ name: "lost", code });
    const wait = WAITS[Math.min(this.#tries++, WAITS.length - 1)] * (0.5 + Math.random() / 2);
    this.#retry = setTimeout(() => this.#connect(), this.#drain ? Math.random() * this.#drain : wait);
    this.#drain = 0;
  }

  #hurry() {
    if (this.#retry && !document.hidden) this.#connect();
  }

  /** @param {string} opens */
  #early(opens) {
    this.#shown({ name: "early", opens });
    const wait = Math.min(Math.max(Date.parse(opens) - Date.now(), 2_000), 60_000);
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  /** @param {string} code @param {string} [sentence] */
  #over(code, sentence) {
    this.#drop();
    this.#anew();
    this.#shown({ name: "over", code, sentence });
  }

  #drop() {
    this.#attempt++;
    this.#open = false;
    clearTimeout(this.#beat);
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (!this.#socket) return;
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }

  #anew() {
    this.#instance = newInstance();
    this.#seq = 0;
    this.#unanswered.clear();
  }

  /** @param {object} message */
  #write(message) {
    this.#socket?.send(JSON.stringify(message));
  }
}

/** @param {string} path */
function socketAddress(path) {
  const address = new URL(path, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  return address;
}

function newInstance() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
