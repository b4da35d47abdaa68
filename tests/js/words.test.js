// Three words: two honest pages read the same, and whoever swaps fingerprints is found out.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fingerprints } from "../../telemed/static/js/call/fingerprints.js";
import { Exchange, binding, promise, threeWords } from "../../telemed/static/js/talk/words.js";

const APPOINTMENT = "0199f0a0-0000-7000-8000-000000000001";
const ALICE = "sha-256 AA:01";
const BOB = "sha-256 BB:02";
const MALLORY = "sha-256 CC:03";
const SAMPLE = JSON.parse(readFileSync(new URL("../data/messages/words.json", import.meta.url), "utf8"));

/** A page: its exchange, what it sent, and where that goes. */
class Page {
  sent = [];
  deliver = (message) => this.sent.push(message);

  constructor(mine, theirs, local, remote) {
    this.exchange = new Exchange({ appointment: APPOINTMENT, mine, theirs, local, remote }, (message) => this.deliver(message));
  }
}

/** What two pages see that hear each other. */
async function meet(patient, practitioner) {
  let line = Promise.resolve();
  const to = (page) => (message) => {
    line = line.then(() => page.exchange.hear(message));
  };
  patient.deliver = to(practitioner);
  practitioner.deliver = to(patient);
  return [patient, practitioner];
}

const patient = () => new Page("patient", "practitioner", ALICE, BOB);
const practitioner = () => new Page("practitioner", "patient", BOB, ALICE);

test("both read the same three words, whoever begins, also both at once", async () => {
  for (const beginners of [[0], [1], [0, 1]]) {
    const pages = await meet(patient(), practitioner());
    for (const index of beginners) pages[index].exchange.begin();
    const [one, other] = await Promise.all(pages.map(({ exchange }) => exchange.words));
    assert.equal(one.length, 3);
    assert.deepEqual(one, other);
  }
});

test("every connection has its own words", async () => {
  const seen = new Set();
  for (let time = 0; time < 20; time++) {
    const [one] = await meet(patient(), practitioner());
    one.exchange.begin();
    seen.add((await one.exchange.words).join());
  }
  assert.equal(seen.size, 20);
});

test("a server that passes the messages on but swaps the fingerprints breaks the promise", async () => {
  const pages = await meet(new Page("patient", "practitioner", ALICE, MALLORY), new Page("practitioner", "patient", BOB, MALLORY));
  pages[0].exchange.begin();
  assert.equal(await pages[1].exchange.words, null);
});

test("a server that speaks for both gets words that differ", async () => {
  for (let time = 0; time < 20; time++) {
    const [alice] = await meet(new Page("patient", "practitioner", ALICE, MALLORY), new Page("practitioner", "patient", MALLORY, ALICE));
    const [bob] = await meet(new Page("practitioner", "patient", BOB, MALLORY), new Page("patient", "practitioner", MALLORY, BOB));
    alice.exchange.begin();
    bob.exchange.begin();
    assert.notDeepEqual(await alice.exchange.words, await bob.exchange.words);
  }
});

test("nobody reveals before both have promised", async () => {
  const one = patient();
  await one.exchange.begin();
  assert.deepEqual(one.sent.map(({ type }) => type), ["commit"]);
  await one.exchange.hear({ type: "commit", commit: "0".repeat(64) });
  assert.deepEqual(one.sent.map(({ type }) => type), ["commit", "reveal"]);
});

test("who begins late says its promise before its nonce", async () => {
  const one = patient();
  const begun = one.exchange.begin();
  await Promise.all([begun, one.exchange.hear({ type: "commit", commit: "0".repeat(64) })]);
  assert.deepEqual(one.sent.map(({ type }) => type), ["commit", "reveal"]);
});

for (const [what, messages] of Object.entries({
  "another nonce than promised": (own) => [own[0], { type: "reveal", nonce: "1".repeat(64) }],
  "our own messages, thrown back": (own) => own,
  "a nonce without a promise": () => [{ type: "reveal", nonce: "1".repeat(64) }],
  "a second promise": (own) => [own[0], { type: "commit", commit: "2".repeat(64) }],
})) {
  test(`no words for ${what}`, async () => {
    const one = patient();
    await one.exchange.begin();
    await one.exchange.hear({ type: "commit", commit: one.sent[0].commit });
    const own = [...one.sent];
    const again = patient();
    await again.exchange.begin();
    const liar = what.startsWith("our own") ? [again, again.sent] : [again, own];
    for (const message of messages(liar[1])) await liar[0].exchange.hear(message);
    if (what.startsWith("our own")) await again.exchange.hear(again.sent[1]);
    assert.equal(await again.exchange.words, null);
  });
}

test("every fingerprint counts, in one writing and one order", () => {
  const sdp = (...lines) => ["v=0", ...lines, ""].join("\r\n");
  assert.equal(fingerprints(sdp("a=fingerprint:SHA-256 ab:cd", "m=audio", "a=fingerprint:sha-256 AB:CD")), "sha-256 AB:CD");
  const both = fingerprints(sdp("a=fingerprint:sha-256 EE:FF", "a=fingerprint:sha-256 AB:CD"));
  assert.equal(both, "sha-256 AB:CD,sha-256 EE:FF");
});

test("as the sample says, for whoever writes another client", async () => {
  const { appointment, patient: p, practitioner: d, commits, words } = SAMPLE;
  const bound = binding({ appointment, mine: "practitioner", theirs: "patient", local: fingerprints(d.sdp), remote: fingerprints(p.sdp) });
  assert.deepEqual({ patient: await promise(p.nonce, "patient", bound), practitioner: await promise(d.nonce, "practitioner", bound) }, commits);
  assert.deepEqual(await threeWords([p.nonce, d.nonce], bound), words);
});
