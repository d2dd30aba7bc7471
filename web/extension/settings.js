// How the agent signs in. The base URL and the user are in chrome.storage.local,
// on this computer. The password is in chrome.storage.session, which Chromium
// keeps in memory, shows to this extension's own pages only, and forgets when
// the browser closes. Nothing is in chrome.storage.sync, which leaves the computer.

/**
 * @typedef {object} SignIn
 * @property {string} baseUrl of GWS, without /api
 * @property {string} user empty if this browser's own session with GWS is to be used
 * @property {string} password
 */

/**
 * @returns {Promise<SignIn | null>} null if the agent has not signed in
 */
export async function readSignIn() {
  const { baseUrl, user } = await chrome.storage.local.get({ baseUrl: "", user: "" });
  const { password } = await chrome.storage.session.get({ password: "" });
  return baseUrl === "" ? null : { baseUrl, user, password };
}

/**
 * @param {SignIn} signIn
 * @returns {Promise<void>}
 */
export async function writeSignIn({ baseUrl, user, password }) {
  await chrome.storage.session.set({ password, webSocket: true });
  // Last, and with a value that is always new: this is what tells of the change.
  await chrome.storage.local.set({ baseUrl, user, signedInAt: Date.now() });
}

/** @returns {Promise<void>} */
export async function forgetSignIn() {
  await chrome.storage.session.remove("password");
  await chrome.storage.local.remove(["baseUrl", "user", "signedInAt"]);
}

/**
 * @param {() => void} listener
 * @returns {void}
 */
export function onSignInChange(listener) {
  chrome.storage.onChanged.addListener((changes, area) => {
    if (area === "local" && changes.signedInAt) listener();
  });
}

/**
 * @param {string} baseUrl
 * @returns {string} what the extension needs a permission for: the origin, and no other
 */
export function originPattern(baseUrl) {
  return `${new URL(baseUrl.trim()).origin}/*`;
}

/** @returns {Promise<boolean>} whether a WebSocket may be had, as far as is known */
export async function mayUseWebSocket() {
  return (await chrome.storage.session.get({ webSocket: true })).webSocket;
}

/** Notes that a WebSocket cannot be had, until the browser closes or the agent signs in again. */
export function noteNoWebSocket() {
  return chrome.storage.session.set({ webSocket: false });
}

/**
 * @param {SignIn} signIn
 * @returns {{ Authorization: string } | undefined} RFC 7617, UTF-8
 */
export function authorization({ user, password }) {
  if (user === "") return undefined;
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return { Authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}
