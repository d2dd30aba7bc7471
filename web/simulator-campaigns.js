// @ts-check

import { element, find } from "./dom.js";
import { control } from "./simulator-control.js";

/**
 * Sets up what can be done with campaigns.
 *
 * @param {(action: () => Promise<unknown>, done: string) => void} act does something, and tells
 *   people that it is done, or why not
 */
export function setUpCampaigns(act) {
  const list = find("#campaigns", HTMLElement);
  /** @type {Map<string, ReturnType<typeof campaignItem>>} */
  const items = new Map();

  find("#reset", HTMLButtonElement).addEventListener("click", () =>
    act(() => control("reset"), "All campaigns are as they were in the beginning."),
  );

  /** @param {any} state */
  return ({ campaigns }) => {
    for (const campaign of campaigns) {
      let item = items.get(campaign.name);
      if (!item) {
        item = campaignItem(campaign.name, act);
        items.set(campaign.name, item);
        list.append(item.element);
      }
      item.update(campaign);
    }
  };
}

/**
 * @param {string} name
 * @param {(action: () => Promise<unknown>, done: string) => void} act
 */
function campaignItem(name, act) {
  const tag = element("span", { class: "tag" });
  const facts = element("p", { class: "muted" });
  const start = element("button", { type: "button", class: "button quiet" });
  const pushes = element("span", { class: "pushes" });
  /** What start makes of it. */
  let next = "started";
  start.addEventListener("click", () =>
    act(
      () => control("campaign", { campaignName: name, status: next }),
      `${name} is ${next === "started" ? "started" : "stopped"}.`,
    ),
  );
  let agentsNow = "";
  return {
    element: element(
      "li",
      { "data-campaign": name },
      element("div", { class: "campaign-head" }, element("h3", {}, name), tag),
      facts,
      element("div", { class: "actions" }, start, pushes),
    ),
    /** @param {any} campaign */
    update({ status, agents, callingLists }) {
      tag.textContent = status;
      tag.className = status === "started" ? "tag good" : "tag";
      next = status === "started" ? "loaded" : "started";
      start.textContent = status === "started" ? "Stop" : "Start";
      start.setAttribute("aria-label", `${start.textContent} ${name}`);
      const records = callingLists.flatMap((/** @type {any} */ { records }) => records);
      const left = records.filter((/** @type {any} */ { status }) =>
        ["ready", "scheduled"].includes(status),
      ).length;
      facts.textContent = `${left} of ${records.length} records left · ${
        agents.length > 0 ? `preview sessions: ${agents.join(", ")}` : "no preview session"
      }`;
      if (agents.join() === agentsNow) return; // a button that has the focus keeps it
      agentsNow = agents.join();
      pushes.replaceChildren(
        ...agents.map((/** @type {string} */ user) => {
          const push = element(
            "button",
            { type: "button", class: "button quiet", "data-testid": `push-${user}` },
            `Push a record to ${user}`,
          );
          push.addEventListener("click", () =>
            act(
              () => control("push", { campaignName: name, user }),
              `A record of ${name} is pushed to ${user}.`,
            ),
          );
          return push;
        }),
      );
    },
  };
}
