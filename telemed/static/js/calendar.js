// Whoever moves by keyboard through many doctors' columns sees the whole of what has the focus: a browser is content with
// a piece of it.
//
// A click into a free stretch of the calendar books at the quarter of an hour that was hit. Without this script, and by
// keyboard, the link leads to its beginning; the page behind it offers every other time.

const QUARTER = 15 * 60_000;
const live = document.getElementById("live");

live?.addEventListener("click", (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest("a[data-start]");
  if (!(link instanceof HTMLAnchorElement) || event.detail === 0) return; // 0: by keyboard
  const start = Date.parse(link.dataset.start ?? "");
  const end = Date.parse(link.dataset.end ?? "");
  const box = link.getBoundingClientRect();
  const hit = start + ((event.clientY - box.top) / box.height) * (end - start);
  const wanted = new Date(Math.max(start, Math.floor(hit / QUARTER) * QUARTER));
  const address = new URL(link.href);
  address.searchParams.set("start", wanted.toISOString().replace(".000Z", "Z"));
  link.href = address.href;
});

live?.addEventListener("keyup", (event) => {
  if (event.key === "Tab") document.activeElement?.scrollIntoView({ block: "nearest", inline: "nearest" });
});
