// The background of the extension. It holds the client, and nothing that must
// outlive it: Chromium stops a service worker that has had nothing to do for
// 30 seconds, or at any moment, and starts it again at the next event. What is
// pending is in completions.js, the sign-in in settings.js.
//
// Listeners are added while this file first runs: an event that starts a
// service worker is lost on any that come later.

import { showBadge } from "./badge.js";
import {
  begin,
  belongTo,
  dismiss,
  list,
  onListChange,
  recovered,
  sendAgain,
} from "./completions.js";
import { keepAlive } from "./keep-alive.js";
import { checkAgent, connect, disconnect, onStatusChange, status } from "./session.js";
import { onSignInChange, readSignIn } from "./settings.js";

/** The popup and the sign-in page, while they are open. @type {Set<chrome.runtime.Port>} */
const pages = new Set();

/** What a page may ask for. An answer is given when it is in storage, and so cannot get lost. */
const orders = {
  complete: ({ request }) => begin(request),
  again: ({ referenceId }) => sendAgain(referenceId),
  dismiss: ({ referenceId }) => dismiss(referenceId),
  connect: async () => greet(),
};

chrome.runtime.onMessage.addListener((message, _sender, reply) => {
  Promise.resolve(orders[message.order](message)).then(
    () => reply({}),
    (error) => reply({ problem: String(error?.message ?? error) }),
  );
  return true; // the reply comes later
});

chrome.runtime.onConnect.addListener((page) => {
  pages.add(page);
  page.onDisconnect.addListener(() => {
    pages.delete(page);
    rest();
  });
  recovered.then(() => tell(page));
  greet();
});

// Nothing is done at these two but to start the worker, so that the badge tells of
// what the browser's end has interrupted before anybody opens the popup.
chrome.runtime.onStartup.addListener(() => {});
chrome.runtime.onInstalled.addListener(() => {});

onSignInChange(async () => {
  disconnect();
  const signIn = await readSignIn();
  if (signIn) await belongTo({ user: signIn.user });
  if (pages.size > 0) greet();
});

onStatusChange(tellAll);
onListChange(() => {
  tellAll();
  showBadge(list());
  rest();
});

/** Connects ahead for whoever has opened a page; how that went is in the status. */
function greet() {
  rest();
  const checked = status().state === "closed" ? Promise.resolve() : checkAgent();
  checked
    .then(connect)
    .catch(() => {})
    .finally(rest);
}

/**
 * Keeps the worker alive while it is wanted. When it no longer is, the session is ended, which the
 * server would keep for a while otherwise, and 30 seconds later Chromium ends the worker.
 */
function rest() {
  const wanted = pages.size > 0 || list().some(({ state }) => state === "pending");
  keepAlive(wanted);
  if (!wanted) disconnect();
}

function tellAll() {
  for (const page of pages) tell(page);
}

/** @param {chrome.runtime.Port} page */
function tell(page) {
  page.postMessage({ status: status(), completions: list() });
}
