// @ts-check

import { element, find, icon } from "./dom.js";
import { setUpCampaigns } from "./simulator-campaigns.js";
import { control } from "./simulator-control.js";
import { setUpFaults } from "./simulator-faults.js";
import { setUpTables } from "./simulator-tables.js";

/** Changes that follow each other are shown together. In ms. */
const breath = 150;
/** After a failure. In ms. */
const patience = 2000;

const live = find("#live", HTMLElement);
const announcement = find("#announcement", HTMLElement);
const problem = find("#problem", HTMLElement);

/**
 * Does what a button is for, and tells that it is done, or why not.
 *
 * @param {() => Promise<unknown>} action
 * @param {string} done
 */
async function act(action, done) {
  announcement.textContent = "";
  problem.replaceChildren();
  try {
    await action();
    announcement.textContent = done;
  } catch (thrown) {
    problem.replaceChildren(
      element("p", { class: "notice danger" }, icon("alert"), describe(thrown)),
    );
  }
}

/** @param {unknown} thrown */
const describe = (thrown) => (thrown instanceof Error ? thrown.message : String(thrown));

/**
 * @param {"connected" | "reconnecting"} state
 * @param {string} word
 */
function showLive(state, word) {
  if (live.dataset.state === state) return;
  live.dataset.state = state;
  live.replaceChildren(icon(state === "connected" ? "check" : "retry"), word);
}

/** @param {number} duration in ms */
const pause = (duration) => new Promise((resolve) => setTimeout(resolve, duration));

const views = [setUpFaults(act), setUpCampaigns(act), setUpTables()];
let version = -1;
for (;;) {
  let state;
  try {
    state = await control("watch", { after: version });
  } catch {
    version = -1; // it may be another one that comes back
    showLive("reconnecting", "Not reached");
    await pause(patience);
    continue;
  }
  version = state.version;
  for (const view of views) view(state);
  showLive("connected", "Live");
  await pause(breath);
}
