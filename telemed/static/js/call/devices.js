// Camera and microphone of this page. A camera that is off is really off: its light goes out. No recording, ever (V-03).
/** @import { Kind, Problems } from "./types" */

/** @type {Record<Kind, MediaTrackConstraints>} */
const WISHES = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: "user" },
};
/** @type {Kind[]} */
const KINDS = ["audio", "video"];

export class Devices {
  /** @type {Record<Kind, MediaStreamTrack | null>} */ #tracks = { audio: null, video: null };
  /** @type {Record<Kind, string>} */ #chosen = { audio: "", video: "" };
  /** @type {Problems} */ #problems = {};
  #muted = false;
  #dark = false;
  #changed;

  /** @param {(kind: Kind, track: MediaStreamTrack | null) => void} changed  the track to be sent is another one */
  constructor(changed) {
    this.#changed = changed;
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#recover());
  }

  get problems() {
    return this.#problems;
  }

  get mic() {
    return this.#tracks.audio !== null && !this.#muted;
  }

  get cam() {
    return this.#tracks.video !== null;
  }

  /** @param {Kind} kind */
  track(kind) {
    return this.#tracks[kind];
  }

  /** Whether the browser will not ask the person again. */
  async allowed() {
    try {
      const names = /** @type {PermissionName[]} */ (["camera", "microphone"]);
      const states = await Promise.all(names.map((name) => navigator.permissions.query({ name })));
      return states.every(({ state }) => state === "granted");
    } catch {
      return false; // Firefox does not know these names
    }
  }

  /** One question for both; if that fails, each by itself, so that one broken device does not cost the other. */
  async open() {
    this.#problems = {};
    if (!window.isSecureContext || !navigator.mediaDevices) {
      this.#problems = { audio: "Insecure", video: "Insecure" };
      return;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: WISHES.audio, video: WISHES.video });
      for (const track of stream.getTracks()) this.#take(track);
    } catch (error) {
      const { name } = /** @type {DOMException} */ (error);
      // Asking again right after a refusal would be rude, and browsers then stop asking altogether.
      if (name === "NotAllowedError" || name === "SecurityError") this.#problems = { audio: name, video: name };
      else for (const kind of KINDS) await this.#get(kind);
    }
  }

  /** Without a picture, after the question for both was refused. */
  async openSound() {
    await this.#get("audio");
  }

  /** Another device, without renegotiation. @param {Kind} kind @param {string} id */
  async choose(kind, id) {
    this.#chosen[kind] = id;
    if (kind === "video" && this.#dark) return;
    // Phones cannot open two cameras at once.
    if (kind === "video") this.#stop(kind);
    await this.#get(kind);
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.#muted = muted;
    if (this.#tracks.audio) this.#tracks.audio.enabled = !muted;
  }

  /** @param {boolean} dark */
  async darken(dark) {
    this.#dark = dark;
    if (!dark) return this.#get("video");
    this.#stop("video");
    this.#changed("video", null);
  }

  async list() {
    return (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  }

  close() {
    for (const kind of KINDS) this.#stop(kind);
  }

  /** @param {Kind} kind @returns {Promise<void>} */
  async #get(kind) {
    const id = this.#chosen[kind];
    try {
      const wish = id ? { ...WISHES[kind], facingMode: undefined, deviceId: { exact: id } } : WISHES[kind];
      const stream = await navigator.mediaDevices.getUserMedia({ [kind]: wish });
      for (const track of stream.getTracks()) this.#take(track);
    } catch (error) {
      const { name } = /** @type {DOMException} */ (error);
      if (name === "OverconstrainedError" && id) {
        this.#chosen[kind] = ""; // it was unplugged; any other will do
        return this.#get(kind);
      }
      this.#problems = { ...this.#problems, [kind]: name };
      this.#changed(kind, this.#tracks[kind]);
    }
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    const kind = /** @type {Kind} */ (track.kind);
    this.#stop(kind);
    this.#tracks[kind] = track;
    if (kind === "audio") track.enabled = !this.#muted;
    track.onended = () => this.#lose(kind);
    const { [kind]: _gone, ...others } = this.#problems;
    this.#problems = others;
    this.#changed(kind, track);
  }

  /** Unplugged, or taken away by a phone call: try what is left. @param {Kind} kind */
  #lose(kind) {
    this.#tracks[kind] = null;
    this.#chosen[kind] = "";
    this.#problems = { ...this.#problems, [kind]: "Ended" };
    this.#changed(kind, null);
    this.#get(kind);
  }

  /** Something was plugged in: use it if that kind was missing. */
  async #recover() {
    for (const kind of KINDS) {
      const missing = ["Ended", "NotFoundError"].includes(this.#problems[kind] ?? "");
      if (missing && !(kind === "video" && this.#dark)) await this.#get(kind);
    }
  }

  /** @param {Kind} kind */
  #stop(kind) {
    const track = this.#tracks[kind];
    if (!track) return;
    track.onended = null;
    track.stop();
    this.#tracks[kind] = null;
  }
}
