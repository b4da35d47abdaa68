// Still pictures over a data channel, for a line that carries no video. Each goes in small pieces, two at a time and
// little by little, so that sound finds its place between them; how far apart two pieces arrive is how fast the line is.

const EVERY = 5_000; // ms from one picture to the next
const PACE = 500; // ms between two pairs
const PIECE = 500; // bytes, at most
const LEAST = 8; // pieces of a picture, so that there is enough to measure
const LARGEST = 7_000; // bytes of a picture: fourteen pieces, three and a half seconds
const AROUND = 90; // bytes of IP, UDP, TURN, DTLS and SCTP around a piece
const HEAD = 3; // bytes before each piece: picture (mod 256), piece, how many
const AREA = 320 * 180; // pixels
const QUALITIES = [0.6, 0.4, 0.25, 0.1];

/** @param {Uint8Array} picture @param {number} number @returns {Uint8Array[]} */
export function pieces(picture, number) {
  const size = Math.min(PIECE, Math.ceil(picture.length / LEAST));
  const count = Math.ceil(picture.length / size);
  return Array.from({ length: count }, (_, at) => {
    const piece = picture.subarray(at * size, (at + 1) * size);
    const sent = new Uint8Array(HEAD + piece.length);
    sent.set([number % 256, at, count]);
    sent.set(piece, HEAD);
    return sent;
  });
}

/** Puts pieces together, and measures. */
export class Album {
  /** @type {Uint8Array[]} */ #pieces = [];
  #number = -1;
  #came = 0;

  /**
   * @param {ArrayBuffer} data @param {number} now  ms
   * @returns {{ picture?: Blob, kbit?: number }}  the picture when it is whole; the speed at every second piece
   */
  add(data, now) {
    const piece = new Uint8Array(data);
    const [number, at, count] = piece;
    if (piece.length <= HEAD || at >= count) return {};
    if (number !== this.#number) {
      if ((this.#number - number + 256) % 256 < 128 && this.#number >= 0) return {}; // one that was given up long ago
      this.#pieces = [];
    }
    this.#number = number;
    this.#pieces[at] = piece.subarray(HEAD);
    const second = at % 2 === 1 && this.#pieces[at - 1] !== undefined;
    // A clock of whole milliseconds, as some browsers have, must not make a line look endless.
    const kbit = second ? (8 * (piece.length + AROUND)) / Math.max(1, now - this.#came) : undefined;
    this.#came = now;
    const whole = Object.keys(this.#pieces).length === count;
    return { kbit, picture: whole ? new Blob(/** @type {BlobPart[]} */ (this.#pieces)) : undefined };
  }
}

/** Takes pictures of ourselves, and sends them to one page while it is on. */
export class Painter {
  #source; #channel; #number = 0;
  /** @type {Uint8Array[]} */ #pieces = [];
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;
  #taken = -Infinity;

  /** @param {() => HTMLVideoElement | null} source @param {() => RTCDataChannel | undefined} channel */
  constructor(source, channel) {
    this.#source = source;
    this.#channel = channel;
  }

  /** @param {boolean} on */
  paint(on) {
    if (on === (this.#timer !== undefined)) return;
    clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => this.#tick(), PACE) : undefined;
    this.#pieces = [];
    this.#taken = -Infinity;
  }

  #tick() {
    const channel = this.#channel();
    if (!channel || channel.bufferedAmount > 0) return; // the line has not even taken the last two
    if (this.#pieces.length === 0 && performance.now() - this.#taken >= EVERY) this.#take();
    for (const piece of this.#pieces.splice(0, 2)) channel.send(/** @type {Uint8Array<ArrayBuffer>} */ (piece));
  }

  async #take() {
    this.#taken = performance.now();
    const picture = await still(this.#source());
    if (picture && this.#timer) this.#pieces = pieces(picture, this.#number++);
  }
}

/** @param {HTMLVideoElement | null} video @returns {Promise<Uint8Array | null>} */
async function still(video) {
  if (!video || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  const scale = Math.sqrt(AREA / (video.videoWidth * video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  for (const quality of QUALITIES) {
    for (const kind of ["image/webp", "image/jpeg"]) {
      const blob = /** @type {Blob | null} */ (await new Promise((done) => canvas.toBlob(done, kind, quality)));
      // Who cannot make WebP makes a large PNG instead.
      if (blob && blob.type === kind && blob.size <= LARGEST) return new Uint8Array(await blob.arrayBuffer());
    }
  }
  return null;
}
