// One connection to one other page: W3C perfect negotiation (WebRTC 10.7), with politeness given by the server. Audio
// is negotiated first. Signalling may come and go; the connection does not notice.
import { fingerprints } from "./fingerprints.js";
/** @import { Channels } from "./channels.js" */
/** @import { Command, Description, Candidates, IceConfig, Kind, RosterSeat } from "./types" */

const BATCH = 15; // ms without another candidate; a burst goes in one message, a late one from the relay by itself
const AT_ONCE = 32; // candidates in one message
const RED = "audio/red";
const TONES = /telephone-event|CN$/; // nobody dials here, silence is Opus's own, and both would be in every description

export class Peer {
  #pc; #send; #tracks; #seat; #epoch; #polite;
  #twice = false;
  #offering = false;
  #listening; // to devices, which are sent nothing
  #ignoring = false;
  #remote = ""; // fingerprints of the other end
  #turns = 0;
  #describing = 0;
  /** @type {RTCIceCandidateInit[]} */ #outgoing = [];
  /** @type {RTCIceCandidateInit[]} */ #incoming = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #batch;

  /**
   * @param {RosterSeat} seat @param {IceConfig} ice
   * @param {Record<Kind, MediaStreamTrack | null>} tracks  ours, as they are now
   * @param {Channels} channels
   * @param {(command: Command) => void} send
   * @param {(state: RTCPeerConnectionState) => void} changed
   */
  constructor(seat, ice, tracks, channels, send, changed) {
    this.instance = seat.instance;
    this.stream = new MediaStream();
    this.#seat = seat.seat;
    this.#epoch = seat.epoch;
    this.#polite = seat.polite;
    this.#listening = seat.seat === "gateway";
    this.#tracks = tracks;
    this.#send = send;
    const pc = this.#pc = new RTCPeerConnection(configuration(ice));
    pc.onicecandidate = ({ candidate }) => this.#gathered(candidate);
    pc.onnegotiationneeded = () => this.#offer();
    pc.ontrack = ({ track }) => this.stream.addTrack(track);
    pc.onconnectionstatechange = () => changed(pc.connectionState);
    if (!seat.polite) {
      pc.addTransceiver(tracks.audio ?? "audio", { direction: "sendrecv" });
      pc.addTransceiver(tracks.video ?? "video", { direction: "sendrecv" });
    }
    channels.open(seat.seat, pc); // after audio and video, which come first in the offer
  }

  get epoch() {
    return this.#epoch;
  }

  /** Of both ends' certificates. A quick channel is open before the browser counts our offer as answered. */
  get fingerprints() {
    return { local: fingerprints(this.#pc.localDescription?.sdp ?? ""), remote: this.#remote };
  }

  get state() {
    return this.#pc.connectionState;
  }

  get polite() {
    return this.#polite;
  }

  /** How many descriptions of the other page were taken, and whether ours is answered. */
  get talks() {
    return { turns: this.#turns, settled: this.#pc.signalingState === "stable" };
  }

  stats() {
    return this.#pc.getStats();
  }

  /** New candidates on both sides; what still runs goes on meanwhile. */
  restart() {
    this.#pc.restartIce();
  }

  /** Ours has changed: another device, or none. @param {Kind} kind @param {MediaStreamTrack | null} track */
  replace(kind, track) {
    if (this.#listening) return;
    this.#tracks = { ...this.#tracks, [kind]: track };
    this.senders[kind]?.replaceTrack(track).catch(() => this.#pc.restartIce());
  }

  /** What a section of theirs brings. @param {string} mid */
  track(mid) {
    return this.#pc.getTransceivers().find((one) => one.mid === mid)?.receiver.track;
  }

  /** Whether their sound is to come twice over. Call it again and again: what is under way comes first. @param {boolean} twice */
  hearTwice(twice) {
    const theirs = this.#pc.currentRemoteDescription?.sdp ?? "";
    const busy = this.#describing > 0 || this.#pc.signalingState !== "stable";
    if (busy || twice === this.#twice || !/^a=rtpmap:\d+ red\/48000/m.test(theirs)) return;
    this.#twice = twice;
    this.#offer();
  }

  /** What takes our tracks, as far as it is negotiated. @returns {Partial<Record<Kind, RTCRtpSender>>} */
  get senders() {
    const found = this.#pc.getTransceivers().map(({ receiver, sender }) => [receiver.track.kind, sender]);
    return Object.fromEntries(found.reverse()); // the first of a kind wins
  }

  /** The same page under another epoch: what is under way is void, what is connected stays. @param {number} epoch */
  async renumber(epoch) {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#outgoing = [];
    if (this.#pc.signalingState !== "have-local-offer") return;
    await this.#pc.setLocalDescription({ type: "rollback" });
    if (!this.#polite) await this.#offer();
  }

  /** @param {IceConfig} ice */
  configure(ice) {
    this.#pc.setConfiguration(configuration(ice));
  }

  /** @param {Description} description */
  async describe({ epoch, kind, sdp }) {
    if (epoch !== this.#epoch) return;
    const pc = this.#pc;
    const collision = kind === "offer" && (this.#offering || pc.signalingState !== "stable");
    this.#ignoring = !this.#polite && collision;
    if (this.#ignoring || (kind === "answer" && pc.signalingState !== "have-local-offer")) return;
    // A page keeps its certificate for as long as its connection: another one would be somebody else's, after the words
    // have been compared (a browser would take it).
    if (this.#remote && fingerprints(sdp) !== this.#remote) return console.warn("another certificate refused");
    this.#remote = fingerprints(sdp);
    this.#describing++;
    try {
      await pc.setRemoteDescription({ type: kind, sdp });
      this.#turns++;
      this.#incoming.splice(0).forEach((candidate) => this.#add(candidate));
      if (kind === "offer") {
        await this.#attach();
        this.#order();
        await pc.setLocalDescription();
        this.#sendDescription(epoch);
      }
    } finally {
      this.#describing--;
    }
  }

  /** @param {Candidates} batch */
  candidates({ epoch, candidates }) {
    if (epoch !== this.#epoch) return;
    for (const candidate of candidates) {
      if (this.#pc.remoteDescription || this.#describing) this.#add(candidate);
      else this.#incoming.push(candidate);
    }
  }

  close() {
    clearTimeout(this.#batch);
    this.#pc.onconnectionstatechange = this.#pc.onnegotiationneeded = this.#pc.onicecandidate = null;
    this.#pc.close();
  }

  async #offer() {
    // Only the impolite side starts; afterwards either side may ask (an ICE restart does).
    if (this.#offering || (this.#polite && !this.#pc.currentRemoteDescription)) return;
    const epoch = this.#epoch;
    this.#offering = true;
    this.#describing++;
    try {
      this.#order();
      await this.#pc.setLocalDescription();
      this.#sendDescription(epoch);
    } finally {
      this.#offering = false;
      this.#describing--;
    }
  }

  /** @param {number} epoch */
  #sendDescription(epoch) {
    const description = this.#pc.localDescription;
    if (!description || epoch !== this.#epoch) return;
    const kind = description.type === "answer" ? "answer" : "offer";
    this.#send({ type: "desc", to: this.#seat, epoch, kind, sdp: description.sdp });
  }

  /** Others send by our order of codecs. Said every time: an answer without one of its own repeats that of the offer. */
  #order() {
    const codecs = RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];
    const red = codecs.filter(({ mimeType }) => mimeType === RED);
    if (red.length === 0) return;
    const others = codecs.filter(({ mimeType }) => mimeType !== RED && !TONES.test(mimeType));
    const audio = this.#pc.getTransceivers().find(({ receiver }) => receiver.track.kind === "audio");
    audio?.setCodecPreferences(this.#twice ? [...red, ...others] : [...others, ...red]);
  }

  /** Puts our tracks into what was offered, so that one answer is all it takes. */
  async #attach() {
    if (this.#listening) return;
    for (const transceiver of this.#pc.getTransceivers()) {
      const track = this.#tracks[/** @type {Kind} */ (transceiver.receiver.track.kind)];
      if (transceiver.direction === "recvonly") transceiver.direction = "sendrecv";
      if (transceiver.sender.track !== track) await transceiver.sender.replaceTrack(track);
    }
  }

  /** @param {RTCIceCandidateInit} candidate */
  #add(candidate) {
    this.#pc.addIceCandidate(candidate).catch((error) => {
      if (!this.#ignoring) console.warn("candidate refused", error.name);
    });
  }

  /** @param {RTCIceCandidate | null} candidate */
  #gathered(candidate) {
    if (candidate?.candidate) this.#outgoing.push(candidate.toJSON());
    clearTimeout(this.#batch);
    if (candidate) this.#batch = setTimeout(() => this.#flush(), BATCH);
    else this.#flush();
  }

  #flush() {
    if (this.#describing) {
      // They would arrive before the description they belong to.
      this.#batch = setTimeout(() => this.#flush(), BATCH);
      return;
    }
    while (this.#outgoing.length > 0) {
      const candidates = this.#outgoing.splice(0, AT_ONCE);
      this.#send({ type: "cand", to: this.#seat, epoch: this.#epoch, candidates });
    }
  }
}

/** @param {IceConfig} ice @returns {RTCConfiguration} */
function configuration({ servers, policy }) {
  return { iceServers: servers, iceTransportPolicy: policy, bundlePolicy: "max-bundle" };
}
