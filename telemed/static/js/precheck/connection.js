// One connection to the probe, over one path. The probe waits for who comes, so it is told no address of ours, and
// nothing has to be gathered before it is asked.
/** @import { FromProbe, PathToTry, ProbeTicket } from "./types" */

/** The probe itself cannot be asked; that says nothing about the line. `busy`: it has too much to do just now. */
export class Away extends Error {
  /** @param {boolean} busy */
  constructor(busy) {
    super("away");
    this.busy = busy;
  }
}

export class Connection {
  /** @type {Map<FromProbe["type"], (message: any) => void>} */ #awaited = new Map();
  #pc; #control; #measure; #name;

  /** @param {PathToTry} path */
  constructor({ name, servers }) {
    this.#name = name;
    this.#pc = new RTCPeerConnection({
      iceServers: servers, iceTransportPolicy: servers.length > 0 && name !== "direct" ? "relay" : "all", bundlePolicy: "max-bundle",
    });
    this.#control = this.#pc.createDataChannel("control");
    this.#measure = this.#pc.createDataChannel("measure", { ordered: false, maxRetransmits: 0 });
    this.#measure.binaryType = "arraybuffer";
    this.#control.onmessage = ({ data }) => {
      /** @type {FromProbe} */
      const message = JSON.parse(data);
      this.#awaited.get(message.type)?.(message);
    };
  }

  get name() {
    return this.#name;
  }

  /** Where packets are measured with. */
  get channel() {
    return this.#measure;
  }

  /** Ours, to be counted or echoed; before `open`. @param {MediaStreamTrack} track @param {RTCRtpTransceiverInit} how */
  add(track, how) {
    return this.#pc.addTransceiver(track, how).receiver.track;
  }

  /**
   * Throws Away, or another error if no connection comes about in time.
   * @param {ProbeTicket} ticket @param {number} ms @param {boolean} voice
   */
  async open({ url, ticket }, ms, voice = false) {
    const late = AbortSignal.timeout(ms);
    const opened = Promise.all([this.#control, this.#measure].map((channel) => event(channel, "open", late)));
    opened.catch(() => {});
    await this.#pc.setLocalDescription();
    const sdp = this.#pc.localDescription?.sdp;
    await this.#pc.setRemoteDescription({ type: "answer", sdp: await ask(url, JSON.stringify({ ticket, sdp, voice }), late) });
    await opened;
  }

  /** @param {object} message */
  say(message) {
    this.#control.send(JSON.stringify(message));
  }

  /**
   * The next message of this kind. @template {FromProbe} M
   * @param {M["type"]} type @param {number} ms @returns {Promise<M>}
   */
  hear(type, ms) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ${type}`)), ms);
      this.#awaited.set(type, (message) => {
        clearTimeout(late);
        this.#awaited.delete(type);
        resolve(message);
      });
    });
  }

  close() {
    this.#pc.close();
  }
}

/** @param {string} url @param {string} body @param {AbortSignal} signal @returns {Promise<string>} */
async function ask(url, body, signal) {
  let response;
  try {
    response = await fetch(`${url}/offers`, { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
  } catch {
    throw new Away(false);
  }
  if (!response.ok) throw new Away(response.status === 503);
  return (await response.json()).sdp;
}

/** @param {EventTarget} target @param {string} name @param {AbortSignal} signal */
function event(target, name, signal) {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, { once: true });
    signal.addEventListener("abort", () => reject(new Error("late")), { once: true });
  });
}
