// Files between two pages: accepted first, whole at the end or not at all, several at once, and stopped by either side.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { beforeEach, test } from "node:test";
import { LARGEST, Sender, piece } from "../../telemed/static/js/talk/sending.js";
import { Receiver } from "../../telemed/static/js/talk/receiving.js";
import { read } from "../../telemed/static/js/talk/wire.js";

const random = (bytes) => (bytes > 65_536 ? Buffer.concat([randomBytes(65_536), random(bytes - 65_536)]) : randomBytes(bytes));
const file = (bytes, name = "bild.jpg") => new File([random(bytes)], name);
const digest = async (blob) => createHash("sha256").update(Buffer.from(await blob.arrayBuffer())).digest("hex");

let sender, receiver, backlog, states, got, spoil, asked, told, most;

/** Waits until it holds. */
async function until(holds, what) {
  for (let time = 0; time < 2_000; time++) {
    if (holds()) return;
    await new Promise((wake) => setTimeout(wake, 5));
  }
  assert.fail(`never: ${what}`);
}

beforeEach(() => {
  [states, got, asked, told, backlog, most] = [new Map(), new Map(), new Map(), [], 0, 0];
  spoil = (piece) => piece;
  const over = (hear) => (message) => {
    told.push(message);
    const arrived = read(JSON.stringify(message));
    setImmediate(() => hear(arrived));
  };
  sender = new Sender({
    tell: over((message) => receiver.hear(message)),
    push: (piece) => {
      backlog += piece.byteLength;
      most = Math.max(most, backlog);
      setTimeout(() => {
        if (receiving !== receiver) return; // of a test before
        backlog -= piece.byteLength;
        const arrived = spoil(piece);
        if (arrived) receiving.take(arrived);
      }, 1);
    },
    get backlog() {
      return backlog;
    },
  }, (id, state, part) => states.set(id, [...(states.get(id) ?? []), [state, part]]));
  const receiving = receiver = new Receiver({ tell: over((message) => sender.hear(message)), push: assert.fail, backlog: 0 }, (id, what, whole) => {
    asked.set(id, what);
    if (whole) got.set(id, whole);
  });
});

const last = (id) => states.get(id)?.at(-1)[0];

test("arrives whole, with progress, after it was accepted", async () => {
  const picture = file(2_500_000);
  const id = sender.offer(picture);
  await until(() => asked.get(id)?.state === "offered", "the offer");
  await new Promise((wake) => setTimeout(wake, 50));
  assert.equal(asked.get(id).had, 0, "nothing comes before a yes");
  receiver.accept(id);
  await until(() => last(id) === "arrived", "arrived");
  assert.equal(await digest(got.get(id)), await digest(picture));
  const parts = states.get(id).map(([, part]) => part);
  assert.ok(parts.length > 50 && parts.every((part, index) => index === 0 || part >= parts[index - 1]));
  assert.ok(most < 200_000, `${most} bytes lay in the channel`);
});

test("three at once, each of them itself, and none waits for another", async () => {
  const files = [file(900_000), file(900_000), file(90_000)];
  const ids = files.map((one) => sender.offer(one));
  await until(() => ids.every((id) => asked.has(id)), "the offers");
  ids.forEach((id) => receiver.accept(id));
  await until(() => last(ids[2]) === "arrived", "the small one");
  assert.ok(!got.has(ids[0]) && !got.has(ids[1]), "the small one had to wait");
  await until(() => got.size === 3, "all");
  for (const [index, id] of ids.entries()) assert.equal(await digest(got.get(id)), await digest(files[index]));
});

for (const [who, stop, ends] of [
  ["the sender", (id) => sender.cancel(id), "cancelled"],
  ["the receiver", (id) => receiver.refuse(id), "cancelled"],
]) {
  test(`${who} stops it on the way`, async () => {
    const id = sender.offer(file(3_000_000));
    await until(() => asked.has(id), "the offer");
    receiver.accept(id);
    await until(() => asked.get(id).had > 100_000, "a part");
    stop(id);
    await until(() => last(id) === ends && asked.get(id).state === "cancelled", ends);
    const { had } = asked.get(id);
    await new Promise((wake) => setTimeout(wake, 100));
    assert.equal(asked.get(id).had, had);
    assert.deepEqual([asked.get(id).parts.length, got.size], [0, 0], "nothing is kept");
  });
}

test("refused", async () => {
  const id = sender.offer(file(10_000));
  await until(() => asked.has(id), "the offer");
  receiver.refuse(id);
  await until(() => last(id) === "refused", "refused");
});

test("taken back before it was accepted", async () => {
  const id = sender.offer(file(10_000));
  await until(() => asked.has(id), "the offer");
  sender.cancel(id);
  await until(() => asked.get(id).state === "cancelled", "taken back");
  receiver.accept(id);
  assert.equal(asked.get(id).state, "cancelled");
});

test("a byte that changed on the way is noticed, and nothing handed over", async () => {
  spoil = (piece) => {
    new Uint8Array(piece)[piece.byteLength - 1] ^= 1;
    return piece;
  };
  const id = sender.offer(file(50_000));
  await until(() => asked.has(id), "the offer");
  receiver.accept(id);
  await until(() => last(id) === "broken", "broken");
  assert.equal(got.size, 0);
});

test("the connection is lost", async () => {
  const id = sender.offer(file(3_000_000));
  await until(() => asked.has(id), "the offer");
  receiver.accept(id);
  await until(() => asked.get(id).had > 100_000, "a part");
  sender.lost();
  receiver.lost();
  assert.deepEqual([last(id), asked.get(id).state], ["lost", "lost"]);
});

test("a pause of the line is only a pause", async () => {
  const kept = [];
  spoil = (piece) => void kept.push(piece);
  const id = sender.offer(file(200_000));
  await until(() => asked.has(id), "the offer");
  receiver.accept(id);
  await until(() => kept.length > 0, "a piece");
  await new Promise((wake) => setTimeout(wake, 300));
  spoil = (piece) => piece;
  kept.forEach((piece) => receiver.take(piece));
  await until(() => last(id) === "arrived", "arrived");
});

test("a file that vanished from the disk", async () => {
  const gone = file(500_000);
  gone.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("NotReadableError")) });
  const id = sender.offer(gone);
  await until(() => asked.has(id), "the offer");
  receiver.accept(id);
  await until(() => last(id) === "unreadable" && asked.get(id).state === "cancelled", "told");
});

test("a limit holds a file back, and lifting it lets it go", async () => {
  sender.limit(0);
  const id = sender.offer(file(100_000));
  await until(() => asked.has(id), "the offer");
  receiver.accept(id);
  await new Promise((wake) => setTimeout(wake, 200));
  assert.equal(asked.get(id).had, 0);
  sender.limit(Infinity);
  await until(() => last(id) === "arrived", "arrived");
});

test("a liar at the other end gets nothing for it", async () => {
  const offer = { type: "offer", id: 1, name: "a.jpg", size: 100, sha256: "0".repeat(64) };
  receiver.hear({ ...offer, size: LARGEST + 1 });
  assert.deepEqual([asked.size, told.at(-1)], [0, { type: "refuse", id: 1 }]);
  for (let id = 1; id <= 30; id++) receiver.hear({ ...offer, id });
  assert.equal(asked.size, 20);
  receiver.accept(1);
  receiver.take(piece(1, new Uint8Array(101)));
  assert.equal(asked.get(1).state, "cancelled", "more than was offered");
  receiver.take(new ArrayBuffer(2));
  sender.hear({ type: "have", id: 1, bytes: 10 });
  sender.hear({ type: "done", id: 7, ok: true });
  assert.equal(states.size, 0);
});
