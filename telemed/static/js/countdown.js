// The time left of a reservation. The server's clock counts, not the device's, which may be wrong by hours.

// Seconds before the end at which a screen reader says it: enough to finish or extend (WCAG 2.2.1), not more than
// three times, because each one interrupts.
const MOMENTS = [300, 120, 60];
const WARNING = 120;
const HOUR = 3600;

class Countdown {
  /** @type {HTMLElement} */ #box;
  /** @type {number} */ #end;
  /** @type {number | undefined} */ #timer;
  #next = 0; // of MOMENTS

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#box = box;
    const left = Date.parse(box.dataset.until ?? "") - Date.parse(box.dataset.now ?? "");
    this.#end = performance.now() + left;
    // A page that opens with three minutes left does not say "five minutes".
    while (left / 1000 < MOMENTS[this.#next]) this.#next += 1;
    this.#timer = setInterval(() => this.#tick(), 1000);
    this.#tick();
  }

  #tick() {
    const left = Math.max(0, Math.ceil((this.#end - performance.now()) / 1000));
    const shown = /** @type {HTMLElement} */ (this.#box.querySelector("[data-left]"));
    shown.hidden = left > HOUR; // beside it stands until when, which says more than 812 minutes
    const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    shown.textContent = (this.#box.dataset.rest ?? "{}").replace("{}", clock);
    if (left === 0) {
      clearInterval(this.#timer);
      this.#box.classList.add("warn");
      shown.textContent = this.#box.dataset.over ?? "";
      this.#say("over");
    } else {
      if (left <= WARNING) this.#box.classList.add("warn");
      this.#announce(left);
    }
  }

  /** Of the moments that have come since the last tick, the last: a tab in the background ticks once a minute. @param {number} left */
  #announce(left) {
    const before = this.#next;
    while (left <= MOMENTS[this.#next]) this.#next += 1;
    if (this.#next > before) this.#say(`at${MOMENTS[this.#next - 1]}`);
  }

  /** In the polite live region. @param {string} what */
  #say(what) {
    const region = this.#box.querySelector("[data-say]");
    if (region) region.textContent = this.#box.dataset[what] ?? "";
  }
}

const box = document.getElementById("countdown");
if (box) new Countdown(box);
