// The part of the page that comes later: fetched until it is there, and told what was said meanwhile.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, mock, test } from "node:test";
import { pathToFileURL } from "node:url";
import { notices, part, written } from "./page.js";

const folder = mkdtempSync(join(tmpdir(), "talk-"));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, "talk.mjs");
// As with a server that is away, the runtime remembers what it got under an address.
writeFileSync(file, `if (globalThis.away) throw new Error("away");
export class Panel {
  update() {}
  level(level) { heard.push(level); }
  toggle() { heard.push("opened"); }
}`);
globalThis.heard = [];
written({ talk: pathToFileURL(file).href, words: { talk_later: "later", "orders.gap": "a gap", "orders.going": "going", "orders.shown": "shown" } });
const { Talk } = await import("../../telemed/static/js/call/talk.js");
const { Chat } = await import("../../telemed/static/js/talk/chat.js");
const { Gateway } = await import("../../telemed/static/js/talk/gateway.js");
const { OrdersWritten } = await import("../../telemed/static/js/later/orders.js");

async function until(holds) {
  for (const late = Date.now() + 10_000; !holds(); await new Promise(setImmediate)) assert.ok(Date.now() < late);
}

test("what did not come is fetched again, and hears what the line carries and what was asked for", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const talk = new Talk({ on: () => {}, seats: () => [] }, () => {}, () => undefined);
  for (const level of ["full", "still", "still", "small"]) talk.level(level);
  globalThis.away = true;
  part("write").setAttribute("aria-expanded", "false");
  part("write").onclick();
  await until(() => notices().length > 0);
  assert.deepEqual(heard, []);
  globalThis.away = false;
  mock.timers.tick(4_000);
  await until(() => notices().length === 0);
  assert.deepEqual(heard, ["small", "opened"]);
  for (const level of ["small", "audio"]) talk.level(level);
  assert.deepEqual(heard, ["small", "opened", "audio"]);
});

test("still pictures stay with the doctor when the station has gone", () => {
  const gateway = new Gateway(() => undefined);
  gateway.see(undefined);
  assert.equal(part("gateway").hidden, true);
  part("gateway-shots").appendChild(part("a picture"));
  gateway.close();
  assert.equal(part("gateway").hidden, false);
});

test("orders with a gap stay here, and whoever ends the call is told of orders that nobody has seen", () => {
  const [field, sent] = [part("orders-text"), []];
  let selected;
  field.setSelectionRange = (...range) => (selected = range);
  const orders = new OrdersWritten();
  const write = (line) => (field.value = line, field.oninput());
  const send = () => part("orders-form").onsubmit({ preventDefault: () => {} });
  const state = () => [part("orders-state").textContent, part("orders-unshown").hidden];
  orders.open({ seat: "patient", tell: (message) => sent.push(message) });
  write("Ruhen Sie sich … Tage aus, … Tage lang.");
  send();
  assert.deepEqual([sent, selected, state()], [[], [15, 16], ["a gap", false]]);
  write("Ruhen Sie sich aus.");
  send();
  assert.deepEqual([sent.map(({ text }) => text), state()], [["Ruhen Sie sich aus."], ["going", false]]);
  write("");
  assert.deepEqual(state(), ["going", false], "it has not arrived yet");
  orders.hear("patient", { type: "shown", id: sent[0].id });
  assert.deepEqual(state(), ["shown", true]);
  write("Ruhen Sie sich lange aus.");
  assert.deepEqual(state(), ["shown", false], "written, and not sent");
  orders.end();
  assert.equal(part("orders-unshown").hidden, true);
});

test("a line that was begun while somebody was out is not for them, and a lost connection hides none", () => {
  const [field, put] = [part("line"), []];
  part("live").checked = true;
  const chat = new Chat(() => "", () => {});
  const link = { seat: "assistant", tell: (message) => put.push(message.put) };
  const inside = [{ seat: "assistant", admitted: true }];
  const type = (line) => {
    field.value = line;
    field.oninput();
    mock.timers.tick(1_000);
    return put.splice(0);
  };
  field.value = "";
  chat.see(inside);
  chat.open(link);
  assert.deepEqual(type("for all"), ["for all"]);
  chat.close("assistant");
  chat.open(link);
  assert.deepEqual(put.splice(0), ["for all"], "the connection was lost, they never left");
  chat.close("assistant");
  chat.see([{ seat: "assistant", admitted: false }]);
  assert.deepEqual(type("for the doctor"), []);
  chat.see(inside);
  chat.open(link);
  assert.deepEqual(type("for the doctor alone"), []);
  assert.deepEqual([...type(""), ...type("for all again")], ["for all again"]);
  chat.close("assistant");
});
