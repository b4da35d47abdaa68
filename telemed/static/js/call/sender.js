// A rung of the ladder, as the browser's senders understand it: no renegotiation, a few parameters.
/** @import { Rung } from "./ladder.js" */
/** @import { Kind } from "./types" */

/** What is not in every browser's parameters, and not in TypeScript's. @typedef {RTCRtpEncodingParameters & { adaptivePtime?: boolean, codec?: RTCRtpCodec }} Encoding */

const HELPERS = /\/(rtx|red|ulpfec|flexfec.*)$/i;

export class Shaper {
  #applied = "";

  /**
   * Does nothing if all is as it should be already. Browsers leave out what they do not know.
   * @param {Partial<Record<"audio" | "video", RTCRtpSender>>} senders @param {Rung} rung
   */
  async apply({ audio, video }, rung) {
    const scale = rung.height ? scaled(video?.track ?? null, rung.height) : 1;
    const wanted = `${rung.name} ${scale}`;
    if (wanted === this.#applied || !audio || !video) return;
    this.#applied = wanted;
    try {
      const sound = set(audio, "audio", (encoding) => {
        // Longer packets must be allowed from the start: at 60 kbit/s their headers are what fills the line, and
        // Chromium needs to have known the line when it was good. (A `networkPriority` would switch them off again.)
        Object.assign(encoding, { maxBitrate: rung.audio, adaptivePtime: true, priority: "high" });
      });
      const picture = set(video, "video", (encoding, codecs) => {
        const [usual, other] = codecs.filter(({ mimeType }) => !HELPERS.test(mimeType));
        encoding.active = rung.video > 0;
        // Another codec makes the browser throw away what is still queued and what the other page still asks for
        // again. On a narrow line that would be in the way of the sound for ten seconds.
        if (!encoding.active) return other;
        Object.assign(encoding, { maxBitrate: rung.video, maxFramerate: rung.frames, scaleResolutionDownBy: scale });
        return usual;
      });
      await Promise.all([sound, picture]);
    } catch {
      this.#applied = ""; // not negotiated yet, or just being negotiated: the next second brings another try
    }
  }
}

/** @param {MediaStreamTrack | null} track @param {number} height */
function scaled(track, height) {
  const { width = 1280, height: tall = 720 } = track?.getSettings() ?? {};
  return Math.max(1, Math.min(width, tall) / height); // a phone held upright has its short side across
}

/**
 * @param {RTCRtpSender} sender
 * @param {Kind} kind  of what it sends, or would send: it may be without a track
 * @param {(encoding: Encoding, codecs: RTCRtpCodec[]) => RTCRtpCodec | void} change  is given the negotiated codecs,
 *   the usual one first, and returns the one to use
 */
async function set(sender, kind, change) {
  const parameters = /** @type {RTCRtpSendParameters & { degradationPreference?: string }} */ (sender.getParameters());
  const encoding = /** @type {Encoding | undefined} */ (parameters.encodings?.[0]);
  if (!encoding) throw new DOMException("", "InvalidStateError");
  // The picture gets smaller before it gets jerky: speech is read from lips and hands (EN 301 549, 6.5).
  if (kind === "video") parameters.degradationPreference = "maintain-framerate";
  // Of those that were negotiated a browser takes only what it would have offered to the letter.
  const ours = RTCRtpSender.getCapabilities(kind)?.codecs ?? [];
  const codecs = (parameters.codecs ?? []).filter((codec) => ours.some((our) => same(our, codec)));
  const codec = change(encoding, codecs);
  if (codec) encoding.codec = codec;
  await sender.setParameters(parameters);
}

/** @param {RTCRtpCodec} our @param {RTCRtpCodec} codec */
function same(our, codec) {
  return our.mimeType === codec.mimeType && (our.sdpFmtpLine ?? codec.sdpFmtpLine) === codec.sdpFmtpLine;
}
