// The page's signalling, against the samples that Python reads too: what it hears, what it says, how it comes back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, mock, test } from "node:test";
import { Socket } from "./browser.js";
import { Signalling } from "../../telemed/static/js/call/signalling.js";
import { Refused } from "../../telemed/static/js/call/tickets.js";

const samples = (name) => JSON.parse(readFileSync(new URL(`../data/messages/${name}.json`, import.meta.url), "utf8"));
const SERVER = samples("server");
const CLIENT = samples("client");
const one = (type) => SERVER.find((message) => message.type === type);
const err = (code, fatal) => ({ type: "err", code, sentence: "…", fatal });
const settled = () => new Promise(setImmediate);

let heard, shown, asked, alive, refusal, signalling;

beforeEach(async () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  [heard, shown, asked, alive, refusal] = [[], [], 0, true, null];
  Socket.all = [];
  const ticket = async () => {
    asked++;
    if (refusal) throw refusal;
    return { ticket: `ticket-${asked}`, socket: "/api/v1/socket" };
  };
  signalling = new Signalling(ticket, (message) => heard.push(message), (state) => shown.push(state), () => alive);
  signalling.join();
  await settled();
  Socket.last.says(one("welcome"));
});

/** The names of a message's fields, those of nested messages too, and what kind of value each has. */
const shape = (value) => Array.isArray(value) ? value.map(shape)
  : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([name, held]) => [name, shape(held)]))
  : typeof value;

async function back(code = 1006) {
  Socket.last.closes(code);
  mock.timers.tick(4_000);
  await settled();
  Socket.last.says(one("welcome"));
}

test("says hello as the samples do", () => {
  const [hello] = Socket.last.written;
  assert.deepEqual(shape(hello), shape(CLIENT.find(({ type }) => type === "hello")));
  assert.match(hello.instance, /^[A-Za-z0-9_-]{12,32}$/);
  assert.equal(Socket.last.address, "wss://video.example/api/v1/socket");
});

for (const command of CLIENT.filter((message) => message.id)) {
  test(`sends ${command.type}, under a number of its own, until it is answered`, async () => {
    Socket.last.says(one("joined"));
    const { id: _, ...wish } = command;
    signalling.send(wish);
    assert.deepEqual(Socket.last.written.at(-1), { ...wish, id: "1" });
    await back();
    Socket.last.says(one("resumed"));
    assert.deepEqual(Socket.last.written.at(-1), { ...wish, id: "1" });
    Socket.last.says({ type: "ok", id: "1" });
    await back();
    Socket.last.says(one("resumed"));
    assert.equal(Socket.last.written.length, 1, "asked again for what was done");
  });
}

test("of figures that nobody could hear only the last ones are told, and everything else is", async () => {
  Socket.last.says(one("joined"));
  Socket.last.closes(1006);
  for (const level of ["small", "still"]) {
    signalling.send({ type: "stat", level });
    signalling.send({ type: "mode", mic: true, cam: level === "small" });
  }
  signalling.send({ type: "stat", level: "phone" });
  mock.timers.tick(4_000);
  await settled();
  Socket.last.says(one("welcome"));
  Socket.last.says(one("resumed"));
  assert.deepEqual(Socket.last.written.slice(1).map(({ type, level, cam }) => level ?? [type, cam]), [["mode", true], ["mode", false], "phone"]);
});

for (const message of SERVER) {
  test(`takes ${message.type} ${message.code ?? message.level ?? ""}`, async () => {
    Socket.last.says(one("joined"));
    heard = [];
    Socket.last.says(message);
    if (["welcome", "token", "ok", "drain", "err"].includes(message.type)) assert.deepEqual(heard, []);
    else assert.deepEqual(heard, [message]);
    if (["ended", "replaced", "kicked", "denied"].includes(message.type)) {
      assert.deepEqual(shown.at(-1), { name: "over", code: message.reason ?? message.type, sentence: undefined });
    } else {
      await back();
      const resume = Socket.last.written[0];
      assert.equal(resume.type, "resume");
      assert.equal(resume.seq, Math.max(message.seq ?? 0, one("joined").seq), "asks for more or less than it missed");
    }
  });
}

test("comes back with the token it was given, and with a ticket once that is refused", async () => {
  Socket.last.says(one("joined"));
  await back();
  assert.equal(Socket.last.written[0].ticket, "ticket-2", "none was given yet");
  Socket.last.says(one("resumed"));
  Socket.last.says(one("token"));
  refusal = new Refused("lost_login", {});
  for (let time = 0; time < 3; time++) {
    await back();
    const { type, token, ticket } = Socket.last.written[0];
    assert.deepEqual([type, token, ticket, asked], ["resume", one("token").token, undefined, 2], "no request, no login");
  }
  refusal = null;
  Socket.last.says(err("token_spent", true));
  await back(4401);
  assert.equal(Socket.last.written[0].ticket, "ticket-3");
  assert.equal(shown.filter(({ name }) => name === "over").length, 0);
});

for (const code of ["token_refused", "token_spent"]) {
  test(`${code}, and the ticket after it too: it is over`, async () => {
    Socket.last.says(one("joined"));
    Socket.last.says(one("token"));
    await back();
    for (let time = 0; time < 3; time++) {
      Socket.last.says(err(code, true));
      await back(4401);
    }
    assert.equal(shown.at(-1).name, "over");
  });
}

test("forgotten by the server: hello on the same socket, with a ticket, and the same instance while media lives", async () => {
  const { instance } = Socket.last.written[0];
  Socket.last.says(one("joined"));
  Socket.last.says(one("token"));
  await back();
  Socket.last.says(err("gone", false));
  await settled();
  const hello = Socket.last.written.at(-1);
  assert.deepEqual([hello.type, hello.ticket, hello.instance], ["hello", "ticket-2", instance]);
  Socket.last.says(one("joined"));
  alive = false;
  await back();
  Socket.last.says(err("gone", false));
  await settled();
  assert.notEqual(Socket.last.written.at(-1).instance, instance);
});

test("in front of a locked room it waits, and asks again on the same socket", async () => {
  const sockets = Socket.all.length;
  Socket.last.says(err("locked", false));
  assert.deepEqual(shown.at(-1), { name: "locked", sentence: "…" });
  mock.timers.tick(5_000);
  await settled();
  assert.deepEqual([Socket.last.written.at(-1).type, Socket.last.written.at(-1).ticket], ["hello", "ticket-2"]);
  assert.equal(Socket.all.length, sockets);
  Socket.last.says(one("joined"));
  assert.deepEqual(shown.at(-1), { name: "open" });
});

test("in doubt it asks, and gives up a server that does not answer", async () => {
  Socket.last.says(one("joined"));
  signalling.hurry();
  signalling.hurry();
  assert.deepEqual(Socket.last.written.filter(({ type }) => type === "ping").length, 1, "asked once");
  Socket.last.says({ type: "pong" });
  mock.timers.tick(3_000);
  assert.equal(shown.at(-1).name, "open");
  signalling.hurry();
  mock.timers.tick(2_500);
  assert.equal(shown.at(-1).name, "lost");
  assert.equal(signalling.heard, 0);
});

test("in doubt it does not wait for the next try, and does not break off one that has just begun", async () => {
  Socket.last.says(one("joined"));
  Socket.last.says({ type: "token", token: "token-1", expires: "2026-01-01T00:00:00Z" });
  Socket.last.closes(1006);
  const before = Socket.all.length;
  signalling.hurry();
  assert.equal(Socket.all.length, before + 1);
  signalling.hurry();
  assert.equal(Socket.all.length, before + 1);
});

test("before joining and after leaving there is nothing to hurry for", () => {
  signalling.leave();
  const before = Socket.all.length;
  signalling.hurry();
  assert.equal(Socket.all.length, before);
});
