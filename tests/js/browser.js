// The little of a browser that signalling.js touches, for Node: a socket that a test speaks for, and a page that never hides.

export class Socket {
  static OPEN = 1;
  /** @type {Socket[]} */
  static all = [];

  constructor(address) {
    this.address = `${address}`;
    this.readyState = Socket.OPEN;
    this.written = [];
    Socket.all.push(this);
  }

  static get last() {
    return Socket.all.at(-1);
  }

  send(frame) {
    this.written.push(JSON.parse(frame));
  }

  close() {
    this.readyState = 3;
  }

  /** The server says. */
  says(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** The server, or the line, closes. */
  closes(code) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

globalThis.WebSocket = Socket;
globalThis.location = new URL("https://video.example/appointment/room");
globalThis.document = { hidden: false, addEventListener: () => {} };
globalThis.addEventListener = () => {};
