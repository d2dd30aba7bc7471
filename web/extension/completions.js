// The completions: those that are pending, and what became of the latest. They
// are written to chrome.storage.local before anything is sent, and every time
// that more is known. So a worker that starts finds what an earlier one, which
// was stopped, has left pending. It is "local" and not "session", which is gone
// when the browser crashes: just then the agent must learn of it. No credentials are
// in it. They are one agent's: when another signs in, all of them are forgotten.

import { isOpen, overall } from "./delivery.js";
import { connect, onSignedIn } from "./session.js";
import { asOutboundError } from "./shared/words.js";

/**
 * @typedef {object} Completion
 * @property {Record<string, string | number>} request its referenceId included, which names the completion
 * @property {"pending" | "resolved" | "failed" | "interrupted"} state
 * @property {"not-sent" | "rejected" | "unknown" | "accepted"} delivery what is known about it; what
 *   resolved is "accepted"
 * @property {number} startedAt in ms since 1970
 * @property {number} [endedAt] in ms since 1970; of an interrupted one, when that was found out
 * @property {object} [error] of a failed one: the fields of the OutboundError
 */

/** How many are kept that need no attention. */
const limit = 20;

/** Newest first. @type {Completion[]} */
let completions = [];

/**
 * Whose they are, as far as that is known; "" is unknown.
 *
 * @typedef {object} Owner
 * @property {string} user who was typed in
 * @property {string} agent whom the server has named, and which server
 */

/** @type {Owner} */
let owner = { user: "", agent: "" };
let changed = () => {};

onSignedIn(belongTo);

/** Fulfils when what earlier workers left is read. */
export const recovered = recover();

/** @returns {Completion[]} newest first */
export const list = () => completions;

/**
 * @param {() => void} listener is called after each change
 * @returns {void}
 */
export function onListChange(listener) {
  changed = listener;
}

/**
 * Somebody has signed in. What was another agent's is forgotten, and what is in the form as well.
 *
 * @param {Partial<Owner>} next
 * @returns {Promise<boolean>} whether it was another agent's
 */
export async function belongTo({ user = "", agent = "" }) {
  await recovered;
  const differ = (before, now) => before !== "" && now !== "" && before !== now;
  const another = differ(owner.user, user) || differ(owner.agent, agent);
  if (another) {
    completions = [];
    owner = { user, agent };
  } else {
    owner = { user: user || owner.user, agent: agent || owner.agent };
  }
  try {
    if (another) await chrome.storage.local.remove("draft");
    await chrome.storage.local.set({ completions, owner });
  } finally {
    // Once the pages show nothing of another agent's, nothing is left of it in storage either.
    if (another) changed();
  }
  return another;
}

/**
 * Begins a completion. It is pending in storage when this fulfils; when it rejects, nothing was
 * begun, and nothing is sent.
 *
 * @param {Completion["request"]} request with a referenceId
 * @returns {Promise<void>}
 */
export async function begin(request) {
  await recovered;
  const completion = { request, state: "pending", delivery: "not-sent", startedAt: Date.now() };
  completions = [completion, ...completions];
  try {
    await save();
  } catch (error) {
    remove(completion);
    throw error;
  }
  send(completion);
}

/**
 * Sends one again that was interrupted or has failed, under the same referenceId.
 *
 * @param {string} referenceId
 * @returns {Promise<void>} as of `begin`
 */
export async function sendAgain(referenceId) {
  await recovered;
  const completion = find(referenceId);
  if (!completion || completion.state === "pending" || completion.state === "resolved") return;
  const before = { ...completion };
  Object.assign(completion, { state: "pending", startedAt: Date.now() });
  delete completion.endedAt;
  delete completion.error;
  try {
    await save();
  } catch (error) {
    Object.assign(completion, before);
    changed();
    throw error;
  }
  send(completion);
}

/**
 * Takes one off the list, unless it is pending.
 *
 * @param {string} referenceId
 * @returns {Promise<void>}
 */
export async function dismiss(referenceId) {
  await recovered;
  const completion = find(referenceId);
  if (!completion || completion.state === "pending") return;
  remove(completion);
  await save();
}

/**
 * Sends a pending one, and notes how it ends.
 *
 * @param {Completion} completion
 */
async function send(completion) {
  const earlier = completion.delivery;
  try {
    const client = await connect();
    // From here on the POST may leave at any time, and only the end will tell more. Should the worker
    // be stopped before that, this is what is known.
    completion.delivery = overall(earlier, "unknown");
    await save();
    if (!completions.includes(completion)) return; // somebody else has signed in meanwhile
    await client.completeRecord(completion.request);
    end(completion, { state: "resolved", delivery: "accepted" });
  } catch (thrown) {
    // Its cause may be anything, which storage may not take; the message has its words.
    const { cause: _, ...error } = asOutboundError(thrown);
    // What completeRecord rejects with has a delivery: without one, it has not been called.
    const delivery = overall(earlier, error.delivery ?? "not-sent");
    end(completion, { state: "failed", delivery, error });
  }
}

/** If storage fails now, the outcome is shown while this worker lives, and is "interrupted" for the next. */
function end(completion, outcome) {
  Object.assign(completion, outcome, { endedAt: Date.now() });
  save().catch((error) => console.error("The outcome could not be stored:", error));
}

/** No other worker lives beside this one: the end of what is pending at its start will never be known. */
async function recover() {
  const stored = await chrome.storage.local.get({ completions: [], owner });
  ({ completions, owner } = stored);
  const left = completions.filter(({ state }) => state === "pending");
  for (const completion of left)
    Object.assign(completion, { state: "interrupted", endedAt: Date.now() });
  if (left.length > 0) await save();
  else changed();
}

/** @param {string} referenceId */
const find = (referenceId) =>
  completions.find(({ request }) => request.referenceId === referenceId);

/** @param {Completion} completion */
function remove(completion) {
  completions = completions.filter((other) => other !== completion);
  changed();
}

/** Writes what is in memory, all of it, so that writes which overlap lose nothing. */
function save() {
  let spare = limit;
  completions = completions.filter(
    (completion) => completion.state === "pending" || isOpen(completion) || spare-- > 0,
  );
  changed();
  return chrome.storage.local.set({ completions });
}
