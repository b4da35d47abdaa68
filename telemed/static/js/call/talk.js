// The way to what pages say to each other beside picture and sound. That part (../talk/) is fetched when it is wanted, or
// soon after the first connection stands: the picture has not waited for it then, and it is there if the server dies.
import { data, notice, part, words } from "./view.js";
/** @import { Command, Level, RosterSeat, Seat, Track } from "./types" */
/** @import { Panel } from "../talk/panel.js" */
/** @import { Channels } from "./channels.js" */
/** @import { Peer } from "./peer.js" */
/** @typedef {(panel: Panel) => void} Deed */

const SOON = 4_000; // ms

export class Talk {
  #channels; #send; #peer;
  /** @type {Panel | null} */ #panel = null;
  #asked = false;
  #tries = 0;
  /** @type {Level} */ #level = "full";
  /** @type {RosterSeat[]} */ #roster = [];
  /** @type {{ deed: Deed, seat?: Seat }[]} */ #kept = [];

  /** @param {Channels} channels @param {(command: Command) => void} send @param {(seat: Seat) => Peer | undefined} peer */
  constructor(channels, send, peer) {
    this.#channels = channels;
    this.#send = send;
    this.#peer = peer;
    const heard = (/** @type {Seat} */ seat, /** @type {string | ArrayBuffer} */ frame) => {
      this.#do((panel) => panel.hear(seat, frame), seat);
      this.#fetch();
    };
    channels.on("files", { heard });
    channels.on("text", { heard, opened: (seat) => this.#opened(seat), closed: (seat) => this.#closed(seat) });
    const write = part("write", HTMLButtonElement);
    write.onclick = () => this.#want((panel) => panel.toggle(write.getAttribute("aria-expanded") === "false"));
    part("verify", HTMLButtonElement).onclick = () => this.#want((panel) => panel.look());
    const note = document.getElementById("note-text");
    if (note) note.onfocus = () => this.#fetch();
    if (sessionStorage.length > 0) this.#fetch();
  }

  /** @param {RosterSeat[]} roster */
  update(roster) {
    this.#roster = roster;
    this.#panel?.update(roster);
  }

  /** What the sections of somebody's media show now. @param {Seat} seat @param {Track[]} tracks */
  track(seat, tracks) {
    this.update(this.#roster.map((one) => one.seat === seat ? { ...one, tracks } : one));
  }

  /** What the line carries: files go as slowly as that asks for. @param {Level} level */
  level(level) {
    if (level === this.#level) return;
    this.#level = level;
    this.#panel?.level(level);
  }

  /** The conversation is over. @param {boolean} returns  whether the person may come back @returns {boolean} whether something is still to be printed */
  end(returns) {
    if (this.#panel) return this.#panel.end(returns);
    this.#kept.push({ deed: (panel) => panel.end(returns) });
    return false;
  }

  /** @param {Seat} seat */
  #opened(seat) {
    this.#panel?.open(seat);
    setTimeout(() => this.#fetch(), SOON);
  }

  /** What was kept of this connection must not be taken for the next one's. @param {Seat} seat */
  #closed(seat) {
    this.#panel?.close(seat);
    this.#kept = this.#kept.filter((kept) => kept.seat !== seat);
  }

  /** Now, or when it is there. @param {Deed} deed @param {Seat} [seat]  who said it */
  #do(deed, seat) {
    if (this.#panel) deed(this.#panel);
    else this.#kept.push({ deed, seat });
  }

  /** @param {Deed} deed */
  #want(deed) {
    this.#do(deed);
    this.#fetch();
  }

  async #fetch() {
    if (this.#asked) return;
    this.#asked = true;
    try {
      // Browsers remember under its address that a module did not come: another try needs another one.
      const { Panel: Loaded } = await import(this.#tries ? `${data.talk}?${this.#tries}` : data.talk);
      const panel = this.#panel = new Loaded(this.#channels, this.#send, this.#peer);
      notice("talk", "");
      panel.update(this.#roster);
      panel.level(this.#level);
      this.#channels.seats("text").forEach((seat) => panel.open(seat));
      this.#kept.splice(0).forEach(({ deed }) => deed(panel));
    } catch {
      this.#tries++;
      this.#asked = false; // the line or the server is away; what was asked for is kept
      notice("talk", words("talk_later"));
      setTimeout(() => this.#fetch(), SOON);
    }
  }
}
