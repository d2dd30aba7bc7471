// What the extension's pages have to do with its service worker.

/**
 * Follows the service worker: it is kept alive while this page is open, and started again if it was
 * stopped all the same.
 *
 * @param {(state: { status: import("./session.js").Status, completions: import("./completions.js").Completion[] }) => void} show
 *   is called with the state now, and after each change
 * @returns {void}
 */
export function follow(show) {
  const port = chrome.runtime.connect();
  port.onMessage.addListener(show);
  port.onDisconnect.addListener(() => follow(show));
}

/**
 * Asks the service worker for something.
 *
 * @param {"complete" | "again" | "dismiss" | "connect"} order
 * @param {object} [details]
 * @returns {Promise<void>} when it is in storage
 * @throws {Error} if it was not done
 */
export async function ask(order, details) {
  const { problem } = await chrome.runtime.sendMessage({ order, ...details });
  if (problem !== undefined) throw new Error(problem);
}
