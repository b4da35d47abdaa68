// The numbers of medical devices (IEEE 11073-20601, annex F.8): a decimal exponent and a whole number, and a few that mean
// "none": not a number, not at this resolution, too large, too small, reserved.

/** SFLOAT: 4 bits of exponent, 12 of number. @param {number} raw  16 bits @returns {number | null} */
export function sfloat(raw) {
  return scaled(signed(raw & 0xfff, 12), signed(raw >>> 12, 4), 2 ** 11);
}

/** FLOAT: 8 bits of exponent, 24 of number. @param {number} raw  32 bits @returns {number | null} */
export function float(raw) {
  return scaled(signed(raw & 0xffffff, 24), signed(raw >>> 24, 8), 2 ** 23);
}

/** Put together as text, since 366 times 0.1 is not 36.6. @param {number} whole @param {number} exponent @param {number} end */
function scaled(whole, exponent, end) {
  return Math.abs(whole) >= end - 2 ? null : Number(`${whole}e${exponent}`);
}

/** Two's complement. @param {number} raw @param {number} bits */
function signed(raw, bits) {
  return raw >= 2 ** (bits - 1) ? raw - 2 ** bits : raw;
}
