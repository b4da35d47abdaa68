// The time left of a reservation. The server's clock counts, not the device's, which may be wrong by hours.

const WARNING = 120; // seconds; WCAG 2.2.1 asks for at least 20 to extend a limit

class Countdown {
  /** @type {HTMLElement} */ #box;
  /** @type {number} */ #end;
  /** @type {number | undefined} */ #timer;
  #said = new Set();

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#box = box;
    const left = Date.parse(box.dataset.until ?? "") - Date.parse(box.dataset.now ?? "");
    this.#end = performance.now() + left;
    this.#timer = setInterval(() => this.#tick(), 1000);
    this.#tick();
  }

  #tick() {
    const left = Math.max(0, Math.ceil((this.#end - performance.now()) / 1000));
    const shown = /** @type {HTMLElement} */ (this.#box.querySelector("[data-left]"));
    shown.hidden = false;
    const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    shown.textContent = (this.#box.dataset.rest ?? "{}").replace("{}", clock);
    if (left === 0) {
      clearInterval(this.#timer);
      this.#box.classList.add("warn");
      shown.textContent = this.#box.dataset.over ?? "";
      this.#say("over");
    } else if (left <= WARNING) {
      this.#box.classList.add("warn");
      this.#say("soon");
    }
  }

  /** Once each, in the polite live region. @param {"soon" | "over"} what */
  #say(what) {
    const region = this.#box.querySelector("[data-say]");
    if (region && !this.#said.has(what)) region.textContent = this.#box.dataset[what] ?? "";
    this.#said.add(what);
  }
}

const box = document.getElementById("countdown");
if (box) new Countdown(box);
