// Pictures and files, to and from every other page.
import { announce, part, words } from "../call/view.js";
import { plainName } from "./names.js";
import { Receiver } from "./receiving.js";
import { Row } from "./row.js";
import { LARGEST, Sender } from "./sending.js";
/** @import { Level, Seat } from "../call/types" */
/** @import { FileMessage, Progress } from "./types" */
/** @import { Link } from "./link.js" */
/** @typedef {{ sender: Sender, receiver: Receiver, sent: Map<number, Row>, coming: Map<number, Row> }} Traffic */

/**
 * Bytes a second that the line has for files, by what else it carries (PROTOCOL.md, `stat`); speech comes first.
 * @type {Record<Level, number>}
 */
const ROOM = { full: Infinity, small: 40_000, still: 6_000, audio: 1_500, phone: 0 };
const TOLD = new Set(["offered", "arrived", "refused", "cancelled", "broken", "lost", "unreadable"]);

export class Files {
  #name; #news; #problem;
  /** @type {Map<Seat, Traffic>} */ #traffic = new Map();
  /** @type {Set<Row>} */ #rows = new Set();
  #room = Infinity;

  /**
   * @param {(seat: Seat) => string} name @param {(seat: Seat, what: "offers") => void} news
   * @param {(sentence: string) => void} problem
   */
  constructor(name, news, problem) {
    this.#name = name;
    this.#news = news;
    this.#problem = problem;
    const chosen = part("chosen", HTMLInputElement);
    part("attach", HTMLButtonElement).onclick = () => chosen.click();
    chosen.onchange = () => {
      this.#offer([...(chosen.files ?? [])]);
      chosen.value = "";
    };
    part("line", HTMLTextAreaElement).onpaste = (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) event.preventDefault();
      this.#offer(files);
    };
  }

  /** @param {Link} link */
  open(link) {
    const { seat } = link;
    /** @type {Traffic} */
    const traffic = {
      sent: new Map(), coming: new Map(),
      sender: new Sender(link, (id, state, fraction) => this.#show(traffic.sent.get(id), state, fraction)),
      receiver: new Receiver(link, (id, what, whole) => {
        if (!traffic.coming.has(id)) {
          traffic.coming.set(id, this.#row("in", seat, what, (act) => act === "accept" ? traffic.receiver.accept(id) : traffic.receiver.refuse(id)));
          this.#news(seat, "offers");
        }
        const row = traffic.coming.get(id);
        if (whole) row?.hand(whole);
        this.#show(row, what.state, what.had / what.size);
      }),
    };
    traffic.sender.limit(this.#room);
    this.#traffic.set(seat, traffic);
    this.#choices();
  }

  /** @param {Seat} seat */
  close(seat) {
    this.#traffic.get(seat)?.sender.lost();
    this.#traffic.get(seat)?.receiver.lost();
    this.#traffic.delete(seat);
    this.#choices();
  }

  /** @param {Seat} seat @param {FileMessage} message */
  hear(seat, message) {
    const traffic = this.#traffic.get(seat);
    if (message.type === "offer" || message.type === "cancel") traffic?.receiver.hear(message);
    else traffic?.sender.hear(message);
  }

  /** @param {Seat} seat @param {ArrayBuffer} piece */
  take(seat, piece) {
    this.#traffic.get(seat)?.receiver.take(piece);
  }

  /** What the line carries now. @param {Level} level */
  level(level) {
    this.#room = ROOM[level];
    this.#traffic.forEach(({ sender }) => sender.limit(this.#room));
    part("files-slow", HTMLElement).hidden = this.#room === Infinity;
  }

  end() {
    for (const seat of [...this.#traffic.keys()]) this.close(seat);
    this.#rows.forEach((row) => row.remove());
    this.#rows.clear();
  }

  /** @param {File[]} files */
  #offer(files) {
    if (files.length === 0) return;
    const whom = part("whom", HTMLSelectElement).value;
    const seats = [...this.#traffic.keys()].filter((seat) => !whom || whom === seat);
    const unfit = files.filter(({ size }) => size > LARGEST || size === 0);
    const faults = unfit.map(({ name, size }) => words(size ? "file.too_large" : "file.empty", { name: plainName(name) }));
    this.#problem(seats.length === 0 ? words("nobody") : faults.join(" "));
    for (const file of files) if (!unfit.includes(file)) seats.forEach((seat) => this.#send(seat, file));
  }

  /** @param {Seat} seat @param {File} file */
  #send(seat, file) {
    const traffic = this.#traffic.get(seat);
    if (!traffic) return this.#problem(words("gone", { name: this.#name(seat) }));
    const named = { name: plainName(file.name), size: file.size };
    const row = this.#row("out", seat, named, (act) => {
      if (act === "cancel") traffic.sender.cancel(id);
      if (act === "again" && this.#traffic.has(seat)) this.#drop(row);
      if (act === "again") this.#send(seat, file);
    });
    const id = traffic.sender.offer(file);
    traffic.sent.set(id, row);
    row.show("preparing", 0);
  }

  /** @param {"out" | "in"} way @param {Seat} seat @param {{ name: string, size: number }} file @param {(act: import("./row.js").Act) => void} act */
  #row(way, seat, file, act) {
    /** @type {Row} */
    const row = new Row(way, this.#name(seat), file, (what) => (what === "away" ? this.#drop(row) : act(what)));
    this.#rows.add(row);
    return row;
  }

  /** @param {Row} row */
  #drop(row) {
    row.remove();
    this.#rows.delete(row);
  }

  /** @param {Row | undefined} row @param {Progress} state @param {number} fraction */
  #show(row, state, fraction) {
    if (!row) return;
    const news = row.state !== state && TOLD.has(state);
    row.show(state, fraction);
    if (news && part("messages", HTMLElement).hidden) announce(`${row.name}: ${row.sentence}`); // else the log is read
  }

  /** With one other person there is nothing to choose. Who was chosen stays, also while away: never everybody instead. */
  #choices() {
    const select = part("whom", HTMLSelectElement);
    const before = /** @type {Seat | ""} */ (select.value);
    const seats = [...new Set([...this.#traffic.keys(), ...(before ? [before] : [])])];
    select.replaceChildren(new Option(words("everybody"), ""), ...seats.map((seat) => new Option(this.#name(seat), seat)));
    select.value = before;
    part("whom-field", HTMLElement).hidden = seats.length < 2;
  }
}
