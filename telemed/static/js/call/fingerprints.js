// Whose certificate a description speaks of.

/**
 * Every fingerprint, each once, in one writing and order: another one, smuggled in beside the true one, makes a
 * difference. @param {string} sdp  as it was sent or received; a browser may show only the one it checks
 */
export function fingerprints(sdp) {
  const found = [...sdp.matchAll(/^a=fingerprint:(\S+) (\S+)/gim)].map(([, hash, value]) => `${hash.toLowerCase()} ${value.toUpperCase()}`);
  return [...new Set(found)].sort().join(",");
}
