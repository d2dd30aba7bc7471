// @ts-check

import { element, find } from "./dom.js";
import { nameOf } from "./record-view.js";

/** How many are kept. */
const limit = 20;

/** What the server reports of campaigns, in words. */
const campaignWords = new Map([
  ["CampaignLoaded", "is loaded"],
  ["CampaignStarted", "is started"],
  ["CampaignStopped", "is stopped"],
  ["CampaignUnloaded", "is unloaded"],
]);

/**
 * Takes over what the server sends unasked: campaigns that start and stop, and records that it
 * pushes, which are offered to the agent.
 *
 * @param {object} desktop
 * @param {ReturnType<typeof import("./desk.js").setUpDesk>} desktop.desk
 * @param {ReturnType<typeof import("./campaign.js").setUpCampaign>} desktop.campaign
 * @param {(text: string) => void} desktop.say tells assistive technology
 */
export function setUpNotifications({ desk, campaign, say }) {
  const panel = find("#notifications-panel", HTMLElement);
  const list = find("#notifications", HTMLOListElement);

  /**
   * @param {string} text
   * @param {Record<string, string>} attributes
   * @param {...HTMLElement} more
   */
  function add(text, attributes, ...more) {
    panel.hidden = false;
    const item = element(
      "li",
      attributes,
      element("span", { class: "time" }, new Date().toLocaleTimeString()),
      element("p", {}, text),
      ...more,
    );
    list.prepend(item);
    while (list.childElementCount > limit) list.lastElementChild?.remove();
    say(text);
    return item;
  }

  /** @param {import("../js/dist/index.js").OutboundRecord} record */
  function offer(record) {
    const handle = String(record.recordHandle);
    // Around a reconnection it may come twice.
    if (desk.has(handle) || [...list.children].some((item) => isOffer(item, handle))) return;
    const take = element(
      "button",
      { type: "button", class: "button quiet", "data-testid": "take" },
      "Take it",
    );
    const text = `The server has a record for you: ${nameOf(record)}, ${record.campaignName}.`;
    const item = add(text, { "data-handle": handle }, take);
    take.addEventListener("click", () => {
      if (!desk.isFree) return say("Finish the present record first.");
      take.remove();
      delete item.dataset.handle;
      desk.take(record);
    });
  }

  /** @param {any} data as the server sent it */
  function show(data) {
    const name = data?.campaign?.name;
    const word = campaignWords.get(data?.notificationType);
    if (data?.notificationType === "PreviewRecord" && data.record?.recordHandle !== undefined) {
      offer(data.record);
    } else if (word && typeof name === "string") {
      const over = word !== "is started" && campaign.isIn(name);
      const text = `The campaign ${name} ${word}.`;
      add(over ? `${text} Your preview session is over.` : text, {});
      if (over) campaign.end(`${name} ${word}.`);
    } else add(`The server says ${data?.notificationType ?? "something unknown"}.`, {});
  }

  return {
    show,
    offer,
    /** Drops everything that is shown. */
    forget() {
      list.replaceChildren();
      panel.hidden = true;
    },
  };
}

/**
 * @param {Element} item
 * @param {string} handle
 */
const isOffer = (item, handle) => item.getAttribute("data-handle") === handle;
