// The little of a page that its scripts touch, for Node: every part they ask for is there, and does next to nothing.

export class Part {
  dataset = {};
  hidden = false;
  disabled = false;
  textContent = "";
  value = "";
  text = "";
  children = [];
  classList = { toggle: () => {}, add: () => {} };
  #attributes = {};

  appendChild(child) {
    this.children.push(child);
    child.remove = () => this.children.splice(this.children.indexOf(child), 1);
    return child;
  }

  setAttribute(name, value) {
    this.#attributes[name] = value;
  }

  getAttribute(name) {
    return this.#attributes[name] ?? null;
  }

  get childElementCount() {
    return this.children.length;
  }

  querySelectorAll = () => [];
  querySelector = () => null;
  closest = () => null;
  replaceChildren() {}
  toggleAttribute() {}
  focus() {}
}

const parts = new Map();
const KINDS = ["", "Button", "Select", "Input", "Meter", "Progress", "Audio", "Details", "FieldSet", "Form", "Script", "TextArea", "Template"];
for (const kind of KINDS) globalThis[`HTML${kind}Element`] = Part;

export function part(id) {
  if (!parts.has(id)) parts.set(id, new Part());
  return parts.get(id);
}

/** What stands among the notices, in order. */
export const notices = () => part("notices").children.map(({ textContent }) => textContent);

globalThis.window = globalThis;
globalThis.addEventListener = () => {};
globalThis.sessionStorage = { length: 0 };
globalThis.history = { state: null, replaceState: (state) => (history.state = state) };
globalThis.document = {
  hidden: false,
  body: new Part(),
  documentElement: { lang: "de" },
  getElementById: part,
  createElement: () => new Part(),
  querySelector: () => null,
  querySelectorAll: () => [],
  addEventListener: () => {},
};

/** Before the first script is loaded: what the server wrote into the page. */
export function written(data) {
  part("call-data").text = JSON.stringify({ appointment: "1", seat: "patient", session: "guest", words: {}, ...data });
}
