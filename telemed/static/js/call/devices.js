// Camera and microphone of this page. A camera that is off is really off: its light goes out. No recording, ever (V-03).
/** @import { Kind, Problems } from "./types" */

/** @type {Record<Kind, MediaTrackConstraints>} */
const WISHES = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: "user" },
};
/** @type {Kind[]} */
const KINDS = ["audio", "video"];
const REFUSED = ["NotAllowedError", "SecurityError", "Insecure"]; // asking again by ourselves would be rude
const COMES_BACK = 1_500; // ms that a device may take to unmute by itself when the page is seen again

export class Devices {
  /** @type {Record<Kind, MediaStreamTrack | null>} */ #tracks = { audio: null, video: null };
  /** @type {Record<Kind, string>} */ #chosen = { audio: "", video: "" };
  /** @type {Problems} */ #problems = {};
  #muted = false;
  #dark = false;
  #facing = "user";
  #closed = false;
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
    return this.#tracks.audio !== null && !this.#muted && !this.#interrupted("audio");
  }

  get cam() {
    return this.#tracks.video !== null && !this.#interrupted("video");
  }

  /** Which way the camera looks: "user", "environment", or unknown as on most computers. */
  get facing() {
    return this.#tracks.video?.getSettings().facingMode;
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

  /** The other camera of a phone. */
  async turn() {
    this.#chosen.video = "";
    this.#facing = this.facing === "user" ? "environment" : "user";
    this.#stop("video"); // phones cannot open two cameras at once
    await this.#get("video");
  }

  /** @param {boolean} muted */
  async mute(muted) {
    this.#muted = muted;
    if (!muted && (!this.#tracks.audio || this.#interrupted("audio"))) return this.#get("audio");
    if (this.#tracks.audio) this.#tracks.audio.enabled = !muted;
  }

  /** @param {boolean} dark */
  async darken(dark) {
    this.#dark = dark;
    if (!dark) return this.#get("video");
    this.#stop("video");
    this.#changed("video", null);
  }

  /** The page is seen again: what was taken away meanwhile, by a phone call for instance, is fetched if it stays away. */
  wake() {
    setTimeout(() => this.#recover(), COMES_BACK);
  }

  async list() {
    return (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  }

  close() {
    this.#closed = true;
    for (const kind of KINDS) this.#stop(kind);
  }

  /** @param {Kind} kind @returns {Promise<void>} */
  async #get(kind) {
    const id = this.#chosen[kind];
    try {
      const facingMode = kind === "video" && !id ? this.#facing : undefined;
      const wish = { ...WISHES[kind], facingMode, ...(id && { deviceId: { exact: id } }) };
      const stream = await navigator.mediaDevices.getUserMedia({ [kind]: wish });
      for (const track of stream.getTracks()) this.#take(track);
    } catch (error) {
      const { name } = /** @type {DOMException} */ (error);
      if (name === "OverconstrainedError" && id) {
        this.#chosen[kind] = ""; // it was unplugged; any other will do
        return this.#get(kind);
      }
      if (!this.#interrupted(kind)) this.#say(kind, name);
    }
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    if (this.#closed) return track.stop(); // asked for before the call was over
    const kind = /** @type {Kind} */ (track.kind);
    this.#stop(kind);
    this.#tracks[kind] = track;
    if (kind === "audio") track.enabled = !this.#muted;
    track.onended = () => this.#lose(kind);
    track.onmute = () => this.#say(kind, "Interrupted");
    track.onunmute = () => this.#interrupted(kind) && this.#say(kind);
    this.#say(kind);
  }

  /** @param {Kind} kind @param {string} [problem] */
  #say(kind, problem) {
    const { [kind]: _gone, ...others } = this.#problems;
    this.#problems = problem ? { ...others, [kind]: problem } : others;
    this.#changed(kind, this.#tracks[kind]);
  }

  /** Whether the device gives nothing for a while: a phone call, another program, a hidden page. @param {Kind} kind */
  #interrupted(kind) {
    return this.#problems[kind] === "Interrupted";
  }

  /** Unplugged, or taken away for good: try what is left. @param {Kind} kind */
  #lose(kind) {
    this.#tracks[kind] = null;
    this.#chosen[kind] = "";
    this.#say(kind, "Ended");
    this.#get(kind);
  }

  /** Something was plugged in, or given back: use it if that kind was missing. */
  async #recover() {
    for (const kind of KINDS) {
      const problem = !this.#closed && this.#problems[kind];
      if (problem && !REFUSED.includes(problem) && !(kind === "video" && this.#dark)) await this.#get(kind);
    }
  }

  /** @param {Kind} kind */
  #stop(kind) {
    const track = this.#tracks[kind];
    if (!track) return;
    track.onended = track.onmute = track.onunmute = null;
    track.stop();
    this.#tracks[kind] = null;
  }
}
