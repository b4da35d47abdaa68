// One device of a station as the doctor sees it: a camera, whose picture takes a place among the people, or a
// stethoscope, which is played as it comes.
import { part, words } from "../call/view.js";
import { size } from "./names.js";
/** @import { Label } from "../call/types" */
/** @import { Progress } from "./types" */

export class Instrument {
  shown = false;
  #element; #tile; #media; #label;
  /** @type {string[]} */ #urls = [];

  /**
   * @param {Label} label @param {MediaStreamTrack} track @param {string} mid
   * @param {() => void} turned  shown, or not any more @param {() => void} ask  for a still picture
   */
  constructor(label, track, mid, turned, ask) {
    this.mid = mid;
    this.#label = label;
    const camera = track.kind === "video";
    this.#element = clone(camera ? "gateway-camera" : "gateway-sound");
    this.#element.dataset.label = label;
    this.#tile = camera ? clone("gateway-tile") : null;
    this.#media = /** @type {HTMLMediaElement} */ ((this.#tile ?? this.#element).querySelector("video, audio"));
    this.#media.srcObject = new MediaStream([track]);
    for (const place of [this.#element, this.#tile]) set(place, ".name", words(`gateway.${label}`));
    const button = this.#button(".show");
    button.onclick = () => {
      this.shown = !this.shown;
      button.setAttribute("aria-checked", `${this.shown}`);
      this.#turn();
      turned();
    };
    if (camera) this.#button(".still").onclick = ask;
    const volume = this.#element.querySelector("input");
    if (volume) volume.oninput = () => (this.#media.volume = Number(volume.value));
    part("gateway-devices", HTMLElement).append(this.#element);
  }

  /** Where the still picture is. @param {Progress} state @param {number} fraction */
  going(state, fraction) {
    const progress = /** @type {HTMLProgressElement} */ (this.#element.querySelector("progress"));
    progress.hidden = state !== "going";
    progress.value = fraction;
    this.#button(".still").disabled = state === "going" || state === "checking";
    set(this.#element, ".state", words(`gateway.still.${state}`));
  }

  /** It has arrived and is what was sent. @param {Blob} whole @param {{ name: string, size: number, sha256: string }} file */
  hand(whole, { name, size: bytes, sha256 }) {
    const shot = clone("gateway-shot");
    const save = /** @type {HTMLAnchorElement} */ (shot.querySelector("a"));
    const image = /** @type {HTMLImageElement} */ (shot.querySelector("img"));
    save.href = image.src = URL.createObjectURL(whole.slice(0, whole.size, "image/jpeg"));
    this.#urls.push(image.src);
    save.download = name;
    image.alt = words("file.enlarge", { name });
    set(shot, ".name", name);
    set(shot, ".size", size(bytes, document.documentElement.lang));
    set(shot, "code", sha256);
    this.#button(".look", shot).onclick = () => {
      const large = part("picture-large", HTMLImageElement);
      large.src = image.src;
      large.alt = name;
      part("picture", HTMLDialogElement).showModal();
    };
    part("gateway-shots", HTMLElement).prepend(shot);
  }

  remove() {
    this.#media.srcObject = null;
    this.#element.remove();
    this.#tile?.remove();
  }

  #turn() {
    if (this.#tile && this.shown) part("tiles", HTMLElement).append(this.#tile);
    else this.#tile?.remove();
    if (!this.shown) return this.#media.pause();
    const speaker = /** @type {any} */ (document.querySelector("#tiles video"))?.sinkId;
    if (speaker && "setSinkId" in this.#media) /** @type {any} */ (this.#media).setSinkId(speaker).catch(() => {});
    this.#media.play().catch(() => {}); // taken away before it began
  }

  /** @param {string} selector @param {HTMLElement} [within] */
  #button(selector, within = this.#element) {
    return /** @type {HTMLButtonElement} */ (within.querySelector(selector));
  }
}

/** @param {string} id */
function clone(id) {
  return /** @type {HTMLElement} */ (part(id, HTMLTemplateElement).content.firstElementChild?.cloneNode(true));
}

/** @param {HTMLElement | null} parent @param {string} selector @param {string} text */
function set(parent, selector, text) {
  const found = parent?.querySelector(selector);
  if (found) found.textContent = text;
}
