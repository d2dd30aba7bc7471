// The client, while there is one.

import { createClient } from "./gws-outbound/index.js";
import {
  authorization,
  mayUseWebSocket,
  noteNoWebSocket,
  originPattern,
  readSignIn,
} from "./settings.js";
import { whoIsSignedIn } from "./shared/agent.js";
import { asOutboundError } from "./shared/words.js";

/** @typedef {import("./gws-outbound/index.js").OutboundClient} OutboundClient */

/**
 * @typedef {object} Status
 * @property {"connecting" | "connected" | "reconnecting" | "closed"} state
 * @property {"websocket" | "long-polling" | null} [transport]
 * @property {string} [reason] in words
 * @property {string} [code] of the error that is the reason; also one of those that
 *   this file refuses with
 */

/** The client, or the attempt to get one. @type {Promise<OutboundClient> | null} */
let session = null;
/** @type {Status} */
let current = { state: "closed" };
let changed = () => {};
/** @type {(who: { user: string, agent: string }) => Promise<boolean>} */
let signedIn = async () => false;

/** @returns {Status} */
export const status = () => current;

/**
 * @param {() => void} listener is called after each change
 * @returns {void}
 */
export function onStatusChange(listener) {
  changed = listener;
}

/**
 * @param {typeof signedIn} listener is called with whoever is signed in, before a client is given to anybody; it
 *   fulfils with whether that is another agent than before
 * @returns {void}
 */
export function onSignedIn(listener) {
  signedIn = listener;
}

/**
 * Asks who is signed in: with the browser's own session it may be somebody else than before. No answer proves
 * nothing.
 *
 * @returns {Promise<void>} when what was another agent's is forgotten, and the session ended
 */
export async function checkAgent() {
  if (await noteAgent().catch(() => false)) await disconnect();
}

async function noteAgent() {
  const signIn = await readSignIn();
  if (!signIn) return false;
  const { baseUrl, user } = signIn;
  const agent = await whoIsSignedIn(baseUrl, authorization(signIn));
  return signedIn({ user, agent: agent && `${agent} at ${new URL(baseUrl).origin}` });
}

/**
 * @returns {Promise<OutboundClient>} a client that works, or is coming back by itself
 * @throws {Error} what createClient throws, or an error with the `code` "SIGNED_OUT", "NO_PASSWORD" or "NO_PERMISSION"
 */
export function connect() {
  if (session) return session;
  const opening = open(() => session === opening);
  session = opening;
  opening.catch((thrown) => {
    if (session !== opening) return;
    const { code, message } = asOutboundError(thrown);
    end({ code, reason: message });
  });
  return session;
}

/**
 * Ends the session, if there is one.
 *
 * @returns {Promise<void>}
 */
export async function disconnect() {
  const ending = session;
  if (!ending) return;
  end({});
  await ending.then((client) => client.close()).catch(() => {}); // it is gone either way
}

/** @param {() => boolean} isCurrent whether this session is still the one */
async function open(isCurrent) {
  show({ state: "connecting" });
  const client = await createSignedIn();
  try {
    await noteAgent(); // before anything of the one before is sent, or shown as theirs
  } catch (error) {
    client.close();
    throw error;
  }
  const follow = ({ state, transport, reason }) => {
    if (!isCurrent()) return;
    if (state === "closed") {
      end({ code: "DISCONNECTED", reason }); // whoever needs one next makes another
      checkAgent();
    } else show({ state, transport, reason });
  };
  client.addEventListener("statechange", ({ detail }) => follow(detail));
  follow(client);
  return client;
}

/**
 * A WebSocket is signed in by its cookie alone, and one from an extension carries only cookies that
 * are SameSite=None: with the usual one of GWS the server refuses it. The package goes on to
 * long-polling by itself where the upgrade is refused; where the server takes the socket and then
 * refuses the handshake on it, that is done here. Either way it is not tried again each time.
 */
async function createSignedIn() {
  const signIn = await readSignIn();
  if (!signIn) throw refusal("SIGNED_OUT", "Sign in to Genesys Web Services first.");
  const { baseUrl, user, password } = signIn;
  if (user !== "" && password === "")
    throw refusal(
      "NO_PASSWORD",
      "The password was forgotten when the browser closed: sign in again.",
    );
  // Chromium lets its user take it back at any time.
  if (!(await chrome.permissions.contains({ origins: [originPattern(baseUrl)] })))
    throw refusal(
      "NO_PERMISSION",
      `The extension may no longer read from ${baseUrl}: sign in again.`,
    );
  const options = {
    baseUrl,
    headers: authorization(signIn),
    worker: false, // a service worker cannot make one
    ackTimeout: 60_000, // it holds nobody up: the agent goes on meanwhile
  };
  const polling = { ...options, transports: ["long-polling"] };
  if (!(await mayUseWebSocket())) return createClient(polling);
  const client = await createClient(options).catch((error) => {
    if (error.code !== "HANDSHAKE_REFUSED") throw error;
    return createClient(polling);
  });
  if (client.transport === "long-polling") await noteNoWebSocket();
  return client;
}

/** Says why nothing was tried, in the form of the package's own errors. */
function refusal(code, message) {
  return Object.assign(new Error(message), { code, delivery: "not-sent" });
}

/** @param {Pick<Status, "code" | "reason">} why nothing if it was wanted */
function end(why) {
  session = null;
  show({ state: "closed", ...why });
}

/** @param {Status} next */
function show(next) {
  current = next;
  changed();
}
