// The page around the call: its parts, its words, what it says aloud. The server renders all of it; scripts show and fill.
import { older } from "./older.js";
/** @import { PageData } from "./types" */

older(globalThis);

/**
 * @template {HTMLElement} T
 * @param {string} id @param {new () => T} kind @returns {T}
 */
export function part(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${id}`);
  return found;
}

/** @type {PageData} */
export const data = JSON.parse(part("call-data", HTMLScriptElement).text);

/** A sentence with its `%(name)s` places filled. @param {string} key @param {Record<string, string>} values */
export function words(key, values = {}) {
  return (data.words[key] ?? "").replace(/%\((\w+)\)s/g, (_all, name) => values[name] ?? "");
}

/** Shows one section of the page and takes the reader there; false if there already. @param {"waiting" | "talk" | "over"} name */
export function show(name) {
  if (document.body.dataset.call === name) return false;
  document.body.dataset.call = name;
  for (const section of document.querySelectorAll("#call > section")) section.toggleAttribute("hidden", section.id !== name);
  const heading = document.querySelector(`#${name} h1`);
  if (heading instanceof HTMLElement) heading.focus();
  return true;
}

/** What is going on now, seen and read aloud; an empty sentence takes it away. @param {string} about @param {string} sentence */
export function notice(about, sentence) {
  const box = part("notices", HTMLElement);
  const told = [...box.children].find((one) => /** @type {HTMLElement} */ (one).dataset.about === about);
  if ((told?.textContent ?? "") === sentence) return;
  if (!sentence) return told?.remove();
  const one = told ?? box.appendChild(document.createElement("p"));
  /** @type {HTMLElement} */ (one).dataset.about = about;
  one.textContent = sentence;
}

/** What has happened, for those who do not see it. @param {string} sentence */
export function announce(sentence) {
  part("spoken", HTMLElement).textContent = sentence;
}
