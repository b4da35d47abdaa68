// Still pictures in pieces: whole again, measured on the way, never mixed up, never more than the line takes.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Album, Painter, pieces } from "../../telemed/static/js/call/stills.js";

const picture = (size, seed = 1) => Uint8Array.from({ length: size }, (_, at) => (at * 7 + seed) % 256);
const buffer = (piece) => piece.buffer.slice(piece.byteOffset, piece.byteOffset + piece.length);
const bytes = async (blob) => new Uint8Array(await blob.arrayBuffer());

test("what comes in pieces is whole again", async () => {
  for (const size of [1, 500, 501, 6_999]) {
    const album = new Album();
    const found = pieces(picture(size), 3).map((piece) => album.add(buffer(piece), 0).picture).filter(Boolean);
    assert.equal(found.length, 1);
    assert.deepEqual(await bytes(found[0]), picture(size));
  }
});

test("a picture that was broken off does not spoil the next", async () => {
  const album = new Album();
  for (const piece of pieces(picture(3_000, 1), 255).slice(0, 4)) album.add(buffer(piece), 0);
  const found = pieces(picture(2_000, 9), 256).map((piece) => album.add(buffer(piece), 0).picture).filter(Boolean);
  assert.deepEqual(await bytes(found[0]), picture(2_000, 9));
});

test("pieces may overtake each other, even the next picture", async () => {
  const album = new Album();
  const [old, fresh] = [pieces(picture(2, 1), 7), pieces(picture(3, 2), 8)].map((all) => all.map(buffer));
  const found = [old[1], fresh[2], old[0], fresh[0], fresh[1]].map((piece) => album.add(piece, 0).picture).filter(Boolean);
  assert.equal(found.length, 1);
  assert.deepEqual(await bytes(found[0]), picture(3, 2));
});

test("one without its beginning is none, and neither is nonsense", () => {
  const album = new Album();
  assert.deepEqual(pieces(picture(2_000), 1).slice(1).filter((piece) => album.add(buffer(piece), 0).picture), []);
  assert.deepEqual(album.add(new ArrayBuffer(0), 0), {});
  assert.deepEqual(album.add(Uint8Array.from([1, 9, 3, 0]).buffer, 0), {});
});

test("two pieces tell how fast the line is", () => {
  const album = new Album();
  const [first, second, third, fourth] = pieces(picture(4_000), 0).map(buffer);
  assert.equal(album.add(first, 1_000).kbit, undefined);
  assert.equal(Math.round(album.add(second, 1_079).kbit), 60);
  assert.equal(album.add(third, 1_500).kbit, undefined, "the time between two pairs says nothing");
  assert.ok(album.add(fourth, 1_500).kbit > 4_000);
});

beforeEach(() => {
  mock.timers.reset();
  globalThis.HTMLMediaElement = { HAVE_CURRENT_DATA: 2 };
  const canvas = { getContext: () => ({ drawImage() {} }), toBlob: (done, type) => done(new Blob([picture(3_000)], { type })) };
  globalThis.document = { createElement: () => canvas };
});

test("a picture every five seconds, two pieces every half, and none while the line is full", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  mock.method(performance, "now", () => now);
  let now = 0;
  const channel = { bufferedAmount: 0, sent: 0, send() { this.sent++; } };
  const painter = new Painter(() => ({ readyState: 4, videoWidth: 1_280, videoHeight: 720 }), () => channel);
  const run = async (seconds) => {
    for (let at = 0; at < 2 * seconds; at++) {
      now += 500;
      mock.timers.tick(500);
      for (let turn = 0; turn < 9; turn++) await new Promise(setImmediate);
    }
  };
  await run(5);
  assert.equal(channel.sent, 0, "not before it is asked for");
  painter.paint(true);
  await run(1.5);
  assert.equal(channel.sent, 4);
  channel.bufferedAmount = 1;
  await run(10);
  assert.equal(channel.sent, 4);
  channel.bufferedAmount = 0;
  await run(10);
  assert.equal(channel.sent, 24, "the rest of the first, and two more");
  painter.paint(false);
  await run(10);
  assert.equal(channel.sent, 24);
});
