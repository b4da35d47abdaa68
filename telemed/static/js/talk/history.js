// What was written and sent, in the order it came.
import { part } from "../call/view.js";

const KEPT = 1_000; // lines

/** A line or a file more. @param {HTMLElement} element */
export function append(element) {
  const lines = part("lines", HTMLElement);
  follow(() => lines.append(element), element.classList.contains("mine"));
  if (lines.children.length > KEPT) lines.querySelector(".line")?.remove();
}

/**
 * Keeps the end in sight through a change, unless the reader has gone back.
 * @param {() => void} change @param {boolean} [anyway]  also then
 */
export function follow(change, anyway) {
  const box = part("history", HTMLElement);
  const near = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  change();
  if (near || anyway) box.scrollTop = box.scrollHeight;
}
