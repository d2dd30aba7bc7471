// @ts-check

import { setUpConnection } from "./connection.js";
import { setUpConnectionStatus } from "./connection-status.js";
import { element, find, icon } from "./dom.js";
import { setUpRecordForm } from "./record-form.js";
import { setUpTimeline } from "./timeline.js";

try {
  // Imported here rather than above, so that a missing build is told on the page.
  const { createClient, CallResult } = await import("../js/dist/index.js");
  const connection = setUpConnection(createClient, setUpConnectionStatus());
  setUpRecordForm({ callResults: CallResult, connection, timeline: setUpTimeline() });
  if (new URLSearchParams(location.search).has("auto")) connection.connectToSimulator();
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
