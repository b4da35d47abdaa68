// A measuring device nearby, by Web Bluetooth: chosen by the person in the browser's own list, heard until it is let go.
import { PROFILES, measured } from "./profiles.js";
/** @import { Bluetooth, BluetoothDevice } from "./types" */
/** @import { Kind } from "./quantities.js" */
/** @import { Measurement } from "./profiles.js" */

const RECORD_ACCESS = 0x2a52;
const LAST_RECORD = new Uint8Array([1, 6]); // "report stored records", "the last one"

/** @returns {Bluetooth | undefined} */
const bluetooth = () => /** @type {{ bluetooth?: Bluetooth }} */ (/** @type {unknown} */ (navigator)).bluetooth;

/** Whether this browser can. */
export function hears() {
  return bluetooth() !== undefined;
}

/**
 * Rejects with a DOMException: `NotFoundError` if nobody chose a device, `NetworkError` if it does not answer.
 * @param {Kind} kind
 * @param {{ connected: (name: string) => void, heard: (measurement: Measurement | null) => void, gone: () => void }} told
 * @returns {Promise<() => void>} lets it go
 */
export async function listen(kind, { connected, heard, gone }) {
  const device = await /** @type {Bluetooth} */ (bluetooth()).requestDevice({ filters: [{ services: [PROFILES[kind].service] }] });
  const release = () => {
    device.removeEventListener("gattserverdisconnected", gone);
    device.gatt.disconnect();
  };
  device.addEventListener("gattserverdisconnected", gone);
  try {
    await attend(device, kind, () => connected(device.name ?? ""), heard);
  } catch (error) {
    release();
    throw new DOMException(`${error}`, "NetworkError"); // a service that it lacks would be a NotFoundError, too
  }
  return release;
}

/** @param {BluetoothDevice} device @param {Kind} kind @param {() => void} connected @param {(measurement: Measurement | null) => void} heard */
async function attend(device, kind, connected, heard) {
  const { service, characteristic, records } = PROFILES[kind];
  const found = await (await device.gatt.connect()).getPrimaryService(service);
  const source = await found.getCharacteristic(characteristic);
  source.addEventListener("characteristicvaluechanged", () => source.value && heard(measured(kind, source.value)));
  connected();
  await source.startNotifications();
  if (records) {
    const control = await found.getCharacteristic(RECORD_ACCESS);
    await control.startNotifications();
    await control.writeValueWithResponse(LAST_RECORD);
  }
}
