// The look that a station's screen takes at itself each morning: camera, microphone, line; then the server is told.
import { Check } from "../call/check.js";
import { Devices } from "../call/devices.js";
import { data, part, words } from "../call/view.js";
import { Away } from "./connection.js";
import { checkLine } from "./line.js";
import { camera, line, microphone } from "./look.js";
import { judge, noteLook } from "./server.js";

const SPEAKING = 6_000; // ms for a few words

const button = part("look", HTMLButtonElement);
const devices = new Devices(() => check.refresh());
const check = new Check(devices, () => {});

/** @param {string} key */
function say(key) {
  part("look-state", HTMLElement).textContent = words(key);
}

/** Whether a few words came through before the time was up. */
async function heard() {
  const until = performance.now() + SPEAKING;
  while (devices.track("audio") && performance.now() < until) {
    if (part("heard", HTMLElement).textContent) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/**
 * The level of the line; null where it cannot be measured, "phone" where nothing came through. Throws if our own server
 * cannot be asked: a line that was not measured would be no line that is in order.
 */
async function measured() {
  if (button.dataset.line !== "yes") return null;
  say("look.line");
  const progress = part("progress", HTMLProgressElement);
  progress.hidden = false;
  const tracks = [devices.track("audio"), devices.track("video")];
  try {
    const found = await checkLine(data.session, tracks, (_step, share) => progress.value = share * 100);
    return (await judge(found, data.session)).level;
  } catch (error) {
    if (error instanceof Away) return null; // the probe: that is not the station's line
    throw error;
  } finally {
    progress.hidden = true;
  }
}

async function look() {
  button.disabled = true;
  part("found", HTMLElement).hidden = true;
  try {
    await lookAndNote();
    say("look.noted");
  } catch {
    say("look.lost");
  }
  devices.close();
  button.textContent = words("look.again");
  button.onclick = () => location.reload();
  button.disabled = false;
}

async function lookAndNote() {
  say("look.devices");
  await fetch("/screen/session"); // the badge may have become old on this page, and the line asks for it, too
  await devices.open();
  await check.refresh();
  say("look.speak");
  const sound = microphone(devices.track("audio") !== null, await heard());
  const picture = camera(devices.track("video")?.getSettings());
  const level = await measured();
  for (const [item, found] of [["camera", picture], ["microphone", sound], ["line", line(level)]]) {
    part(`found-${item}`, HTMLElement).textContent = words(`found.${found}`);
  }
  part("found", HTMLElement).hidden = false;
  await noteLook({ camera: picture, microphone: sound, line: level }, data.session);
}

button.onclick = look;
button.disabled = false;
addEventListener("pagehide", () => devices.close());
