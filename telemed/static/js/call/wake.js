// What tells a page that its line may be another one, or that it has slept: browsers say so in many ways, and seldom all.

const LOOK = 1_000; // ms
const SLEPT = 4_000; // ms that a timer came late; hidden pages are called once a second

/** @param {(changed: boolean) => void} woken  whether the network may be another one */
export function onWake(woken) {
  addEventListener("online", () => woken(true));
  document.addEventListener("visibilitychange", () => document.hidden || woken(false));
  document.addEventListener("resume", () => woken(false)); // after a freeze
  const connection = /** @type {any} */ (navigator).connection;
  let network = connection?.type;
  // It also fires whenever the browser thinks anew about how fast the line is.
  connection?.addEventListener?.("change", () => {
    const changed = network !== connection.type;
    network = connection.type;
    woken(changed);
  });
  let last = Date.now(); // performance.now() stands still while some devices sleep
  setInterval(() => {
    const slept = Date.now() - last - LOOK > SLEPT;
    last = Date.now();
    if (slept) woken(true);
  }, LOOK);
}

/**
 * A phone that sleeps would end its own camera; whenever the page is hidden, the browser forgets what it was asked.
 * @returns {() => void}  lets it sleep again
 */
export function keepAwake() {
  const over = new AbortController();
  /** @type {Promise<WakeLockSentinel | null> | undefined} */
  let lock;
  const ask = () => {
    if (!document.hidden) lock = navigator.wakeLock?.request("screen").catch(() => null);
  };
  document.addEventListener("visibilitychange", ask, { signal: over.signal });
  ask();
  return () => {
    over.abort();
    lock?.then((held) => held?.release());
  };
}
