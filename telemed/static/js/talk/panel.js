// Everything that pages say to each other beside picture and sound: messages, files, the note, readings, the three words. This
// part of the page is fetched after the conversation has begun, or when somebody wants it.
import { announce, data, notice, part, words } from "../call/view.js";
import { Chat } from "./chat.js";
import { Checks } from "./checks.js";
import { Files } from "./files.js";
import { Gateway } from "./gateway.js";
import { Later } from "./later.js";
import { Link } from "./link.js";
import { Note } from "./note.js";
import { read } from "./wire.js";
/** @import { Command, Level, RosterSeat, Seat } from "../call/types" */
/** @import { Channels } from "../call/channels.js" */
/** @import { Peer } from "../call/peer.js" */
/** @typedef {"wrote" | "types" | "noted" | "measured" | "offers" | "asks" | "unsafe" | "anew"} News */

export class Panel {
  #unread = 0;
  #closed = false; // by the person, who then wants a sign instead of the panel
  /** @type {Map<Seat, string>} */ #names = new Map(); // also of those who have gone
  #box = part("messages", HTMLElement);
  #button = part("write", HTMLButtonElement);
  #channels; #peer; #chat; #files; #checks; #note; #later; #gateway;

  /** @param {Channels} channels @param {(command: Command) => void} send @param {(seat: Seat) => Peer | undefined} peer */
  constructor(channels, send, peer) {
    this.#channels = channels;
    this.#peer = peer;
    const name = (/** @type {Seat} */ seat) => this.#names.get(seat) ?? "";
    const news = (/** @type {Seat} */ seat, /** @type {News} */ what) => this.#tell(seat, what);
    this.#chat = new Chat(name, news);
    this.#files = new Files(name, news, (sentence) => this.#chat.problem(sentence));
    this.#checks = new Checks(name, send, news);
    this.#note = document.getElementById("note") ? new Note((seat, text) => this.#chat.give(seat, { type: "note", id: crypto.randomUUID(), text }, text)) : null;
    this.#later = new Later({
      name,
      give: (observation, text) => this.#chat.give("practitioner", { type: "reading", id: crypto.randomUUID(), observation }, text),
      take: (seat, id, text, kind) => this.#chat.take(seat, id, text, kind, "measured"),
    });
    this.#gateway = data.seat === "practitioner" ? new Gateway((mid) => peer("gateway")?.track(mid)) : null;
    part("messages-close", HTMLButtonElement).onclick = () => this.toggle(false);
  }

  /** @param {RosterSeat[]} roster */
  update(roster) {
    for (const { seat, name } of roster) this.#names.set(seat, name);
    this.#gateway?.see(roster.find(({ seat }) => seat === "gateway"));
    this.#note?.place(roster.length > 0);
    this.#chat.see(roster);
    // Who went out on somebody's wish gets nothing of what was said, not even when they are back.
    if (!roster.some(({ seat, admitted }) => seat === "assistant" && admitted)) this.#chat.forget("assistant");
  }

  /** The channels to a page are open. @param {Seat} seat */
  open(seat) {
    const peer = this.#peer(seat);
    if (!peer) return; // gone before this part of the page was there
    const link = new Link(seat, this.#channels);
    if (seat === "gateway") return this.#gateway?.open(link);
    this.#chat.open(link);
    this.#files.open(link);
    this.#later.open(link);
    this.#checks.open(link, peer.fingerprints, () => peer.epoch);
  }

  /** @param {Seat} seat */
  close(seat) {
    if (seat === "gateway") return this.#gateway?.close();
    this.#chat.close(seat);
    this.#files.close(seat);
    this.#later.close(seat);
    this.#checks.close(seat);
  }

  /** @param {Seat} seat @param {unknown} frame  of either channel */
  hear(seat, frame) {
    if (seat === "gateway") return this.#gateway?.hear(frame);
    if (frame instanceof ArrayBuffer) return this.#files.take(seat, frame);
    const message = read(frame);
    if (!message) return;
    switch (message.type) {
      case "say":
      case "note":
      case "typing":
      case "got":
        return this.#chat.hear(seat, message);
      case "commit":
      case "reveal":
      case "look":
        return this.#checks.hear(seat, message);
      case "orders":
      case "shown":
      case "reading":
        return this.#later.hear(seat, message);
      default:
        return this.#files.hear(seat, message);
    }
  }

  /** Opens or closes the panel, for whoever pressed the button. @param {boolean} shown */
  toggle(shown) {
    this.#show(shown);
    this.#closed = !shown;
    if (shown) part("line", HTMLTextAreaElement).focus();
    else this.#button.focus();
  }

  /** The three words of every connection. */
  look() {
    this.#checks.look();
  }

  /** @param {Level} level */
  level(level) {
    this.#files.level(level);
  }

  /**
   * The conversation is over: nothing stays but what the doctor asks for, to be printed.
   * @param {boolean} returns  whether the person may come back @returns {boolean} whether there is such a thing
   */
  end(returns) {
    this.#chat.end();
    this.#files.end();
    this.#checks.end();
    if (!returns) this.#note?.forget();
    this.#show(false);
    return this.#later.end();
  }

  /** @param {Seat} seat @param {News} what */
  #tell(seat, what) {
    const sentence = words(`news.${what}`, { name: this.#names.get(seat) ?? "" });
    if (what === "asks" || what === "unsafe" || what === "anew") return announce(sentence);
    if (this.#box.hidden && !this.#closed) {
      this.#show(true); // without the focus: somebody may be about to press a button
      announce(sentence);
    } else if (this.#box.hidden) {
      if (what !== "types") this.#count(this.#unread + 1);
      notice("news", sentence);
    }
  }

  /** @param {boolean} shown */
  #show(shown) {
    this.#box.hidden = !shown;
    this.#button.setAttribute("aria-expanded", `${shown}`);
    if (!shown) return;
    this.#count(0);
    notice("news", "");
    const history = part("history", HTMLElement);
    history.scrollTop = history.scrollHeight;
  }

  /** @param {number} unread */
  #count(unread) {
    this.#unread = unread;
    const badge = part("unread", HTMLElement);
    badge.hidden = unread === 0;
    badge.textContent = `${unread}`;
    part("unread-said", HTMLElement).textContent = unread ? words("unread", { count: `${unread}` }) : "";
  }
}
