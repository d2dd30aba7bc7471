// @ts-check

import { setUpCampaign } from "./campaign.js";
import { ownerOf, setUpConnection } from "./connection.js";
import { setUpConnectionStatus } from "./connection-status.js";
import { setUpDesk } from "./desk.js";
import { element, find, icon } from "./dom.js";
import { LeftOpen } from "./left-open.js";
import { setUpNotifications } from "./notifications.js";
import { setUpNumberForm } from "./number-form.js";
import { setUpOperations } from "./operations.js";
import { setUpOwnFaults } from "./own-faults.js";
import { setUpRecordForm } from "./record-form.js";
import { setUpTimeline } from "./timeline.js";
import { setUpUnsettled } from "./unsettled.js";

/** @typedef {import("../js/dist/index.js").OutboundClient} OutboundClient */

try {
  // Imported here rather than above, so that the page can say that the build is missing.
  const { createClient, CallResult: callResults } = await import("../js/dist/index.js");
  setUp(createClient, callResults);
} catch (error) {
  find("main", HTMLElement).prepend(
    element(
      "p",
      { class: "notice danger wide", role: "alert" },
      icon("alert"),
      `The page could not start: ${error}. If js/dist is missing, run "make build", then reload.`,
    ),
  );
}

/**
 * @param {typeof import("../js/dist/index.js").createClient} createClient
 * @param {{ readonly [name: string]: number }} callResults
 */
function setUp(createClient, callResults) {
  const announcement = find("#announcement", HTMLElement);
  const say = (/** @type {string} */ text) => {
    announcement.textContent = text;
  };
  const showStatus = setUpConnectionStatus();
  const timeline = setUpTimeline(say);
  const ownFaults = setUpOwnFaults();
  const leftOpen = new LeftOpen();
  const connection = setUpConnection({
    createClient,
    showStatus,
    opened,
    closed,
    forgotten,
    left: leftOpen.before,
  });
  const perform = setUpOperations({ connection, timeline, leftOpen });
  const campaign = setUpCampaign({ perform, take: (record) => desk.take(record) });
  const desk = setUpDesk({
    callResults,
    perform,
    settings: () => campaign.settings,
    onChange: (free) => campaign.setDeskFree(free),
    goOn: () => campaign.goOn(),
  });
  const notifications = setUpNotifications({ desk, campaign, say });
  const unsettled = setUpUnsettled({
    say,
    leftOpen,
    offer: notifications.offer,
    goOn: () => (desk.isFree ? campaign.goOn() : desk.lead()),
  });
  const numberForm = setUpNumberForm({
    perform,
    settings: () => campaign.settings,
    isOnDesk: (number) => desk.hasNumber(number),
  });
  const recordForm = setUpRecordForm({ callResults, perform });
  /** Whose work the page shows; "" before anybody is signed in. */
  let owner = "";

  /**
   * @param {OutboundClient} client
   * @param {import("./connection.js").Place} place
   */
  async function opened(client, place) {
    if (owner && owner !== ownerOf(place)) forgotten();
    owner = ownerOf(place);
    client.addEventListener("statechange", ({ detail }) => timeline.noteConnection(detail));
    client.addEventListener("notification", ({ detail }) => notifications.show(detail.data));
    const calls = await client.unsettled().catch(() => []); // which means that it is closed already
    if (connection.client !== client) return;
    leftOpen.open(place);
    desk.open(place);
    desk.takeUp(unsettled.open(client, calls, place));
    campaign.suggest(await ownFaults.open(place.server));
    numberForm.suggest(campaign.settings.campaignName);
  }

  function closed() {
    campaign.end();
    ownFaults.close();
  }

  function forgotten() {
    for (const part of [desk, unsettled, notifications, numberForm, recordForm, timeline, leftOpen])
      part.forget();
  }

  if (new URLSearchParams(location.search).has("auto")) connection.connectToSimulator();
}
