// Keeps the live part of a page up to date, every few seconds: a station's screen, a doctor's on-call time. The focus
// stays where it was, and nothing is swapped away under somebody who has opened or ticked something in it.

const live = /** @type {HTMLElement} */ (document.getElementById("live"));
const EVERY = Number(live.dataset.every ?? 10) * 1000;

/** @param {HTMLElement} part */
const inUse = (part) => part.querySelector("details[open]") !== null;

async function refresh() {
  const answer = await fetch(live.dataset.address ?? "").catch(() => null);
  if (answer?.ok) {
    const fresh = document.createElement("div");
    fresh.innerHTML = await answer.text();
    if (fresh.querySelector("h1")) return location.reload(); // a whole page: the pairing or the login is over
    const same = fresh.innerHTML.trim() === live.innerHTML.trim();
    if (!same && !(inUse(live) && fresh.querySelector("details"))) {
      const focused = live.contains(document.activeElement) ? document.activeElement?.id : "";
      live.replaceChildren(...fresh.childNodes);
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    }
  }
  setTimeout(refresh, EVERY);
}

setTimeout(refresh, EVERY);
export {};
