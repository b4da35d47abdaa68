// Keeps a station's screen up to date, and puts it back to the start once its pairing is over.

const EVERY = 10_000;
const live = /** @type {HTMLElement} */ (document.getElementById("live"));

async function refresh() {
  const answer = await fetch(live.dataset.address ?? "").catch(() => null);
  if (answer?.ok) {
    const fresh = document.createElement("div");
    fresh.innerHTML = await answer.text();
    if (fresh.querySelector("h1")) return location.assign("/screen"); // a whole page: this is no screen any more
    if (fresh.innerHTML.trim() !== live.innerHTML.trim()) {
      const focused = live.contains(document.activeElement) ? document.activeElement?.id : "";
      live.replaceChildren(...fresh.childNodes);
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    }
  }
  setTimeout(refresh, EVERY);
}

setTimeout(refresh, EVERY);
