// Loads a path in both directions at the pace that the probe tells, and notes what arrives (precheck/wire.py).

const HEADERS = 93; // bytes around a message, as precheck/measure.py counts them
const NOTHING = 0xffffffff;
const KNOCK = 100; // ms between two packets until the probe answers: it does so when it is this path's turn
const TICK = 4; // ms
const AT_ONCE = 2_200; // bytes that may wait here; more would be measured as the line's delay
const TAIL = 120; // ms in which stragglers still count
const LONGEST = 6_000; // ms, if the probe's word to stop is lost

/**
 * Every packet that came: its number, and when in ms. An empty list if the path was silent until `signal`.
 * @param {RTCDataChannel} channel @param {AbortSignal} signal @returns {Promise<[number, number][]>}
 */
export function load(channel, signal) {
  return new Promise((resolve) => {
    /** @type {[number, number][]} */
    const got = [];
    let [number, heard, heardAt, octets, rate, size, credit] = [0, NOTHING, 0, 0, 0, 0, 0];
    let [began, last, stopped] = [0, performance.now(), false];
    const send = (/** @type {number} */ bytes) => {
      const view = new DataView(new ArrayBuffer(bytes));
      view.setUint32(0, number++);
      view.setFloat64(4, performance.now());
      view.setUint32(12, heard);
      view.setFloat64(16, heardAt);
      view.setUint32(24, octets);
      if (channel.readyState === "open") channel.send(view);
    };
    const stop = () => {
      if (stopped) return;
      stopped = true;
      setTimeout(() => resolve(got), TAIL);
    };
    channel.onmessage = ({ data }) => {
      const view = new DataView(data);
      heardAt = performance.now();
      began ||= heardAt;
      rate = view.getFloat32(4);
      if (rate === 0) return stop();
      heard = view.getUint32(0);
      size = view.getUint32(8);
      octets += data.byteLength + HEADERS;
      got.push([heard, Math.round(heardAt * 10) / 10]);
    };
    signal.addEventListener("abort", stop, { once: true });
    const tick = () => {
      if (stopped) return;
      const now = performance.now();
      if (!began && now - last >= KNOCK) {
        last = now;
        send(60);
      }
      if (began && now - began > LONGEST) return stop();
      if (began) {
        // What could not be sent in time is not made up for: that would be a burst, not a rate.
        credit = Math.min(credit + rate * (now - last) / 8, 2 * (size + HEADERS));
        last = now;
        while (credit >= size + HEADERS && channel.bufferedAmount < AT_ONCE) {
          credit -= size + HEADERS;
          send(size);
        }
      }
      setTimeout(tick, TICK);
    };
    send(60);
    tick();
  });
}
