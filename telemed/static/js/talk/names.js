// What a file that somebody sends may call itself, and what it really is.

const LONGEST = 80; // characters of a name
const HARMLESS = /\.(jpe?g|png|gif|webp|heic|bmp|tiff?|pdf|txt|csv|rtf|odt|ods|docx|xlsx|dcm)$/i;

/**
 * A name that is what it looks like: no folders, nothing that turns the reading direction or cannot be seen (an
 * `exe.jpg` that reads `gpj.exe`), and not too long, with its ending.
 * @param {string} name
 */
export function plainName(name) {
  const bare = name.normalize("NFC").split(/[/\\]/).pop() ?? "";
  const seen = bare.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").replace(/[<>:"|?*]/g, "_").replace(/\s+/g, " ");
  const tidy = seen.replace(/^[. ]+|[. ]+$/g, "");
  const letters = [...tidy];
  if (letters.length <= LONGEST) return tidy || "Datei";
  const ending = /\.[^. ]{1,10}$/.exec(tidy)?.[0] ?? "";
  return letters.slice(0, LONGEST - 1 - [...ending].length).join("") + "…" + ending;
}

/** Whether files of this name usually carry no program. @param {string} name */
export function harmless(name) {
  return HARMLESS.test(name);
}

/**
 * The type of a picture that a browser can show without running anything in it, told by its first bytes, never by its
 * name; empty for everything else (an SVG is a program).
 * @param {Uint8Array} bytes
 */
export function picture(bytes) {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (start.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (start.startsWith("GIF87a") || start.startsWith("GIF89a")) return "image/gif";
  if (start.startsWith("RIFF") && start.endsWith("WEBP")) return "image/webp";
  return "";
}

/** @param {number} bytes @param {string} language */
export function size(bytes, language) {
  const [value, unit] = bytes < 1_000_000 ? [Math.max(1, Math.round(bytes / 1_000)), "kB"] : [bytes / 1_000_000, "MB"];
  return `${value.toLocaleString(language, { maximumFractionDigits: 1 })} ${unit}`;
}
