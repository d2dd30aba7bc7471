import { ask, follow } from "./background.js";
import { Card } from "./card.js";
import { isOpen } from "./delivery.js";
import { setUpRecordForm } from "./record-form.js";
import { find } from "./shared/dom.js";
import { describeStatus, showState } from "./status-pill.js";

/** @typedef {import("./completions.js").Completion} Completion */

/** By referenceId. @type {Map<string, Card>} */
const cards = new Map();
const form = setUpRecordForm();

find("#retry", HTMLButtonElement).addEventListener("click", () => {
  ask("connect").catch(() => {}); // the status shows how it goes
});
find("#open-sign-in", HTMLButtonElement).addEventListener("click", openSignIn);
await form.restore(); // before it hears what has become of the record in it
follow(({ status, completions }) => {
  showStatus(status);
  showCompletions(completions);
  form.follow(completions);
});

/** @param {import("./session.js").Status} status */
function showStatus(status) {
  showState(status);
  const words = describeStatus(status);
  const problem = find("#connection-problem", HTMLElement);
  // An alert that is written again is read out again.
  const reason = find("#connection-reason", HTMLElement);
  if (reason.textContent !== words) reason.textContent = words;
  problem.hidden = words === "" || status.state === "connected";
  problem.dataset.code = status.code ?? "";
  const mustSignIn = ["SIGNED_OUT", "NO_PASSWORD", "NO_PERMISSION", "UNAUTHORIZED"].includes(
    status.code,
  );
  const retry = find("#retry", HTMLElement);
  retry.hidden = mustSignIn || status.state !== "closed";
  find("#open-sign-in", HTMLElement).classList.toggle("primary", mustSignIn);
}

/** @param {Completion[]} completions newest first */
function showCompletions(completions) {
  const ids = new Set(completions.map(({ request }) => request.referenceId));
  for (const [id, card] of cards) {
    if (ids.has(id)) continue;
    card.element.remove();
    cards.delete(id);
  }
  for (const completion of completions) {
    const id = completion.request.referenceId;
    const card = cards.get(id) ?? new Card(announce);
    cards.set(id, card);
    card.show(completion);
  }
  // What the agent has to decide about comes before everything else.
  place("interrupted", completions.filter(isOpen));
  place(
    "latest",
    completions.filter((completion) => !isOpen(completion)),
  );
}

/**
 * Puts the cards into a list, and moves only those that are not in their place: moving one drops
 * the focus in it.
 *
 * @param {"interrupted" | "latest"} name
 * @param {Completion[]} completions
 */
function place(name, completions) {
  const list = find(`#${name}`, HTMLElement);
  completions.forEach(({ request }, index) => {
    const { element } = cards.get(request.referenceId);
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
  });
  find(`#${name}-section`, HTMLElement).hidden = completions.length === 0;
}

/** @param {string} words */
function announce(words) {
  find("#announcement", HTMLElement).textContent = words;
}

async function openSignIn() {
  await chrome.runtime.openOptionsPage();
  window.close();
}
