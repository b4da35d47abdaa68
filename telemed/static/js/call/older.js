// What telephones of 2021 (Safari 15, Chrome 90) do not have yet: the plainest stand-in for each, if it is missing.

/** @param {any} scope  `globalThis`, or one of a test */
export function older(scope) {
  scope.Object.hasOwn ??= (/** @type {object} */ one, /** @type {string} */ name) => Object.prototype.hasOwnProperty.call(one, name);
  scope.AbortSignal.timeout ??= (/** @type {number} */ ms) => {
    const late = new AbortController();
    setTimeout(() => late.abort(), ms);
    return late.signal;
  };
  scope.crypto.randomUUID ??= () => "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) => {
    const random = scope.crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (Number(digit) / 4));
    return (Number(digit) ^ random).toString(16);
  });
  scope.HTMLDialogElement ??= scope.HTMLElement; // then there are no dialogs, but whoever needs none gets in
}
