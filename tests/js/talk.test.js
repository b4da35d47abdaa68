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
written({ talk: pathToFileURL(file).href, words: { talk_later: "later" } });
const { Talk } = await import("../../telemed/static/js/call/talk.js");

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
