// What a file calls itself, and what it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { harmless, picture, plainName, size } from "../../telemed/static/js/talk/names.js";

for (const [given, plain] of [
  ["Ausschlag am Arm.jpg", "Ausschlag am Arm.jpg"],
  ["../../etc/passwd", "passwd"],
  ["C:\\Users\\alice\\bild.png", "bild.png"],
  ["Rechnung\u202Egpj.exe", "Rechnunggpj.exe"],
  ["a\u0000b\nc\u200Bd.txt", "abcd.txt"],
  ['a<b>"c|d?e*f:g.txt', "a_b__c_d_e_f_g.txt"],
  ["...versteckt.", "versteckt"],
  ["ein  \u00a0 Name.pdf", "ein Name.pdf"],
  ["u\u0308ber.txt", "über.txt"],
  ["", "Datei"],
  ["\u202E\u2066", "Datei"],
]) {
  test(`${JSON.stringify(given)} is called ${plain}`, () => assert.equal(plainName(given), plain));
}

test("a long name keeps its ending", () => {
  const plain = plainName(`${"😀".repeat(300)}.jpeg`);
  assert.equal([...plain].length, 80);
  assert.ok(plain.endsWith("….jpeg"));
});

test("programs are told from the rest", () => {
  assert.ok(["a.jpg", "a.PDF", "a.b.docx"].every(harmless));
  assert.ok(!["a.exe", "a.html", "a.svg", "a.pdf.js", "a", "a.docm"].some(harmless));
});

test("a picture is told by its bytes", () => {
  const bytes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  assert.equal(picture(bytes("\x89PNG\r\n\x1a\n....")), "image/png");
  assert.equal(picture(bytes("\xff\xd8\xff\xe0........")), "image/jpeg");
  assert.equal(picture(bytes("RIFF....WEBPVP8 ")), "image/webp");
  assert.equal(picture(bytes("GIF89a......")), "image/gif");
  for (const none of ["<svg xmlns=", "<!doctype html>", "%PDF-1.7", "RIFF....WAVE", ""]) assert.equal(picture(bytes(none)), "");
});

test("sizes as people say them", () => {
  assert.deepEqual([400, 2_300, 2_345_678, 20_971_520].map((bytes) => size(bytes, "de")), ["1 kB", "2 kB", "2,3 MB", "21 MB"]);
});
