// What a look at a station is worth: as the server keeps it, in three words.
/** @typedef {"ok" | "weak" | "bad"} Found */

const SHARP = 480; // lines of a picture; less shows no rash

/** @param {{ height?: number } | undefined} settings  of the camera's track, if there is one @returns {Found} */
export function camera(settings) {
  return !settings ? "bad" : (settings.height ?? SHARP) < SHARP ? "weak" : "ok";
}

/** @param {boolean} there @param {boolean} heard  whether anything was loud enough @returns {Found} */
export function microphone(there, heard) {
  return !there ? "bad" : heard ? "ok" : "weak";
}

/** As `_LINE` in stations/care.py. @param {string | null} level @returns {Found | "none"} */
export function line(level) {
  if (level === null) return "none";
  return level === "phone" ? "bad" : level === "full" || level === "small" ? "ok" : "weak";
}
