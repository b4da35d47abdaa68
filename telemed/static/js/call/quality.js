// As much picture as the lines carry, sound always: cares for every connection, says in one sentence what is going on,
// and asks people what they want.
import { Calm, LEVELS } from "./ladder.js";
import { notice, part, words } from "./view.js";
import { Way } from "./way.js";
/** @import { Channels } from "./channels.js" */
/** @import { RungName } from "./ladder.js" */
/** @import { Mesh } from "./mesh.js" */
/** @import { Level, Quality as Told, Seat } from "./types" */

const PAUSED = ["still", "audio"];
const TICK = 1_000;
const APART = 5_000; // ms between two stat messages (consultation/PROTOCOL.md)

export class Quality {
  #mesh; #channels; #send; #name; #level; #silenced;
  /** @type {Map<Seat, Way>} */ #ways = new Map();
  /** @type {Map<Seat, Level>} */ #theirs = new Map();
  #calm = new Calm("full");
  #first = part("call", HTMLElement).dataset.firstRung ?? "full";
  /** @type {Map<Seat, RungName>} */ #carried = new Map(); // by the connection before
  #said = { level: "full", at: -Infinity };

  /**
   * @param {Mesh} mesh @param {Channels} channels
   * @param {(stat: { level: Level, rtt_ms?: number, loss_pct?: number }) => void} send
   * @param {(seat: Seat) => string} name
   * @param {(level: Level) => void} level  what our side of the lines carries, every second
   * @param {() => boolean} silenced  another notice says already that nothing gets through
   */
  constructor(mesh, channels, send, name, level, silenced) {
    this.#mesh = mesh;
    this.#channels = channels;
    this.#send = send;
    this.#name = name;
    this.#level = level;
    this.#silenced = silenced;
    channels.on("stills", {
      heard: (seat, said) => this.#way(seat)?.hear(said),
      opened: (seat) => this.#way(seat)?.greet(),
    });
    for (const radio of radios()) {
      radio.checked = radio.value === this.#choice;
      radio.onchange = () => this.#choose(/** @type {RungName} */ (radio.value));
    }
    setInterval(() => this.#tick(), TICK);
  }

  /** What the server says of another seat's line. @param {Seat} seat @param {Told} quality */
  hear(seat, { level }) {
    this.#theirs.set(seat, level);
  }

  async #tick() {
    const seats = this.#mesh.peers.map(([seat]) => seat);
    for (const [seat, way] of this.#ways) {
      if (this.#mesh.peer(seat) === way.peer) continue;
      this.#close(seat, way);
      this.#theirs.delete(seat);
    }
    await Promise.all(seats.map((seat) => this.#way(seat)?.tick()));
    for (const seat of seats) this.#frame(seat);
    this.#tell();
  }

  /** @param {Seat} seat */
  #way(seat) {
    const peer = this.#mesh.peer(seat);
    const known = this.#ways.get(seat);
    if (!peer || seat === "gateway" || known?.peer === peer) return known;
    if (known) this.#close(seat, known);
    const mirror = () => document.querySelector("#talk video.self");
    const channel = () => this.#channels.to(seat, "stills");
    const first = this.#carried.get(seat) ?? this.#first;
    const way = new Way(peer, first, /** @type {() => HTMLVideoElement | null} */ (mirror), channel, (still) => draw(seat, still));
    this.#ways.set(seat, way);
    way.want(this.#choice);
    return way;
  }

  /** @param {Seat} seat @param {Way} way */
  #close(seat, way) {
    way.close();
    this.#carried.set(seat, way.carries);
    this.#ways.delete(seat);
  }

  #tell() {
    const ways = [...this.#ways];
    const silent = ways.length === 0 || this.#silenced();
    if (silent) this.#calm = new Calm("full");
    const ours = worst(ways.map(([, way]) => way.level));
    this.#level(ours);
    const theirs = ways.map(([seat, way]) => way.theirs.level ?? this.#theirs.get(seat) ?? "full");
    const level = this.#calm.step(worst([ours, ...theirs]), performance.now());
    notice("quality", silent ? "" : this.#sentence(level));
    const now = performance.now();
    if (ours === this.#said.level || now - this.#said.at < APART || ways.length === 0) return;
    this.#said = { level: ours, at: now };
    const [rtt, loss] = [Math.max(...ways.map(([, way]) => way.rtt ?? 0)), Math.max(...ways.map(([, way]) => way.loss ?? 0))];
    this.#send({ level: ours, rtt_ms: Math.min(60_000, Math.round(rtt)), loss_pct: Math.round(100 * loss) });
  }

  /** @param {Level} level */
  #sentence(level) {
    if (level !== "full") return words(`line.${level}`);
    if (this.#choice === "audio") return words("line.only_sound");
    const asked = [...this.#ways].find(([, way]) => way.theirs.most === "audio");
    return asked ? words("line.wants_sound", { name: this.#name(asked[0]) }) : "";
  }

  /** What stands in the place of their picture. @param {Seat} seat */
  #frame(seat) {
    const sends = this.#ways.get(seat)?.theirs.sends ?? "full";
    const tile = tileOf(seat);
    const video = tile?.querySelector("video");
    if (!tile || !video || tile.dataset.sends === sends) return;
    const change = () => { tile.dataset.sends = sends; };
    // The still, or the words, stay until the video really moves.
    const moves = tile.dataset.sends && !PAUSED.includes(sends) && "requestVideoFrameCallback" in video;
    if (moves) video.requestVideoFrameCallback(change);
    else change();
    const canvas = tile.querySelector("canvas");
    if (canvas && sends === "audio") canvas.width = 0;
  }

  /** @returns {RungName} */
  get #choice() {
    return history.state?.most ?? "full"; // lives as long as the page, also over a reload, and nowhere else
  }

  /** @param {RungName} most */
  #choose(most) {
    history.replaceState({ ...history.state, most }, "");
    for (const way of this.#ways.values()) way.want(most);
  }
}

/** @param {Seat} seat @param {Blob} still */
async function draw(seat, still) {
  const tile = tileOf(seat);
  const canvas = tile?.querySelector("canvas");
  const time = tile?.querySelector(".taken");
  if (!canvas || !time) return;
  const picture = await createImageBitmap(still).catch(() => null);
  if (!picture) return;
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
  time.textContent = words("line.taken", { time: new Date().toLocaleTimeString(document.documentElement.lang) });
}

/** @param {Seat} seat @returns {HTMLElement | null} */
function tileOf(seat) {
  return document.querySelector(`.tile[data-seat="${seat}"]`);
}

/** @param {Level[]} levels */
function worst(levels) {
  return LEVELS[Math.max(0, ...levels.map((level) => LEVELS.indexOf(level)))];
}

function radios() {
  return /** @type {NodeListOf<HTMLInputElement>} */ (part("settings", HTMLElement).querySelectorAll("[name=most]"));
}
