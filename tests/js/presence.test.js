// Who is in the room and who is outside; who came and went; and when an assistant's page keeps quiet.
import assert from "node:assert/strict";
import { test } from "node:test";
import { atScreen, moves, seatless, whereabouts } from "../../telemed/static/js/call/presence.js";

const person = (seat, name, more = {}) => ({ seat, name, about: "", state: "here", admitted: true, outside: "", beside: [], ...more });
const alice = person("patient", "Alice", { about: "Apotheke", beside: ["Petra Pohl, Apotheke", "Tina Tochter"] });
const petra = person("assistant", "Petra Pohl");

test("says where somebody is", () => {
  const where = (more) => whereabouts(person("assistant", "Petra", { admitted: false, ...more }));
  assert.equal(whereabouts(petra), "where.in");
  assert.equal(whereabouts({ ...petra, state: "away" }), "where.away");
  assert.equal(where({}), "", "has not been in: the row says that they wait at the door");
  assert.equal(where({ outside: "out" }), "where.out");
  assert.equal(where({ outside: "called" }), "where.called");
  assert.equal(where({ outside: "out", state: "away" }), "where.unreachable");
});

test("names who was introduced and has no seat, and nobody twice", () => {
  assert.deepEqual(seatless([alice]), ["Petra Pohl, Apotheke", "Tina Tochter"]);
  assert.deepEqual(seatless([alice, petra]), ["Tina Tochter"]);
  assert.deepEqual(seatless([alice, { ...petra, admitted: false, outside: "out" }]), ["Tina Tochter"], "she is outside");
  assert.deepEqual(seatless([alice, person("assistant", "Petra Po")]).length, 2);
});

test("tells who came and who went, but not that the first ones came", () => {
  assert.deepEqual(moves([], [alice]), []);
  assert.deepEqual(moves([alice], [alice, petra]), [["came", "Petra Pohl"]]);
  assert.deepEqual(moves([alice, petra], [petra]), [["went", "Alice"]]);
  assert.deepEqual(moves([alice], [{ ...alice, instance: "another page" }]), []);
});

test("the assistant keeps quiet beside the patient's screen, and only there", () => {
  assert.equal(atScreen([alice, petra]), true);
  assert.equal(atScreen([{ ...alice, about: "" }, person("practitioner", "Bob", { about: "Praxis" })]), false, "at home");
  assert.equal(atScreen([{ ...alice, admitted: false }]), false);
});
