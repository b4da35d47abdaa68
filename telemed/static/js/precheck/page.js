// The check page: camera and microphone, one's own voice, the line, and what follows from it.
import { Check } from "../call/check.js";
import { Devices } from "../call/devices.js";
import { data, part, words } from "../call/view.js";
import { Away } from "./connection.js";
import { checkLine } from "./line.js";
import { judge } from "./server.js";
import { hearYourself } from "./voice.js";
import { Result } from "./result.js";
/** @import { Step } from "./types" */

const button = (/** @type {string} */ id) => part(id, HTMLButtonElement);
const measured = document.getElementById("measure") !== null; // this installation has a probe
let busy = 0; // with a voice or a line: two at once would measure each other

const devices = new Devices(() => refresh());
const check = new Check(devices, (id) => speaker(id));

async function refresh() {
  await check.refresh();
  if (measured) offer();
}

/** Speaking can be tried with a microphone, one thing at a time. */
function offer() {
  button("speak").disabled = busy > 0 || devices.track("audio") === null;
}

/** @param {string} id */
function speaker(id) {
  const player = part("player", HTMLAudioElement);
  if ("setSinkId" in player) player.setSinkId(id).catch(() => {});
}

async function openDevices() {
  button("open").disabled = true;
  await devices.open();
  await refresh();
  part("asking", HTMLElement).hidden = true;
  button("open").disabled = false;
  button("open").hidden = Object.keys(devices.problems).length === 0;
  button("open").textContent = words("retry");
}

async function speak() {
  const microphone = devices.track("audio");
  if (!microphone) return;
  const state = part("voice-state", HTMLElement);
  busy++;
  offer();
  try {
    const loud = await hearYourself(data.session, microphone, part("player", HTMLAudioElement), (step) => {
      state.textContent = words(`voice.${step}`);
    });
    state.textContent = words(loud ? "voice.played" : "voice.silent");
  } catch {
    state.textContent = words("voice.away");
  }
  button("speak").textContent = words("voice.again");
  busy--;
  offer();
}

async function measureLine() {
  const result = new Result();
  const progress = part("progress", HTMLProgressElement);
  button("measure").disabled = true;
  busy++;
  offer();
  result.hide();
  progress.hidden = false;
  const moving = setInterval(() => progress.value = Math.min(95, progress.value + 0.9), 100);
  try {
    const found = await checkLine(data.session, [devices.track("audio"), devices.track("video")], tell);
    result.show(found, await judge(found, data.session));
    tell("done", 1);
  } catch (error) {
    part("line-state", HTMLElement).textContent = words(error instanceof Away ? "doing.away" : "doing.offline");
  }
  clearInterval(moving);
  progress.hidden = true;
  button("measure").textContent = words("again");
  button("measure").disabled = false;
  busy--;
  offer();
}

/** @param {Step} step @param {number} share */
function tell(step, share) {
  part("progress", HTMLProgressElement).value = share * 100;
  const state = part("line-state", HTMLElement);
  const sentence = words(`doing.${step}`);
  if (state.textContent !== sentence) state.textContent = sentence;
}

button("open").onclick = openDevices;
button("sound-only").onclick = () => devices.openSound();
if (measured) {
  button("speak").onclick = speak;
  button("measure").onclick = measureLine;
  button("measure").disabled = false;
}
addEventListener("pagehide", () => devices.close());
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
part("steps", HTMLElement).hidden = false;
if (await devices.allowed()) openDevices();
