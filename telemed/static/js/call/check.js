// The device check before joining, and the same choices again in the call: mirror, microphone level, loudspeaker.
import { data, notice, part, words } from "./view.js";
/** @import { Devices } from "./devices.js" */
/** @import { Kind, Problems } from "./types" */

const LOUD = 0.02; // root mean square of speech, an arm away

export class Check {
  #devices; #speak;
  #selects = {
    audioinput: part("microphone", HTMLSelectElement),
    videoinput: part("camera", HTMLSelectElement),
    audiooutput: part("speaker", HTMLSelectElement),
  };
  /** @type {AudioContext | null} */ #context = null;
  /** @type {AnalyserNode | null} */ #analyser = null;
  /** @type {MediaStreamTrack | null} */ #measured = null;
  /** @type {Problems | null} */ #accepted = null; // what was missing when the person went in all the same

  /** @param {Devices} devices @param {(id: string) => void} speak  the loudspeaker was chosen */
  constructor(devices, speak) {
    this.#devices = devices;
    this.#speak = speak;
    const { audioinput, videoinput, audiooutput } = this.#selects;
    audioinput.onchange = () => devices.choose("audio", audioinput.value);
    videoinput.onchange = () => devices.choose("video", videoinput.value);
    audiooutput.onchange = () => speak(audiooutput.value);
    part("tone", HTMLButtonElement).onclick = () => this.ring();
    setInterval(() => this.#measure(), 100);
  }

  /** The check is over: from now on only what changes is worth a notice. */
  leave() {
    this.#accepted = this.#devices.problems;
  }

  /** Shows what the devices are now. */
  async refresh() {
    this.mirror();
    this.#problems();
    this.#listen();
    await this.#list();
  }

  /** The own picture, in the section that is shown: a hidden one holds Chromium's encoder up for three seconds. */
  mirror() {
    const video = this.#devices.track("video");
    for (const mirror of /** @type {NodeListOf<HTMLVideoElement>} */ (document.querySelectorAll("video.self"))) {
      const wanted = mirror.closest("section[hidden]") ? null : video;
      const shown = /** @type {MediaStream | null} */ (mirror.srcObject)?.getTracks()[0] ?? null;
      if (shown !== wanted) mirror.srcObject = wanted && new MediaStream([wanted]);
    }
    for (const dark of document.querySelectorAll(".dark")) dark.toggleAttribute("hidden", video !== null);
    const { facing } = this.#devices;
    document.getElementById("turn")?.toggleAttribute("hidden", !facing); // only where it is of use: in the room
    document.body.classList.toggle("outward", facing === "environment"); // text held to this camera must be readable
  }

  async #list() {
    const devices = await this.#devices.list();
    for (const [kind, select] of Object.entries(this.#selects)) {
      // Without permission the browser lists nameless devices, which is no choice.
      const found = devices.filter((device) => device.kind === kind && device.label);
      const used = kind === "audiooutput" ? select.value : this.#used(kind === "audioinput" ? "audio" : "video");
      select.replaceChildren(...found.map(({ label, deviceId }) => new Option(label, deviceId, false, deviceId === used)));
      const useful = found.length > 0 && (kind !== "audiooutput" || "setSinkId" in HTMLMediaElement.prototype);
      select.closest(".field")?.toggleAttribute("hidden", !useful);
    }
  }

  /** @param {Kind} kind */
  #used(kind) {
    return this.#devices.track(kind)?.getSettings().deviceId;
  }

  #problems() {
    const { audio, video } = this.#devices.problems;
    if (this.#accepted) {
      const { audio: mute, video: dark } = this.#accepted;
      const news = { audio: audio === mute ? undefined : audio, video: video === dark ? undefined : video };
      notice("devices", this.#sentences(news).join(" "));
    }
    const box = part("problems", HTMLElement);
    box.hidden = !audio && !video;
    const texts = this.#sentences({ audio, video });
    box.replaceChildren(...texts.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
    const refused = audio === "NotAllowedError" && audio === video;
    document.getElementById("sound-only")?.toggleAttribute("hidden", !refused); // a station is not looked at by halves
  }

  /** @param {Problems} problems */
  #sentences({ audio, video }) {
    const found = audio && audio === video ? [this.#sentence("both", audio)]
      : [audio && this.#sentence("audio", audio), video && this.#sentence("video", video)];
    if (audio && audio !== "Interrupted") found.push(words("unheard"));
    return found.filter(Boolean).join("\n").split("\n").filter(Boolean);
  }

  /** @param {string} what @param {string} name */
  #sentence(what, name) {
    const known = `${what}.${name}` in data.words ? name : "other";
    return words(`${what}.${known}`, { how: words(/firefox/i.test(navigator.userAgent) ? "allow.firefox"
      : /iphone|ipad/i.test(navigator.userAgent) ? "allow.ios" : "allow.other") });
  }

  #listen() {
    const track = this.#devices.track("audio");
    if (track === this.#measured) return;
    this.#measured = track;
    this.#analyser?.disconnect();
    this.#analyser = null;
    if (!track) return;
    this.#context ??= new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
  }

  #measure() {
    const meter = part("level", HTMLMeterElement);
    if (!this.#analyser || meter.offsetParent === null) return;
    if (this.#context?.state !== "running") this.#context?.resume().catch(() => {}); // iPhones: interrupted by a call
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#analyser.getFloatTimeDomainData(samples);
    const loudness = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    meter.value = Math.min(1, loudness * 5);
    if (loudness > LOUD) part("heard", HTMLElement).textContent = words("heard");
  }

  /** A short, soft tone on the chosen loudspeaker. */
  async ring() {
    this.#context ??= new AudioContext();
    await this.#context.resume();
    const sound = this.#context.createOscillator();
    const soft = this.#context.createGain();
    const out = this.#context.createMediaStreamDestination();
    soft.gain.value = 0.3;
    sound.connect(soft).connect(out);
    const player = part("player", HTMLAudioElement);
    player.srcObject = out.stream;
    await player.play();
    sound.start();
    sound.stop(this.#context.currentTime + 0.8);
  }
}
