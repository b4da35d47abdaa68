// What getStats says, in plain numbers for the ladder. Pure: two counts of one connection in, figures of the time between out.
/** @import { Figures } from "./ladder.js" */

/**
 * What a connection has counted so far (W3C webrtc-stats). null: this browser does not count it.
 * @typedef {object} Counts
 * @property {number | null} available  kbit/s
 * @property {number | null} rtt  ms
 * @property {number} at  ms
 * @property {number} given  bytes sent, of everything
 * @property {number} received  bytes, of everything
 * @property {number} sent  packets of sound
 * @property {number} missed  of them, by the other page, as it last said
 * @property {number} told  how often it has said so
 * @property {number} packets  of sound that arrived
 * @property {number} gone  of sound that did not arrive
 * @property {number} samples  of sound that were played
 * @property {number} concealed  of them, made up
 */

/** @param {RTCStatsReport | Map<string, any>} report @returns {Counts} */
export function counts(report) {
  const all = /** @type {any[]} */ ([...report.values()]);
  const one = (/** @type {string} */ type) => all.find((it) => it.type === type && it.kind === "audio") ?? {};
  const transport = all.find((it) => it.type === "transport" && it.selectedCandidatePairId);
  // Firefox has no transport, but marks the pair.
  const pair = (transport && report.get(transport.selectedCandidatePairId))
    ?? all.find((it) => it.type === "candidate-pair" && (it.selected || (it.nominated && it.state === "succeeded"))) ?? {};
  const [inbound, outbound, remote] = ["inbound-rtp", "outbound-rtp", "remote-inbound-rtp"].map(one);
  const trips = [remote.roundTripTime, pair.currentRoundTripTime].filter((time) => typeof time === "number");
  return {
    available: pair.availableOutgoingBitrate === undefined ? null : pair.availableOutgoingBitrate / 1000,
    rtt: trips.length > 0 ? 1000 * Math.min(...trips) : null,
    at: (transport ?? pair).timestamp ?? 0,
    given: transport?.bytesSent ?? pair.bytesSent ?? 0,
    received: transport?.bytesReceived ?? pair.bytesReceived ?? 0,
    sent: outbound.packetsSent ?? 0,
    missed: remote.packetsLost ?? 0,
    told: remote.timestamp ?? 0,
    packets: inbound.packetsReceived ?? 0,
    gone: inbound.packetsLost ?? 0,
    samples: inbound.totalSamplesReceived ?? 0,
    concealed: inbound.concealedSamples ?? 0,
  };
}

const WINDOW = 4; // seconds, and
const ENOUGH = 100; // packets, with less of which a share of 3 % does not show

/** Follows one connection. */
export class Meter {
  /** @type {Counts | null} */ #last = null;
  /** @type {Counts | null} */ #told = null;
  /** @type {number | null} */ #loss = null;
  /** @type {{ came: number, gone: number }[]} */ #lately = [];

  /**
   * The figures since the last call; null at the first. `heard`: the share of the sound that we had to make up;
   * `losing`: the share of its packets that did not arrive in the last seconds, null without enough of them.
   * @param {Counts} now @returns {(Omit<Figures, "capacity" | "hurt"> & { heard: number, losing: number | null }) | null}
   */
  read(now) {
    const before = this.#last;
    this.#last = now;
    this.#told ??= now;
    if (!before) return null;
    // Reports about sound come every few seconds; between them the last one holds.
    if (now.told !== this.#told.told) {
      const sent = now.sent - this.#told.sent;
      if (sent > 0) this.#loss = Math.min(1, Math.max(0, (now.missed - this.#told.missed) / sent));
      this.#told = now;
    }
    const samples = now.samples - before.samples;
    // Without a single packet it is not the line that silences them: no microphone, or an outage, which is `dark`.
    const spoken = samples > 0 && now.packets > before.packets;
    return {
      available: now.available,
      sending: (8 * (now.given - before.given)) / Math.max(1, now.at - before.at),
      rtt: now.rtt,
      loss: this.#loss,
      dark: now.received === before.received,
      heard: spoken ? Math.min(1, (now.concealed - before.concealed) / samples) : 0,
      losing: this.#losing(now.packets - before.packets, now.gone - before.gone),
    };
  }

  /** @param {number} came @param {number} gone  packets; below 0 when some came late */
  #losing(came, gone) {
    // When more is gone than came it was an outage, and nothing comes twice through that.
    if (came > 0 && gone <= came) this.#lately = [...this.#lately.slice(1 - WINDOW), { came, gone }];
    const [all, lost] = this.#lately.reduce(([all, lost], one) => [all + one.came + one.gone, lost + one.gone], [0, 0]);
    return this.#lately.length < WINDOW || all < ENOUGH ? null : Math.max(0, lost / all);
  }
}
