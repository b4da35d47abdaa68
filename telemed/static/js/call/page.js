// The call page: device check, waiting room, conversation, after. Brings signalling, media and view together.
import { Channels } from "./channels.js";
import { Check } from "./check.js";
import { Company } from "./company.js";
import { Devices } from "./devices.js";
import { Lobby } from "./lobby.js";
import { Lock } from "./lock.js";
import { Mesh } from "./mesh.js";
import { Quality } from "./quality.js";
import { Quiet } from "./quiet.js";
import { Recovery } from "./recovery.js";
import { Signalling } from "./signalling.js";
import { Stage } from "./stage.js";
import { Talk } from "./talk.js";
import { tickets } from "./tickets.js";
import { announce, data, notice, part, show, words } from "./view.js";
import { keepAwake, onWake } from "./wake.js";
import { Wishes } from "./wishes.js";
/** @import { LineState, RosterSeat, ServerMessage } from "./types" */

const button = (/** @type {string} */ id) => part(id, HTMLButtonElement);
const LONG = 25_000; // ms without the server until people are told what else they can do
const dialog = (/** @type {string} */ id) => part(id, HTMLDialogElement);
let admitted = false;
let told = "";
let sleepAgain = () => {};
/** @type {{ since: number, code?: string } | null} */
let lost = null; // the server cannot be reached

const devices = new Devices((kind, track) => {
  mesh.replace(kind, track);
  check.refresh();
  tellMode();
});
const stage = new Stage((act, seat) => signalling.send({ type: act, seat }));
const check = new Check(devices, (id) => stage.speaker(id));
const lobby = new Lobby(() => check.ring());
const channels = new Channels();
const mesh = new Mesh(
  channels,
  (command) => signalling.send(command),
  (seat, state) => stage.connection(seat, state),
);
const quality = new Quality(
  mesh, channels, (stat) => signalling.send({ type: "stat", ...stat }), (seat) => stage.name(seat),
  (level) => talk.level(level), () => stage.broken);
const signalling = new Signalling(
  tickets(data.appointment, data.seat, data.session), hear, line, () => recovery.keeps());
const recovery = new Recovery(mesh, signalling, (seat, health) => {
  stage.health(seat, health, lost !== null);
  tellLine();
});
const lock = new Lock((locked) => signalling.send({ type: "lock", locked }), (locked) => {
  if (data.seat !== "practitioner") return;
  button("lock").setAttribute("aria-checked", `${locked}`);
  const state = part("lock-state", HTMLElement);
  if (state.textContent !== words(`lock.${locked}`)) state.textContent = words(`lock.${locked}`);
});

const company = new Company((command) => signalling.send(command));
const quiet = new Quiet(() => devices.mute(true));
const wishes = new Wishes((command) => signalling.send(command), () => lobby.call("called"), () => mute(false));
const talk = new Talk(channels, (command) => signalling.send(command), (seat) => mesh.peer(seat));

/** @param {ServerMessage} message */
function hear(message) {
  lock.hear(message);
  wishes.hear(message, "from" in message ? stage.name(message.from) : "");
  switch (message.type) {
    case "joined":
      if (message.ice) mesh.configure(message.ice);
      admitted = message.admitted;
      told = "";
      if (admitted) enter(message.roster, true);
      else mesh.close();
      break;
    case "ice":
      mesh.configure(message);
      break;
    case "admitted":
      admitted = true;
      lobby.call();
      break;
    case "held":
      admitted = false;
      mesh.close();
      stage.update([], () => undefined);
      talk.update([]);
      company.leave();
      break;
    case "waiting":
      wait(lobby.practitioner(message.practitioner_here, message.outside));
      break;
    case "lobby":
      wait(lobby.stands(message));
      break;
    case "roster":
      enter(message.seats, false);
      break;
    case "mode":
      stage.mode(message.from, message);
      company.refresh();
      break;
    case "track":
      talk.track(message.from, message.tracks);
      break;
    case "quality":
      quality.hear(message.from, message);
      break;
    default:
      mesh.hear(message);
  }
}

/** @param {RosterSeat[]} roster @param {boolean} afresh */
function enter(roster, afresh) {
  const seats = mesh.seat(roster, afresh); // first of all: the browser connects while the page is being drawn
  if (show("talk")) check.mirror();
  const gateway = { name: words("gateway") };
  const people = seats.map((one) => one.seat === "gateway" ? { ...one, ...gateway, about: one.name } : one);
  stage.update(people, (seat) => mesh.peer(seat)?.stream);
  talk.update(people);
  company.update(people);
  quiet.update(people);
  tellMode();
}

/** @param {string} sentence */
function wait(sentence) {
  if (show("waiting")) check.mirror();
  part("waiting-state", HTMLElement).textContent = sentence;
}

/** @param {LineState} state */
function line(state) {
  if (state.name === "early") {
    const { lang } = document.documentElement;
    const time = new Date(state.opens).toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" });
    wait(words("early", { time }));
  }
  if (state.name === "locked") wait(state.sentence);
  if (state.name === "over") return finish(state.code, state.sentence);
  lost = state.name === "lost" ? { since: lost?.since ?? Date.now(), code: state.code } : null;
  tellLine();
}

function tellLine() {
  if (!lost) return notice("line", "");
  const cut = Date.now() - lost.since > LONG ? "lost_long" : "lost_waiting";
  notice("line", words(lost.code ?? (admitted && !stage.broken ? "lost" : cut)));
}

/** Says once, and whenever it changes, what the others cannot know: whether we are heard and seen. */
function tellMode() {
  const { mic, cam } = devices;
  for (const [id, on] of /** @type {const} */ ([["mic", mic], ["cam", cam]])) {
    button(id).setAttribute("aria-checked", `${on}`);
    const state = button(id).querySelector("b");
    if (state) state.textContent = words(on ? "on" : "off");
  }
  if (!admitted || told === `${mic} ${cam}`) return;
  told = `${mic} ${cam}`;
  signalling.send({ type: "mode", mic, cam });
}

/** @param {string} code @param {string} [sentence] */
function finish(code, sentence) {
  admitted = false;
  lost = null;
  mesh.close();
  devices.close();
  sleepAgain();
  const returns = ["left", "denied", "replaced", "broken", "not_here"].includes(code);
  const printing = talk.end(returns);
  wishes.close();
  if (code === "fulfilled" && !printing) return location.assign(data.after);
  document.querySelectorAll("dialog").forEach((open) => open.close());
  notice("line", "");
  stage.update([], () => undefined);
  part("over-title", HTMLElement).textContent = words(`over.${printing && code === "fulfilled" ? "ended" : code}`) || sentence || words("over.broken");
  part("over-text", HTMLElement).textContent = words(`over.${code}.text`);
  button("again").hidden = !returns;
  show("over");
}

async function openDevices() {
  button("open").disabled = true;
  await devices.open();
  await check.refresh();
  part("asking", HTMLElement).hidden = true;
  button("open").disabled = false;
  const wrong = Object.keys(devices.problems).length > 0;
  button("open").hidden = !wrong;
  button("open").textContent = words("retry");
  button("join").classList.toggle("secondary", wrong);
  button("join").textContent = words("join");
}

/** @param {boolean} muted */
async function mute(muted) {
  await devices.mute(muted);
  tellMode();
  announce(words(devices.mic ? "mic_on" : "mic_off"));
}

function join() {
  part("settings-title", HTMLElement).after(part("devices", HTMLElement));
  check.leave();
  if (data.seat === "practitioner") enter([], true);
  else wait(words("joining"));
  signalling.join();
  sleepAgain = keepAwake();
}

function leave() {
  signalling.leave();
  finish("left");
}

button("open").onclick = openDevices;
button("sound-only").onclick = () => devices.openSound();
button("join").onclick = join;
button("again").onclick = () => location.reload();
button("mic").onclick = () => mute(devices.mic);
button("cam").onclick = async () => {
  await devices.darken(devices.cam);
  announce(words(devices.cam ? "cam_on" : "cam_off"));
};
button("turn").onclick = () => devices.turn();
if (data.seat === "practitioner") button("lock").onclick = () => lock.turn();
button("gear").onclick = () => dialog("settings").showModal();
button("people").onclick = () => stage.introduce(Boolean(part("intro", HTMLElement).hidden));
button("hangup").onclick = () => (data.seat === "practitioner" ? dialog("ending").showModal() : leave());
dialog("ending").onclose = ({ target }) => {
  const { returnValue } = /** @type {HTMLDialogElement} */ (target);
  if (returnValue === "end") signalling.send({ type: "end" });
  if (returnValue === "leave") leave();
};
for (const way of document.querySelectorAll(".leave")) /** @type {HTMLElement} */ (way).onclick = leave;
onWake((changed) => {
  signalling.hurry();
  if (changed) recovery.suspect();
  if (document.hidden) return;
  devices.wake();
  stage.play();
});
addEventListener("pagehide", () => (!admitted && lobby.outside) || signalling.leave()); // a reload must not lose that place
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

document.body.dataset.call = "check";
button("join").disabled = false;
if (await devices.allowed()) openDevices();
