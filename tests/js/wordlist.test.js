// The word list: 1,024 words that can be read aloud and told apart by ear.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WORDS } from "../../telemed/static/js/talk/wordlist.js";

/** How a word sounds, roughly: what German speakers mix up is written alike. @param {string} word */
function sound(word) {
  const alike = [
    ["sch", "S"], ["ch", "X"], ["ph", "f"], ["th", "t"], ["ck", "k"], ["tz", "z"], ["qu", "kw"], ["dt", "t"], ["ie", "i"],
    ["ei", "E"], ["ai", "E"], ["eu", "O"], ["aa", "a"], ["ee", "e"], ["oo", "o"], ["y", "i"], ["v", "f"], ["c", "k"],
    ["x", "ks"], ["d", "t"], ["g", "k"], ["b", "p"],
  ];
  const written = alike.reduce((all, [from, to]) => all.replaceAll(from, to), word.toLowerCase());
  return written.replace(/(?<=[aeiouEO])h(?![aeiouEO])/g, "").replace(/(.)\1/g, "$1");
}

/** Whether one letter more, less or other makes one of the other. @param {string} one @param {string} other */
function near(one, other) {
  if (Math.abs(one.length - other.length) > 1) return false;
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  let same = 0;
  while (same < Math.min(one.length, other.length) - at && one.at(-1 - same) === other.at(-1 - same)) same++;
  return Math.max(one.length, other.length) - at - same <= 1;
}

test("ten bits a word", () => {
  assert.equal(WORDS.length, 1_024);
  assert.equal(new Set(WORDS).size, 1_024);
  assert.deepEqual(WORDS, [...WORDS].sort());
});

test("short, capital first, and no umlauts, which not every keyboard and mouth has", () => {
  assert.deepEqual(WORDS.filter((word) => !/^[A-Z][a-z]{2,9}$/.test(word)), []);
});

test("no two are a letter apart, nor a sound", () => {
  assert.ok(near(sound("Rat"), sound("Rad")) && near(sound("Wahl"), sound("Wal")) && !near(sound("Hase"), sound("Haus")));
  for (const said of [WORDS.map((word) => word.toLowerCase()), WORDS.map(sound)]) {
    const found = said.flatMap((one, index) => said.slice(index + 1).filter((other) => near(one, other)).map((other) => [one, other]));
    assert.deepEqual(found, []);
  }
});
