// The socket of a seat, as consultation/PROTOCOL.md asks: hello, resume, repeat, reconnect. It knows nothing of media
// and nothing of the page, so that a lost socket can take neither down.
import { Refused } from "./tickets.js";
/** @import { Command, LineState, Pass, ServerMessage, Ticket } from "./types" */

const COMES_BACK = new Set([1001, 1005, 1006, 1011, 1012, 4408, 4429, 4503]);
const ONCE_MORE = new Set([4401, 4500]);
const WAITS = [300, 1_000, 2_000, 4_000]; // ms; the last one again and again
const QUIET = 10_000;
const PATIENCE = 5_000;
const ANSWERS = 2_500; // ms for a pong when there is reason to doubt
const OPENS = 4_000; // ms for a new socket then, and more with every try: the line may be slow and not dead
const KNOCK = 5_000; // between two hellos in front of a locked room

export class Signalling {
  #ticket; #heard; #shown; #keeps;
  /** @type {WebSocket | null} */ #socket = null;
  #instance = newInstance();
  #seq = 0;
  #count = 0;
  /** @type {Map<string, Command & { id: string }>} */ #unanswered = new Map();
  #open = false;
  #attempt = 0;
  #began = 0; // of the last attempt, ms
  #last = 0; // when something was heard, ms
  #doubted = false;
  #tries = 0;
  #secondChance = true;
  #drain = 0;
  #path = "";
  #token = ""; // for a resume without a ticket: kept until it is refused or another one comes
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
  }

  /** When the server was last heard (performance.now()); 0 while it cannot be reached. */
  get heard() {
    return this.#open ? this.#last : 0;
  }

  join() {
    this.#shown({ name: "joining" });
    this.#connect();
  }

  /** Sends now or after the way back, done once; of figures, which grow old, the last ones only. @param {Command} command */
  send(command) {
    const message = { ...command, id: `${++this.#count}` };
    const old = command.type === "stat" ? [...this.#unanswered.values()].filter(({ type }) => type === "stat") : [];
    for (const { id } of old) this.#unanswered.delete(id);
    this.#unanswered.set(message.id, message);
    if (this.#open) this.#write(message);
  }

  /** There is reason to doubt the line: is the server still there? If it is lost, back to it now. @param {number} pause  ms since the last try */
  hurry(pause = 0) {
    if (this.#open) return this.#doubt();
    const trying = performance.now() - this.#began;
    if (!this.#began || trying < (this.#retry ? pause : OPENS + this.#tries * WAITS[1])) return;
    this.#tries++;
    this.#connect();
  }

  /** Frees the seat. */
  leave() {
    if (this.#open) this.#write({ type: "bye" });
    this.#drop();
    this.#anew();
    this.#began = 0;
  }

  /** Comes back as a new page: both sides then build their connections afresh. */
  renew() {
    this.#anew();
    this.#connect();
  }

  async #connect() {
    this.#drop();
    this.#began = performance.now();
    if (this.#token) return this.#listen({ token: this.#token });
    await this.#withTicket((ticket) => this.#listen({ ticket }));
  }

  /** Fetches a ticket and goes on with it, unless something else happened meanwhile. @param {(ticket: string) => void} next */
  async #withTicket(next) {
    const attempt = this.#attempt;
    try {
      const { ticket, socket } = await this.#ticket();
      if (attempt !== this.#attempt) return;
      this.#path = socket;
      next(ticket);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (!(error instanceof Refused)) this.#lost();
      else if (error.code === "lost_login" && this.#seq) this.#lost("lost_login"); // the conversation goes on without us
      else if (error.code === "too_early" && error.problem.opens) this.#early(error.problem.opens);
      else this.#over(error.code, error.problem.detail);
    }
  }

  /** @param {Pass} pass */
  #listen(pass) {
    const socket = this.#socket = new WebSocket(socketAddress(this.#path));
    this.#expect(socket);
    socket.onmessage = ({ data }) => {
      this.#expect(socket);
      this.#take(JSON.parse(data), pass);
    };
    socket.onclose = ({ code }) => {
      const again = ONCE_MORE.has(code) && (this.#secondChance || "token" in pass);
      if (again && !("token" in pass)) this.#secondChance = false;
      if (again || COMES_BACK.has(code)) this.#lost();
      else this.#over(this.#said.code, this.#said.sentence);
    };
  }

  /** Notices a connection that has died without a word. @param {WebSocket} socket */
  #expect(socket) {
    clearTimeout(this.#beat);
    this.#last = performance.now();
    this.#doubted = false;
    this.#beat = setTimeout(() => {
      if (socket.readyState === WebSocket.OPEN) this.#write({ type: "ping" });
      this.#beat = setTimeout(() => this.#lost(), PATIENCE);
    }, QUIET);
  }

  #doubt() {
    if (this.#doubted) return;
    this.#doubted = true;
    clearTimeout(this.#beat);
    this.#write({ type: "ping" });
    this.#beat = setTimeout(() => this.#lost(), ANSWERS);
  }

  /** @param {ServerMessage} message @param {Pass} pass */
  #take(message, pass) {
    if (message.type === "joined") this.#seq = 0; // perhaps of another count
    if ("seq" in message && message.seq) this.#seq = Math.max(this.#seq, message.seq);
    switch (message.type) {
      case "welcome":
        if ("ticket" in pass && !this.#seq) this.#hello(pass.ticket);
        else this.#write({ type: "resume", ...pass, instance: this.#instance, seq: this.#seq });
        return;
      case "token":
        this.#token = message.token;
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
        if (message.code === "token_refused" || message.code === "token_spent") this.#token = "";
        if (message.code === "gone") {
          if (!this.#keeps()) this.#anew();
          this.#token = "";
          if ("ticket" in pass) this.#hello(pass.ticket);
          else this.#withTicket((ticket) => this.#hello(ticket));
        }
        if (message.code === "locked") {
          this.#shown({ name: "locked", sentence: message.sentence });
          this.#retry = setTimeout(() => this.#withTicket((ticket) => this.#hello(ticket)), KNOCK);
        }
        return;
    }
    this.#heard(message);
    if (message.type === "ended") this.#over(message.reason);
    else if (["replaced", "kicked", "denied"].includes(message.type)) this.#over(message.type);
  }

  /** @param {string} ticket */
  #hello(ticket) {
    this.#write({ type: "hello", ticket, instance: this.#instance, versions: [1] });
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
    this.#began = 0;
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
    this.#token = "";
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
