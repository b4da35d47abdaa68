// Print buttons appear only where scripts run; without them the browser's own menu prints the same page.

for (const button of document.querySelectorAll("[data-print]")) {
  /** @type {HTMLElement} */ (button).hidden = false;
  button.addEventListener("click", () => print());
}
