// What it is about, in the patient's own words: written before the conversation, kept in this tab alone, and given to the
// doctor, from page to page, only when the patient says so (B-03).
import { data, notice, part, words } from "../call/view.js";
import { LONGEST } from "./typing.js";
/** @import { Seat } from "../call/types" */

const KEY = "note";
const SHOWN = 8_000; // ms

/** Keeps what is written over a reload of the page; another appointment's note is thrown away. @returns {string} */
function kept() {
  const { appointment, text } = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  if (appointment !== data.appointment) sessionStorage.removeItem(KEY);
  return appointment === data.appointment && typeof text === "string" ? text : "";
}

export class Note {
  #field = part("note-text", HTMLTextAreaElement);
  #box = part("note", HTMLDetailsElement);

  /** @param {(seat: Seat, text: string) => boolean} give  whether they are there */
  constructor(give) {
    this.#field.value ||= kept();
    this.#keep();
    this.#field.oninput = () => this.#keep();
    part("note-give", HTMLButtonElement).onclick = () => {
      const text = this.#field.value.trim();
      const fault = !text ? "note.empty" : text.length > LONGEST ? "too_long" : give("practitioner", text) ? "" : "note.later";
      part("note-said", HTMLElement).textContent = words(fault);
      if (fault) return;
      this.forget();
      part("write", HTMLButtonElement).focus();
      this.#box.hidden = true;
      notice("note", words("note.given"));
      setTimeout(() => notice("note", ""), SHOWN);
    };
  }

  /** Beside the picture, if there is a note; else in the waiting room. @param {boolean} talking */
  place(talking) {
    const place = part(talking ? "beside" : "note-place", HTMLElement);
    if (this.#box.parentElement === place) return; // moving it again would take the focus
    place.append(this.#box);
    this.#box.open = !talking || matchMedia("(min-width: 60em)").matches;
    this.#box.hidden = talking && this.#field.value.trim() === "";
    part("note-give", HTMLButtonElement).hidden = !talking;
  }

  forget() {
    this.#field.value = "";
    this.#keep();
  }

  #keep() {
    const text = this.#field.value;
    if (text) sessionStorage.setItem(KEY, JSON.stringify({ appointment: data.appointment, text }));
    else sessionStorage.removeItem(KEY);
  }
}
