// What the standard health profiles of Bluetooth (GATT) send, as the specifications of their services lay it out.
import { float, sfloat } from "./ieee11073.js";
import { QUANTITIES } from "./quantities.js";
/** @import { Kind, Quantity, Values } from "./quantities.js" */
/** @typedef {{ kind: Kind, values: Values, stamp: Date | null }} Measurement  `stamp`: by the device's own clock, if it has one */
/** @typedef {{ kind: Kind, found: Partial<Record<Quantity, number | null>>, stamp?: Date | null }} Decoded */
/** @typedef {{ service: number, characteristic: number, records?: boolean, decode: (packet: Packet) => Decoded }} Profile  `records`: sends only when asked for */

const MMHG = 7.50062; // in a kPa
const POUND = 0.45359237; // kg

/** Little-endian, from the front. Reading beyond the end throws a RangeError. */
class Packet {
  #view; #at = 0;

  /** @param {DataView} view */
  constructor(view) {
    this.#view = view;
  }

  u8() {
    return this.#view.getUint8(this.#skip(1));
  }

  u16() {
    return this.#view.getUint16(this.#skip(2), true);
  }

  i16() {
    return this.#view.getInt16(this.#skip(2), true);
  }

  sfloat() {
    return sfloat(this.u16());
  }

  float() {
    return float(this.#view.getUint32(this.#skip(4), true));
  }

  /** In the time of wherever the device is, which is here; null for a clock that was never set. */
  stamp() {
    const [year, month, day, hour, minute, second] = [this.u16(), this.u8(), this.u8(), this.u8(), this.u8(), this.u8()];
    return year && month && day ? new Date(year, month - 1, day, hour, minute, second) : null;
  }

  /** @param {number} bytes @returns {number} where they begin */
  #skip(bytes) {
    this.#at += bytes;
    return this.#at - bytes;
  }
}

/** @type {Profile} */
const GLUCOSE = {
  service: 0x1808, characteristic: 0x2a18, records: true,
  decode(packet) {
    const flags = packet.u8();
    packet.u16(); // the number of the record
    const stamp = packet.stamp();
    const offset = flags & 1 ? packet.i16() : 0; // min
    stamp?.setMinutes(stamp.getMinutes() + offset);
    const kind = flags & 4 ? "glucose_mmol" : "glucose";
    const value = flags & 2 ? packet.sfloat() : null; // in mol/l or kg/l
    return { kind, found: { [kind]: times(value, flags & 4 ? 1_000 : 100_000) }, stamp };
  },
};

/** @type {Record<Kind, Profile>} */
export const PROFILES = {
  pressure: {
    service: 0x1810, characteristic: 0x2a35,
    decode(packet) {
      const flags = packet.u8();
      const factor = flags & 1 ? MMHG : 1;
      const [systolic, diastolic] = [times(packet.sfloat(), factor), times(packet.sfloat(), factor)];
      packet.sfloat(); // the mean
      const stamp = flags & 2 ? packet.stamp() : null;
      return { kind: "pressure", found: { systolic, diastolic, pulse: flags & 4 ? packet.sfloat() : null }, stamp };
    },
  },
  pulse: {
    service: 0x180d, characteristic: 0x2a37,
    decode(packet) {
      const flags = packet.u8();
      const rate = flags & 1 ? packet.u16() : packet.u8();
      return { kind: "pulse", found: { pulse: (flags & 6) === 4 ? null : rate } }; // 4: it does not touch the skin
    },
  },
  oxygen: {
    service: 0x1822, characteristic: 0x2a5e,
    decode(packet) {
      const flags = packet.u8();
      const found = { oxygen: packet.sfloat(), pulse: packet.sfloat() };
      return { kind: "oxygen", found, stamp: flags & 1 ? packet.stamp() : null };
    },
  },
  temperature: {
    service: 0x1809, characteristic: 0x2a1c,
    decode(packet) {
      const flags = packet.u8();
      const value = packet.float();
      const celsius = flags & 1 && value !== null ? (value - 32) / 1.8 : value;
      return { kind: "temperature", found: { temperature: celsius }, stamp: flags & 2 ? packet.stamp() : null };
    },
  },
  weight: {
    service: 0x181d, characteristic: 0x2a9d,
    decode(packet) {
      const flags = packet.u8();
      const raw = packet.u16();
      const weight = raw === 0xffff ? null : raw * (flags & 1 ? 0.01 * POUND : 0.005); // ffff: it did not work
      return { kind: "weight", found: { weight }, stamp: flags & 2 ? packet.stamp() : null };
    },
  },
  glucose: GLUCOSE,
  glucose_mmol: GLUCOSE,
};

/**
 * The measurement in a packet, rounded to what is shown; null if there is none in it, or the packet is cut off. Whether
 * its values are possible is not looked at here.
 * @param {Kind} wanted @param {DataView} view @returns {Measurement | null}
 */
export function measured(wanted, view) {
  try {
    const { kind, found, stamp = null } = PROFILES[wanted].decode(new Packet(view));
    const all = /** @type {[Quantity, number | null][]} */ (Object.entries(found));
    const values = all.flatMap(([quantity, value]) => value === null ? [] : [[quantity, Number(value.toFixed(QUANTITIES[quantity].digits))]]);
    const main = all.filter(([quantity]) => quantity !== "pulse" || kind === "pulse");
    return main.every(([, value]) => value !== null) ? { kind, values: Object.fromEntries(values), stamp } : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** @param {number | null} value @param {number} factor */
const times = (value, factor) => (value === null ? null : value * factor);
