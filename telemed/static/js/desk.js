// Keeps a list of today's appointments fresh: fetches the part that is live and swaps it in. No sound, and the focus
// stays where it was (V-11). Without this script a reload does the same.

const live = /** @type {HTMLElement} */ (document.getElementById("live"));
const said = /** @type {HTMLElement} */ (document.getElementById("said"));
const MINUTE = 60_000; // "waits for 4 minutes" goes on even when nothing happens

/** What had the focus and was swapped away: it may come back, as a time does that somebody takes and gives back. */
let lost = "";

async function refresh() {
  const response = await fetch(live.dataset.address ?? "").catch(() => null);
  if (!response?.ok || response.redirected) return;
  const fresh = document.createElement("div");
  fresh.innerHTML = await response.text();
  if (fresh.innerHTML.trim() === live.innerHTML.trim()) return;
  const waited = new Set(waiting(live));
  const focused = live.contains(document.activeElement) ? document.activeElement?.id : "";
  live.replaceChildren(...fresh.childNodes);
  const wanted = focused || (document.activeElement === document.body ? lost : "");
  const there = wanted ? document.getElementById(wanted) : null;
  there?.focus({ preventScroll: true });
  lost = wanted && !there ? wanted : "";
  const come = waiting(live).filter((sentence) => !waited.has(sentence));
  if (come.length > 0) said.textContent = come.join(" ");
}

/** @param {HTMLElement} where */
function waiting(where) {
  return [...where.querySelectorAll("[data-waits]")].map((row) => /** @type {HTMLElement} */ (row).dataset.waits ?? "");
}

function watch() {
  const events = new EventSource("/practice/events");
  events.onopen = refresh;
  events.addEventListener("changed", refresh);
  events.onerror = async () => {
    if (events.readyState !== EventSource.CLOSED) return; // it comes back by itself
    const renewed = await fetch("/session").catch(() => null); // the access token is good for ten minutes
    if (renewed?.status === 401) location.reload(); // to the login
    else setTimeout(watch, 5_000);
  };
}

watch();
setInterval(refresh, MINUTE);
