// Who is here: a picture and a name for everyone in the conversation, and for the doctor also who waits at the door.
import { announce, notice, part, words } from "./view.js";
/** @import { Mode, RosterSeat, Seat } from "./types" */
/** @import { Health } from "./recovery.js" */
/** @typedef {"admit" | "hold" | "deny" | "kick"} Act */

export class Stage {
  /** @type {Map<Seat, HTMLElement>} */ #tiles = new Map();
  /** @type {Map<Seat, HTMLElement>} */ #rows = new Map();
  /** @type {Map<Seat, RosterSeat>} */ #people = new Map();
  #introduced = "";
  #speaker = "";
  #act;
  /** @type {Set<Seat>} */ #broken = new Set();

  /** @param {(act: Act, seat: Seat) => void} act */
  constructor(act) {
    this.#act = act;
    part("sound", HTMLButtonElement).onclick = () => this.play();
    part("introduced", HTMLButtonElement).onclick = () => this.introduce(false);
  }

  /** @param {RosterSeat[]} roster @param {(seat: Seat) => MediaStream | undefined} stream */
  update(roster, stream) {
    const inside = roster.filter(({ seat, admitted }) => admitted && seat !== "gateway"); // which is no person
    this.#people = new Map(inside.map((seat) => [seat.seat, seat]));
    keep(this.#tiles, inside, (seat) => this.#tile(seat), part("tiles", HTMLElement));
    keep(this.#rows, roster, (seat) => this.#row(seat), part("door", HTMLElement));
    for (const seat of inside) {
      const media = this.#tiles.get(seat.seat)?.querySelector("video");
      const found = stream(seat.seat) ?? null;
      if (media && media.srcObject !== found) {
        media.srcObject = found;
        this.play();
      }
      this.#dress(seat);
    }
    for (const seat of roster) this.#name(seat);
    part("empty", HTMLElement).hidden = inside.length > 0;
    this.#greet(inside);
  }

  /** @param {Seat} seat @param {Mode} mode */
  mode(seat, { mic, cam }) {
    const person = this.#people.get(seat);
    if (!person) return;
    if (mic !== person.mic) announce(words(mic ? "unmuted" : "muted", { name: person.name }));
    Object.assign(person, { mic, cam });
    this.#dress(person);
  }

  /** @param {Seat} seat */
  name(seat) {
    return this.#people.get(seat)?.name ?? "";
  }

  /** @param {Seat} seat @param {RTCPeerConnectionState} state */
  connection(seat, state) {
    const tile = this.#tiles.get(seat);
    if (tile) tile.dataset.connection = state;
  }

  /**
   * What can be heard and seen of somebody.
   * @param {Seat} seat @param {Health} health @param {boolean} ours  it is our own line, of which the page speaks already
   */
  health(seat, health, ours) {
    const person = this.#people.get(seat);
    const broken = person && health !== "well";
    if (broken) this.#broken.add(seat);
    else this.#broken.delete(seat);
    notice(`media-${seat}`, broken && !ours ? words(health, { name: person.name }) : "");
  }

  /** Whether there is somebody who cannot be heard. */
  get broken() {
    return [...this.#broken].some((seat) => this.#people.has(seat));
  }

  /** @param {string} id */
  async speaker(id) {
    this.#speaker = id;
    for (const media of document.querySelectorAll("#tiles video, #player")) {
      if (media instanceof HTMLMediaElement && "setSinkId" in media) await media.setSinkId(id).catch(() => {});
    }
  }

  /** Everyone in the room is named (V-15); again whenever somebody comes. @param {boolean} shown */
  introduce(shown) {
    part("intro", HTMLElement).hidden = !shown;
    part("people", HTMLButtonElement).setAttribute("aria-expanded", `${shown}`);
  }

  /** @param {RosterSeat[]} inside */
  #greet(inside) {
    const people = [...inside].sort((one, other) => Number(one.seat === "assistant") - Number(other.seat === "assistant"));
    const names = people.map(({ seat, name, about }) => {
      const full = about ? `${name}, ${about}` : name;
      return seat === "assistant" ? words("assisted", { name: full }) : full;
    });
    const key = names.join("; ");
    part("who", HTMLElement).replaceChildren(
      ...names.map((name) => Object.assign(document.createElement("li"), { textContent: name })));
    if (key === this.#introduced) return;
    this.#introduced = key;
    this.introduce(key !== "");
    announce(key ? words("introduction", { names: key }) : words("alone"));
  }

  /** @param {RosterSeat} seat */
  #tile({ seat }) {
    const tile = clone("tile");
    tile.dataset.seat = seat;
    const media = /** @type {HTMLVideoElement} */ (tile.querySelector("video"));
    media.onpause = () => document.hidden || this.play(); // only the device stops it: for a phone call
    if (this.#speaker && "setSinkId" in media) media.setSinkId(this.#speaker).catch(() => {});
    return tile;
  }

  /** Another person may have taken the seat. @param {RosterSeat} seat */
  #name({ seat, name, about, admitted }) {
    const row = this.#rows.get(seat);
    row?.classList.toggle("inside", admitted);
    if (row) set(row, ".name", about ? `${name}, ${about}` : name);
  }

  /** @param {RosterSeat} seat */
  #row({ seat }) {
    const row = clone("row");
    row.dataset.seat = seat;
    if (seat === "patient") set(row, ".born", words("born"));
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (row.querySelectorAll("[data-act]"))) {
      const act = /** @type {Act} */ (button.dataset.act);
      button.onclick = () => {
        const name = row.querySelector(".name")?.textContent ?? "";
        if (act === "kick" && !confirm(words("kick", { name }))) return;
        this.#act(act, seat);
        row.focus(); // the button may be about to go
      };
    }
    return row;
  }

  /** @param {RosterSeat} seat */
  #dress({ seat, name, about, state, mic, cam }) {
    const tile = this.#tiles.get(seat);
    if (!tile) return;
    set(tile, ".name", name);
    set(tile, ".about", about);
    tile.querySelector(".muted")?.toggleAttribute("hidden", mic);
    tile.querySelector(".veil")?.toggleAttribute("hidden", cam);
    notice(`away-${seat}`, state === "away" ? words("away", { name }) : "");
  }

  /** Some browsers want a tap before they play sound. */
  async play() {
    const media = [...document.querySelectorAll("#tiles video")];
    const played = await Promise.allSettled(media.map((video) => /** @type {HTMLVideoElement} */ (video).play()));
    const refused = played.some((result) => result.status === "rejected" && result.reason.name === "NotAllowedError");
    part("sound", HTMLButtonElement).hidden = !refused;
  }
}

/**
 * One element for each seat, kept as long as the seat stays, so that nobody loses their focus or their picture.
 * @param {Map<Seat, HTMLElement>} kept @param {RosterSeat[]} seats @param {(seat: RosterSeat) => HTMLElement} make
 * @param {HTMLElement} parent
 */
function keep(kept, seats, make, parent) {
  for (const [name, element] of kept) {
    if (seats.some(({ seat }) => seat === name)) continue;
    element.remove();
    kept.delete(name);
    notice(`away-${name}`, "");
    notice(`media-${name}`, "");
  }
  for (const seat of seats) {
    if (kept.has(seat.seat)) continue;
    const element = make(seat);
    kept.set(seat.seat, element);
    parent.append(element);
  }
}

/** @param {string} id */
function clone(id) {
  return /** @type {HTMLElement} */ (part(id, HTMLTemplateElement).content.firstElementChild?.cloneNode(true));
}

/** @param {HTMLElement} parent @param {string} selector @param {string} text */
function set(parent, selector, text) {
  const found = parent.querySelector(selector);
  if (found && found.textContent !== text) found.textContent = text;
}
