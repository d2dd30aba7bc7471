// @ts-check

/**
 * Reads what this page has kept. Storage may be forbidden, full, or written by anybody of this
 * origin: whatever does not fit counts as nothing.
 *
 * @template T
 * @param {"localStorage" | "sessionStorage"} storage
 * @param {string} key
 * @param {(value: any) => value is T} fits
 * @returns {T | null}
 */
export function recall(storage, key, fits) {
  try {
    const value = JSON.parse(window[storage].getItem(key) ?? "null");
    return fits(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Keeps a value, or forgets it.
 *
 * @param {"localStorage" | "sessionStorage"} storage
 * @param {string} key
 * @param {unknown} value anything for JSON; null to forget
 * @returns {void}
 */
export function keep(storage, key, value) {
  try {
    if (value === null) window[storage].removeItem(key);
    else window[storage].setItem(key, JSON.stringify(value));
  } catch {} // the page works without
}
