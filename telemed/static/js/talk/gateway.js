// The devices of a station, for the doctor: what they show and sound like, and still pictures in full size. Nothing comes
// before it is wanted, and nothing is done to the sound.
import { announce, part, words } from "../call/view.js";
import { Instrument } from "./instrument.js";
import { Receiver } from "./receiving.js";
import { read } from "./wire.js";
/** @import { Label, RosterSeat } from "../call/types" */
/** @import { Link } from "./link.js" */

export class Gateway {
  #track;
  /** @type {RosterSeat | undefined} */ #seat;
  /** @type {Link | null} */ #link = null;
  /** @type {Receiver | null} */ #receiver = null;
  /** @type {Map<string, Instrument>} */ #instruments = new Map(); // by mid and label
  #asked = ""; // of which instrument the picture is that we wait for
  #coming = false;

  /** @param {(mid: string) => MediaStreamTrack | undefined} track */
  constructor(track) {
    this.#track = track;
  }

  /** @param {RosterSeat | undefined} seat */
  see(seat) {
    this.#seat = seat;
    this.#arrange();
  }

  /** @param {Link} link */
  open(link) {
    this.#link = link;
    const receiver = this.#receiver = new Receiver(link, (id, file, whole) => {
      if (file.state === "offered") return this.#asked ? receiver.accept(id) : receiver.refuse(id);
      const asked = this.#instruments.get(this.#asked);
      this.#coming = file.state === "going" || file.state === "checking";
      asked?.going(file.state, file.had / file.size);
      if (whole) asked?.hand(whole, file);
      if (!this.#coming) this.#asked = "";
    });
    this.#arrange();
  }

  close() {
    this.#receiver?.lost();
    this.#link = this.#receiver = null;
    this.#arrange();
  }

  /** @param {unknown} frame */
  hear(frame) {
    if (frame instanceof ArrayBuffer) return this.#receiver?.take(frame);
    const message = read(frame);
    if (message?.type === "offer" || message?.type === "cancel") this.#receiver?.hear(message);
  }

  /** One card for every device that is there. */
  #arrange() {
    const tracks = (this.#link && this.#seat?.tracks) || [];
    const wanted = new Map(tracks.map((one) => [`${one.mid} ${one.label}`, one]));
    for (const [key, instrument] of this.#instruments) {
      if (wanted.has(key)) continue;
      instrument.remove();
      this.#instruments.delete(key);
    }
    for (const [key, { mid, label }] of wanted) {
      const track = this.#track(mid);
      if (!track || this.#instruments.has(key)) continue;
      this.#instruments.set(key, new Instrument(label, track, mid, () => this.#show(), () => this.#ask(key, mid)));
      announce(words("gateway.there", { name: words(`gateway.${label}`) }));
    }
    const kept = part("gateway-shots", HTMLElement).childElementCount; // still to be looked at and saved
    part("gateway", HTMLElement).hidden = this.#instruments.size + kept === 0;
  }

  #show() {
    const mids = [...this.#instruments.values()].filter(({ shown }) => shown).map(({ mid }) => mid);
    this.#link?.tell({ type: "show", mids });
  }

  /** @param {string} key @param {string} mid */
  #ask(key, mid) {
    if (this.#coming) return;
    this.#asked = key;
    this.#link?.tell({ type: "still", mid });
  }
}
