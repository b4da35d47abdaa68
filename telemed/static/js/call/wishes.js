// What others ask of the person in front of this page: to go out, to come back, to switch the microphone on. Large, read
// aloud, with one button that does it; nothing happens by itself.
import { data, part, words } from "./view.js";
/** @import { Command, ServerMessage, Wish } from "./types" */

export class Wishes {
  #send; #call; #unmute;
  /** @type {Wish | ""} */ #what = "";
  #box = part("wish", HTMLElement);
  #yes = part("wish-yes", HTMLButtonElement);

  /**
   * @param {(command: Command) => void} send @param {() => void} call  somebody who is looking elsewhere
   * @param {() => void} unmute
   */
  constructor(send, call, unmute) {
    this.#send = send;
    this.#call = call;
    this.#unmute = unmute;
    this.#yes.onclick = () => this.#do();
    part("wish-no", HTMLButtonElement).onclick = () => this.close();
  }

  /** @param {ServerMessage} message @param {string} name  of who says it */
  hear(message, name) {
    if (message.type === "ask" && message.what !== "return") this.#show(message.what, words(`wish.${message.what}.${message.from}`, { name }));
    else if (message.type === "ask" && document.body.dataset.call === "waiting") this.#ring();
    else if (message.type === "waiting" && message.outside !== "called") this.close();
    else if (message.type === "waiting" && this.#what !== "return") this.#ring(); // the page was loaded anew
    else if (message.type === "admitted") this.close();
  }

  close() {
    this.#box.hidden = true;
    this.#what = "";
  }

  #ring() {
    this.#show("return", words("wish.return"));
    this.#call();
  }

  /** @param {Wish} what @param {string} sentence */
  #show(what, sentence) {
    this.#what = what;
    part("wish-text", HTMLElement).textContent = sentence;
    this.#yes.textContent = words(`do.${what}`);
    part("wish-no", HTMLButtonElement).hidden = what !== "unmute";
    this.#box.hidden = false;
  }

  #do() {
    if (this.#what === "leave") this.#send({ type: "hold", seat: data.seat });
    if (this.#what === "return") this.#send({ type: "admit", seat: data.seat });
    if (this.#what === "unmute") this.#unmute();
    this.close();
  }
}
