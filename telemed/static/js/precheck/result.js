// The verdict and its figures, in the sections that the server rendered.
import { part, words } from "../call/view.js";
/** @import { Measured, Path, PathName, Verdict } from "./types" */

export class Result {
  hide() {
    for (const section of document.querySelectorAll(".verdict")) section.toggleAttribute("hidden", true);
    part("figures", HTMLDetailsElement).hidden = true;
  }

  /** @param {Measured} measured @param {Verdict} verdict */
  show({ tried, paths, heard, seen }, { level }) {
    for (const section of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".verdict"))) {
      section.hidden = section.dataset.level !== level;
      section.querySelector(".unheard")?.toggleAttribute("hidden", heard !== false);
      section.querySelector(".unseen")?.toggleAttribute("hidden", seen !== false);
      if (!section.hidden) section.querySelector("h3")?.focus();
    }
    const rows = tried.map((name) => row(name, paths.find((path) => path.name === name)));
    part("figures", HTMLDetailsElement).querySelector("tbody")?.replaceChildren(...rows);
    part("figures", HTMLDetailsElement).hidden = false;
  }
}

/** @param {PathName} name @param {Path | undefined} path */
function row(name, path) {
  const made = /** @type {HTMLElement} */ (part("figure", HTMLTemplateElement).content.firstElementChild?.cloneNode(true));
  const { lang } = document.documentElement;
  const number = (/** @type {number} */ value) => Math.round(value).toLocaleString(lang);
  const texts = path ? [
    `${number(path.up.kbit)} kbit/s`, `${number(path.down.kbit)} kbit/s`,
    `${number(Math.max(path.up.loss, path.down.loss) * 100)} %`, `${number(path.rtt)} ms`,
  ] : [words("way.none"), "–", "–", "–"];
  [words(`way.${name}`), ...texts].forEach((text, index) => made.children[index] && (made.children[index].textContent = text));
  return made;
}
